// The last step: an import at work, then what it did, in numbers that add up, and what can still be done about it.
// Never stops, sends or takes back anything without saying what follows.

import { number, t } from "../../texts.js";
import { Note } from "../../ui.js";
import { html } from "../../vendor/preact.js";
import { Actions, Stop } from "./actions.js";
import { isAtWork } from "./following.js";
import { Mails } from "./mails.js";
import { Moving } from "./moving.js";

/** @typedef {import("./following.js").Desk} Desk */

const TERMS = ["added", "already_users", "duplicates", "rejected", "skipped", "empty", "not_done"];

/** @param {Desk} desk */
export function Outcome(desk) {
  const { imported } = desk;
  const { result, state } = imported;
  if (isAtWork(imported))
    return html`<div class="card stack">
      <${Moving} imported=${imported} />
      <p class="quiet">${t("import.outcome.go_away")}</p>
      ${state === "committing" && html`<${Sum} result=${result} /><${Stop} ...${desk} />`}
    </div>`;
  return html`<div class="outcome stack">
    <${Failure} ...${desk} />
    ${result.undo && html`<${Undone} undo=${result.undo} isOver=${state === "undone"} />`}
    <div class="side-by-side">
      <${Sum} result=${result} />
      ${state !== "undone" && html`<${Mails} ...${desk} />`}
    </div>
    <${Changed} changes=${result.changed_since_preview} />
    <${Actions} ...${desk} />
  </div>`;
}

/** Every row of the file, in one of these. @param {{result: any}} props */
function Sum({ result }) {
  const shown = TERMS.filter((term) => result[term] > 0 || term === "added");
  return html`<section class="card" aria-labelledby="sum">
    <h3 id="sum">${t("import.outcome.sum")}</h3>
    <table class="sum">
      <tbody>${shown.map(
        (term) => html`<tr key=${term}><th scope="row">${t(`import.term.${term}`)}</th><td
        class="number">${number(result[term])}</td></tr>`,
      )}</tbody>
      <tfoot><tr><th scope="row">${t("import.term.rows")}</th><td class="number">${number(result.rows)}</td></tr>
        </tfoot>
    </table>
  </section>`;
}

/** @param {Desk} desk */
function Failure({ imported }) {
  if (!imported.failure) return null;
  return html`<div class="note danger" role="alert">
    <p>${imported.failure.detail}</p>
    <p>${t(imported.result.undo ? "import.outcome.undo_failed" : "import.outcome.failed_halfway")}</p>
  </div>`;
}

/** The world moved between the preview and the commit. @param {{changes: Record<string, number>}} props */
function Changed({ changes }) {
  const moved = Object.entries(changes);
  if (!moved.length) return null;
  return html`<${Note}>
    <p>${t("import.outcome.changed")}</p>
    <ul>${moved.map(
      ([outcome, count]) => html`<li>${number(count)} × ${t(`import.outcome_of_row.${outcome}`)}
      </li>`,
    )}</ul>
  <//>`;
}

/** @param {{undo: any, isOver: boolean}} props */
function Undone({ undo, isOver }) {
  const { accepted, in_use: inUse } = undo.left_counts;
  const names = Object.entries(undo.removed_names).filter(([, count]) => Number(count) > 0);
  return html`<${Note} kind=${isOver ? "good" : "info"}>
    <p>${t("import.undo.removed", { count: undo.removed })}</p>
    ${undo.already_gone > 0 && html`<p>${t("import.undo.already_gone", { count: undo.already_gone })}</p>`}
    ${
      names.length > 0 &&
      html`<p>
      ${t("import.undo.names")}${" "}
      ${names.map(([kind, count]) => t(`import.created.${kind}`, { count })).join(", ")}.</p>`
    }
    ${accepted > 0 && html`<p>${t("import.undo.accepted", { count: accepted })}</p>`}
    ${inUse > 0 && html`<p>${t("import.undo.in_use", { count: inUse })}</p>`}
  <//>`;
}
