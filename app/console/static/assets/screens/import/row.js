// One row that can be mended in place: what is wrong stands in its cell, what is changed is checked at once.
// Never touches the file: what people change is kept beside it.

import { ask } from "../../api.js";
import { t } from "../../texts.js";
import { Badge, ProblemNote, useAction } from "../../ui.js";
import { html, useEffect, useId, useRef, useState } from "../../vendor/preact.js";

/** @typedef {import("./following.js").Desk} Desk */

const OUTCOME_COLOURS = {
  add: "good",
  rejected: "danger",
  skipped: "plain",
  duplicate: "warning",
  already_user: "info",
  empty: "plain",
};

/** A value as it stands in a cell. @param {any} value */
export const textOf = (value) => (Array.isArray(value) ? value.join("/") : (value ?? ""));

/** @param {Desk & {row: any, columns: string[], isMended: boolean, take: (row: any) => void}} props */
export function Row({ row, columns, isMended, take, imported, changed, settle }) {
  const [isOpen, setOpen] = useState(false);
  const [change, isBusy, problem] = useAction(async (body) => {
    const answer = await settle(ask("PATCH", `/imports/${imported.id}/rows/${row.line}`, { body }));
    if (!answer) return;
    take(answer);
    changed();
  });
  const isEmpty = row.outcome === "empty";
  const isSkipped = row.outcome === "skipped";
  const isOpenToChange = !isEmpty && !isSkipped;
  const link = (/** @type {"edit" | "skip" | "take_in" | "restore"} */ what, /** @type {() => void} */ action) =>
    html`<button type="button" class="link" onClick=${action}>${t(`import.rows.${what}`)}<span
      class="for-readers"> ${t("import.rows.of_line", { line: row.line })}</span></button>`;
  const issuesOf = (/** @type {string} */ name) =>
    row.issues.filter((/** @type {any} */ issue) => issue.column === name);
  const loose = row.issues.filter((/** @type {any} */ issue) => !columns.includes(issue.column));
  const cell = (/** @type {string} */ name) => {
    const issues = issuesOf(name);
    const isEditable = isOpenToChange && (isOpen || isMended || issues.length > 0);
    return html`<td role="cell" class=${name} key=${name} data-label=${t(`columns.${name}.title`)}>
      ${
        isEditable
          ? html`<${Cell} name=${name} line=${row.line} value=${textOf(row.values[name])} issues=${issues}
            isBusy=${isBusy}
            save=${(/** @type {string} */ text) => change({ values: { [name]: text } })} />`
          : html`<bdi>${textOf(row.values[name])}</bdi>`
      }
    </td>`;
  };
  return html`<tr role="row" class=${`is-${row.outcome}`} aria-busy=${isBusy}>
    <td role="cell" data-label=${t("import.rows.line")}>
      <span class="number">${row.line}</span>
      <span class="outcome-badge" role="status"><${Badge}
        kind=${OUTCOME_COLOURS[/** @type {keyof typeof OUTCOME_COLOURS} */ (row.outcome)]}>
          ${t(`import.outcome_of_row.${row.outcome}`)}<//></span>
      ${loose.map(
        (/** @type {any} */ issue) => html`<p class=${issue.severity === "error" ? "error" : "hint"}>
        ${issue.message}</p>`,
      )}
      <${ProblemNote} problem=${problem} />
    </td>
    ${columns.map(cell)}
    <td role="cell" class="row-actions">
      ${isOpenToChange && !isOpen && !isMended && link("edit", () => setOpen(true))}
      ${isOpenToChange && link("skip", () => change({ skip: true }))}
      ${isSkipped && link("take_in", () => change({ skip: false }))}
      ${isMended && !isSkipped && link("restore", () => change({ values: null, skip: false }))}
    </td>
  </tr>`;
}

/**
 * A cell that is typed into: Enter or leaving it saves, Escape takes back what was typed.
 * @param {{name: string, line: number, value: string, issues: any[], isBusy: boolean,
 *   save: (text: string) => void}} props
 */
function Cell({ name, line, value, issues, isBusy, save }) {
  const [text, setText] = useState(value);
  const id = useId();
  useEffect(() => setText(value), [value]);
  const waits = useRef(false); // left while another cell of the row was being saved
  const finish = () => {
    waits.current = isBusy;
    if (!isBusy && text !== value) save(text);
  };
  useEffect(() => void (waits.current && !isBusy && finish()), [isBusy]);
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") finish();
    else if (event.key === "Escape") setText(value);
  };
  const isWrong = issues.some((issue) => issue.severity === "error");
  return html`<input type="text" inputmode=${name === "email" ? "email" : undefined} dir="auto" autocomplete="off"
    spellcheck="false" value=${text}
      aria-label=${t("import.rows.cell", { column: t(`columns.${name}.title`), line })}
      aria-invalid=${isWrong ? "true" : undefined} aria-describedby=${issues.length ? id : undefined}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} onKeyDown=${press} onBlur=${finish} />
    ${
      issues.length > 0 &&
      html`<div id=${id}>
      ${issues.map((issue) => html`<p class=${issue.severity === "error" ? "error" : "hint"}>${issue.message}</p>`)}
    </div>`
    }
    ${issues
      .filter((issue) => issue.params.suggestion)
      .map(
        (issue) => html`<button type="button" class="link" onClick=${() => save(issue.params.suggestion)}>
      ${t("import.rows.use", { value: issue.params.suggestion })}
    </button>`,
      )}`;
}
