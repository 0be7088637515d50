// The history of imports: what was uploaded, when, by whom, and what became of it. Never starts one.

import { href } from "../routes.js";
import { ago, moment, number, t } from "../texts.js";
import { Badge, Button, Empty, Loading, ProblemNote, Progress, useAction, useList } from "../ui.js";
import { html, useEffect } from "../vendor/preact.js";
import { Download } from "./import/download.js";
import { isAtWork } from "./import/following.js";

const STATE_COLOURS = { completed: "good", failed: "danger", cancelled: "warning", ready: "info", uploaded: "info" };
const LOOK_AGAIN = 2000; // ms while any of them is at work

/** The screen. */
export function ImportsScreen() {
  const { items, problem, isLoading, more, reload } = useList("/imports", { limit: 25 });
  const [load, isBusy, notMore] = useAction(async () => more?.());
  const isMoving = (items ?? []).some((imported) => isAtWork(imported));
  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(() => document.visibilityState === "visible" && void reload(), LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [isMoving, reload]);
  return html`<div class="head">
      <h1>${t("imports.title")}</h1>
      ${
        items &&
        items.length > 0 &&
        html`<a class="button primary" href=${href(["import", "new"])}>
        ${t("imports.new")}</a>`
      }
    </div>
    <${ProblemNote} problem=${problem ?? notMore} retry=${problem ? reload : load} />
    ${!items && isLoading && html`<${Loading} />`}
    ${items?.length === 0 && html`<${Nothing} />`}
    ${items && items.length > 0 && html`<${ImportTable} items=${items} />`}
    ${more && html`<p class="pages"><${Button} isBusy=${isBusy} onClick=${load}>${t("imports.more")}<//></p>`}`;
}

/** What an empty history says. */
const Nothing = () => html`<div class="card"><${Empty} title=${t("imports.empty")}>
  <p>${t("imports.empty_text")}</p>
  <p class="row middle">
    <a class="button primary" href=${href(["import", "new"])}>${t("imports.first")}</a>
    <${Download} path="/import-template.csv">${t("import.upload.template")}<//>
  </p>
<//></div>`;

/** @param {{items: any[]}} props */
const ImportTable = ({ items }) => html`<div class="table as-rows history"><table role="table">
  <thead role="rowgroup"><tr role="row">${["file", "when", "state", "result"].map(
    (name) => html`<th scope="col"
    role="columnheader">${t(`imports.${name}`)}</th>`,
  )}</tr></thead>
  <tbody role="rowgroup">${items.map((imported) => html`<${ImportLine} key=${imported.id} imported=${imported} />`)}</tbody>
</table></div>`;

/** @param {{imported: any}} props */
function ImportLine({ imported }) {
  const { file, state, created_at: at, created_by: who } = imported;
  return html`<tr role="row">
    <td role="cell" data-label=${t("imports.file")}><a href=${href(["import", imported.id])}><bdi>${file.name}</bdi>
      </a></td>
    <td role="cell" data-label=${t("imports.when")}><div><time datetime=${at} title=${moment(at)}>${ago(at)}</time><br />
      <span class="quiet"><bdi>${who}</bdi></span></div></td>
    <td role="cell" data-label=${t("imports.state")}><${Badge}
      kind=${STATE_COLOURS[/** @type {keyof typeof STATE_COLOURS} */ (state)] ?? "plain"}>${t(`imports.is_${state}`)}<//></td>
    <td role="cell" data-label=${t("imports.result")}><div><${Short} imported=${imported} /></div></td>
  </tr>`;
}

/** What became of it, or the next thing to do. @param {{imported: any}} props */
function Short({ imported }) {
  const { state, progress, result, file } = imported;
  if (isAtWork(imported) && progress?.total)
    return html`<${Progress} done=${progress.done} total=${progress.total} label=${t(`import.moving.${state}`)} />`;
  if (state === "undone") return t("import.undo.removed", { count: result.undo.removed });
  if (!result)
    return file.deleted_at
      ? html`<span class="quiet">${t("import.action.is_deleted")}</span>`
      : html`<a href=${href(["import", imported.id])}>${t("imports.go_on")}</a>`;
  const left = result.rows - result.added;
  return html`${t("imports.added", { count: result.added })}${
    left > 0 &&
    html` <span
    class="quiet">· ${t("imports.left", { count: left })}</span>`
  }
    ${
      result.mails.failed > 0 &&
      html` <span
      class="error">· ${number(result.mails.failed)} ${t("import.mails.failed")}</span>`
    }`;
}
