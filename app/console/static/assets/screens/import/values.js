// The values of a column and what becomes of each: one change for every row that has it.
// Never shows addresses or names of people: those are mended row by row.

import { ask } from "../../api.js";
import { LANGUAGES, number, t } from "../../texts.js";
import { Button, Dialog, Field, Loading, ProblemNote, useAction, useList } from "../../ui.js";
import { html, useEffect, useState } from "../../vendor/preact.js";

/** @typedef {import("./following.js").Desk} Desk */

const COLUMNS = ["language", "company", "student_groups", "label", "team"];

/** @param {Desk & {close: () => void}} props */
export function Values({ close, ...desk }) {
  const fed = COLUMNS.filter((name) => desk.imported.mapping.columns.includes(name));
  const [column, choose] = useState(fed[0]);
  return html`<${Dialog} title=${t("import.values.title")} close=${close} isWide=${true}>
    <div class="body">
      ${
        fed.length === 0
          ? html`<p>${t("import.values.no_columns")}</p>`
          : html`<p class="quiet">${t("import.values.help")}</p>
            <${Field} label=${t("import.values.column")}>
              ${(
                /** @type {any} */ field,
              ) => html`<select value=${column} onChange=${(/** @type {any} */ event) => choose(event.target.value)}
                ...${field}>
                ${fed.map(
                  (name) => html`<option value=${name} selected=${name === column}>
                  ${t(`columns.${name}.title`)}</option>`,
                )}
              </select>`}
            <//>
            <${ValueList} key=${column} column=${column} ...${desk} />`
      }
    </div>
    <footer><${Button} kind="primary" onClick=${close}>${t("import.values.done")}<//></footer>
  <//>`;
}

/** @param {Desk & {column: string}} props */
function ValueList({ column, ...desk }) {
  const { items, problem, more, reload } = useList(`/imports/${desk.imported.id}/values`, { column, limit: 50 });
  const [load, isBusy, notMore] = useAction(async () => more?.());
  if (!items) return problem ? html`<${ProblemNote} problem=${problem} retry=${reload} />` : html`<${Loading} />`;
  return html`<div class="table values"><table>
      <thead><tr><th scope="col">${t("import.values.in_file")}</th><th scope="col" class="number">
        ${t("import.values.rows")}</th><th scope="col">${t("import.values.becomes")}</th></tr></thead>
      <tbody>${items.map(
        (value) => html`<${Value} key=${value.value} column=${column} value=${value} ...${desk}
        />`,
      )}</tbody>
    </table></div>
    <${ProblemNote} problem=${notMore} />
    ${more && html`<p><${Button} isBusy=${isBusy} onClick=${load}>${t("import.values.more")}<//></p>`}`;
}

/** @param {Desk & {column: string, value: any}} props */
function Value({ column, value, imported, changed, settle }) {
  const [text, setText] = useState(value.becomes);
  const [saved, setSaved] = useState(value.becomes);
  const [save, isBusy, problem] = useAction(async (to) => {
    setText(to);
    if (!(await settle(ask("PUT", `/imports/${imported.id}/values`, { body: { column, from: value.value, to } }))))
      return;
    setSaved(to);
    changed();
  });
  useEffect(() => setText(saved), [saved]);
  const label = t("import.values.becomes_of", { value: value.value || t("import.values.empty") });
  const isUnknown = column === "language" && !(text in LANGUAGES);
  const input =
    column === "language"
      ? html`<select aria-label=${label} aria-invalid=${isUnknown ? "true" : undefined} value=${
          isUnknown ? "" : text
        } onChange=${(/** @type {any} */ event) => save(event.target.value)}>
        ${isUnknown && html`<option value="" selected>${t("import.values.choose")}</option>`}
        ${Object.entries(LANGUAGES).map(
          ([code, name]) => html`<option value=${code} lang=${code}
          selected=${code === text}>${name}</option>`,
        )}
      </select>`
      : html`<input type="text" dir="auto" maxlength="200" aria-label=${label} value=${text}
        onInput=${(/** @type {any} */ event) => setText(event.target.value)}
        onBlur=${() => text !== saved && save(text)}
          onKeyDown=${(/** @type {any} */ event) => event.key === "Enter" && text !== saved && save(text)} />`;
  return html`<tr aria-busy=${isBusy}>
    <td>${value.value ? html`<bdi>${value.value}</bdi>` : html`<i class="quiet">${t("import.values.empty")}</i>`}</td>
    <td class="number">${number(value.count)}</td>
    <td>${input} <span role="status">${
      saved !== value.becomes &&
      !isBusy &&
      html`<span class="saved">✓ <span
      class="for-readers">${t("import.values.saved")}</span></span>`
    }</span>
      ${
        value.suggestion &&
        saved !== value.suggestion &&
        html` <button type="button" class="link"
        onClick=${() => save(value.suggestion)}>${t("import.rows.use", { value: value.suggestion })}</button>`
      }
      <${ProblemNote} problem=${problem} />
    </td>
  </tr>`;
}
