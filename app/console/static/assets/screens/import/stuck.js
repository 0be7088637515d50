// A file that could not be read to its end: why, and what can be done about it here. Never tries again by itself.

import { href } from "../../routes.js";
import { t } from "../../texts.js";
import { html } from "../../vendor/preact.js";
import { Findings } from "./findings.js";
import { Reading } from "./reading.js";

/** @param {import("./following.js").Desk} desk */
export function Stuck(desk) {
  const { failure, file } = desk.imported;
  const isTold = file.issues.some((/** @type {any} */ issue) => issue.severity === "error"); // with its way out
  return html`<div class="stack">
    ${!isTold && html`<div class="note danger"><p>${failure.detail}</p></div>`}
    <${Findings} ...${desk} />
    <${Reading} isOpen=${true} ...${desk} />
    <p><a class="button" href=${href(["import", "new"])}>${t("import.another")}</a></p>
  </div>`;
}
