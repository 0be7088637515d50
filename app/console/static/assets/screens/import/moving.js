// How far work on an import is: a bar, numbers and the time left; said to screen readers at every tenth only.
// Never asks: what moves is told by the import's events.

import { number, t } from "../../texts.js";
import { Progress } from "../../ui.js";
import { html } from "../../vendor/preact.js";

/** How long, in the largest unit that says something. @param {number} seconds */
function lasting(seconds) {
  const [unit, size] = seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60] : ["hour", 3600];
  const rounded = unit === "second" ? Math.max(5, 5 * Math.round(seconds / 5)) : Math.round(seconds / Number(size));
  const format = { style: "unit", unit, unitDisplay: "long" };
  return new Intl.NumberFormat(document.documentElement.lang, /** @type {any} */ (format)).format(rounded);
}

/** @param {{imported: any}} props */
export function Moving({ imported }) {
  const { state, progress } = imported;
  const done = Math.min(progress?.done ?? 0, progress?.total ?? 0);
  const total = progress?.total ?? 0;
  const tenths = total ? Math.floor((10 * done) / total) : 0;
  const unit = state === "undoing" ? "people" : "rows";
  return html`<div class="moving">
    <${Progress} done=${done} total=${total} label=${t(`import.moving.${state}`)} />
    <p class="row spread">
      <span>${t(`import.moving.${state}`)}</span>
      <span class="quiet number">${total > 0 && t(`import.moving.${unit}`, { done, total })}${
        progress?.eta_seconds > 2 && ` · ${t("import.moving.left", { time: lasting(progress.eta_seconds) })}`
      }</span>
    </p>
    <p class="for-readers" role="status">
      ${t("import.moving.said", { what: t(`import.moving.${state}`), percent: number(10 * tenths) })}</p>
  </div>`;
}
