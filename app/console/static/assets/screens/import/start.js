// The start of an import: how people are told, and the one button that does it, behind a question that names what
// follows. Never starts anything but the preview that was looked at (its version goes with it).

import { ask } from "../../api.js";
import { go, href } from "../../routes.js";
import { number, t } from "../../texts.js";
import { Button, Confirm, Dialog, Field, Progress } from "../../ui.js";
import { html, useState } from "../../vendor/preact.js";
import { MailPreview } from "../../people/mail_preview.js";

/** @typedef {import("./following.js").Desk} Desk */
/** @typedef {"now" | "hold" | "quiet"} Way how people are told */

const HOLDS = [15, 60, 240, 1440, 4320, 10_080]; // minutes
const MESSAGE_CHARACTERS = 5000;

/** A span of minutes in words. @param {number} minutes */
export function span(minutes) {
  const [unit, size] = minutes < 60 ? ["minute", 1] : minutes < 1440 ? ["hour", 60] : ["day", 1440];
  const format = { style: "unit", unit, unitDisplay: "long" };
  return new Intl.NumberFormat(document.documentElement.lang, /** @type {any} */ (format)).format(
    minutes / Number(size),
  );
}

/** Mails by language, in words. @param {Record<string, number>} mails */
export function byLanguage(mails) {
  const names = new Intl.DisplayNames(document.documentElement.lang, { type: "language" });
  return Object.entries(mails)
    .map(([code, count]) => `${number(count)} × ${names.of(code)}`)
    .join(", ");
}

/** @param {Desk & {preview: any, isReady: boolean}} props */
export function Start({ preview, isReady, imported, changed, settle }) {
  const [way, setWay] = useState(/** @type {Way} */ ("now"));
  const [minutes, setMinutes] = useState(60);
  const [message, setMessage] = useState("");
  const [isAsking, setAsking] = useState(false);
  const count = preview.summary.to_add;
  const isOpen = imported.file.issues.some((/** @type {any} */ issue) => issue.severity === "error");
  const commit = async () => {
    const body = {
      version: preview.version,
      send_invitations: way !== "quiet",
      hold_minutes: way === "hold" ? minutes : 0,
      message: message.trim() || null,
    };
    const answer = await settle(ask("POST", `/imports/${imported.id}/commit`, { body }));
    if (!answer) return;
    changed(answer);
    go(href(["import", imported.id]), { replace: true });
  };
  const words = t(way === "quiet" ? "import.start.add" : "import.start.invite", { count });
  const why = isOpen
    ? t("import.start.open")
    : !isReady
      ? t("import.start.busy")
      : count === 0
        ? t("import.start.nobody")
        : "";
  return html`<section class="card start" aria-labelledby="start">
      <h3 id="start">${t("import.start.title")}</h3>
      <${Ways} way=${way} setWay=${setWay} minutes=${minutes} setMinutes=${setMinutes} />
      ${
        way !== "quiet" &&
        html`<${Message} message=${message} setMessage=${setMessage}
        languages=${Object.keys(preview.summary.mails)} />`
      }
    </section>
    <footer class="onward">
      ${
        !isReady &&
        html`<${Progress} done=${imported.progress?.done ?? 0} total=${imported.progress?.total ?? 0}
        label=${t("import.moving.checking")} />`
      }
      <p role="status">${why || t("import.start.checked", { count })}</p>
      <${Button} kind="primary" aria-disabled=${!!why} onClick=${() => !why && setAsking(true)}>${words}<//>
    </footer>
    ${
      isAsking &&
      html`<${Confirm} title=${words} yes=${words} action=${commit} close=${() => setAsking(false)}>
      <${Consequence} way=${way} minutes=${minutes} summary=${preview.summary} />
    <//>`
    }`;
}

/** What follows from pressing the button. @param {{way: Way, minutes: number, summary: any}} props */
function Consequence({ way, minutes, summary }) {
  const count = summary.to_add;
  const left = summary.rejected;
  return html`<p>${t(`import.start.means_${way}`, { count, time: span(minutes) })}</p>
    ${way !== "quiet" && html`<p class="quiet">${byLanguage(summary.mails)}</p>`}
    ${left > 0 && html`<p>${t("import.start.left", { count: left })}</p>`}
    <p class="quiet">${t("import.start.undoable")}</p>`;
}

/** @param {{way: Way, setWay: (way: Way) => void, minutes: number, setMinutes: (minutes: number) => void}} props */
function Ways({ way, setWay, minutes, setMinutes }) {
  const choice = (/** @type {Way} */ name) => html`<label class="choice">
    <input type="radio" name="way" value=${name} checked=${way === name} onChange=${() => setWay(name)} />
    <span><strong>${t(`import.start.way_${name}`)}</strong> <span class="quiet">${t(`import.start.way_${name}_help`)}
      </span></span>
  </label>`;
  return html`<fieldset>
    <legend class="for-readers">${t("import.start.title")}</legend>
    ${choice("now")} ${choice("hold")}
    ${
      way === "hold" &&
      html`<div class="inside"><${Field} label=${t("import.start.hold_for")}>
      ${(/** @type {any} */ field) => html`<select value=${minutes}
        onChange=${(/** @type {any} */ event) => setMinutes(Number(event.target.value))} ...${field}>
        ${HOLDS.map((one) => html`<option value=${one} selected=${one === minutes}>${span(one)}</option>`)}
      </select>`}
    <//></div>`
    }
    ${choice("quiet")}
  </fieldset>`;
}

/** @param {{message: string, setMessage: (message: string) => void, languages: string[]}} props */
function Message({ message, setMessage, languages }) {
  const [shown, show] = useState("");
  const names = new Intl.DisplayNames(document.documentElement.lang, { type: "language" });
  return html`<${Field} label=${t("import.start.message")} help=${t("import.start.message_help")}>
      ${(/** @type {any} */ field) => html`<textarea rows="3" dir="auto" maxlength=${MESSAGE_CHARACTERS}
        value=${message} onInput=${(/** @type {any} */ event) => setMessage(event.target.value)} ...${field}>
          </textarea>`}
    <//>
    <p class="row">${languages.map(
      (code) => html`<${Button} onClick=${() => show(code)}>
      ${t("import.start.look", { language: names.of(code) })}<//>`,
    )}</p>
    ${
      shown &&
      html`<${Dialog} title=${t("import.start.look", { language: names.of(shown) })} close=${() => show("")}
        isWide=${true}>
      <div class="body"><${MailPreview} language=${shown} message=${message} /></div>
    <//>`
    }`;
}
