// Rows of the file as they will be: the first people, or a page of those behind a filter. Never holds more than a page,
// so that a thousand wrong rows are as quick as ten.

import { languageName } from "../../people/words.js";
import { t } from "../../texts.js";
import { Button, Loading, ProblemNote, useAsk } from "../../ui.js";
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { Row, textOf } from "./row.js";

/** @typedef {import("./following.js").Desk} Desk */

const PAGE = 25;
const ORDER = [
  "first_name",
  "last_name",
  "email",
  "company",
  "language",
  "student_groups",
  "label",
  "team",
  "team_leader",
];
const FILLS = { full_name: ["first_name", "last_name"], name_prefix: ["last_name"] };

/** Our columns that this file has something for. @param {any} imported */
export function columnsOf({ mapping }) {
  const fed = mapping.columns.flatMap(
    (/** @type {any} */ name) => FILLS[/** @type {keyof typeof FILLS} */ (name)] ?? name,
  );
  const shown = new Set([...fed, ...Object.keys(mapping.defaults), ...ORDER.slice(0, 5)]);
  return ORDER.filter((name) => shown.has(name));
}

/** @param {{columns: string[], hasActions?: boolean, label: string, children?: any}} props */
const RowTable = ({
  columns,
  hasActions = false,
  label,
  children,
}) => html`<div class="table as-rows" role="region" aria-label=${label} tabindex="0">
  <table role="table">
    <thead role="rowgroup"><tr role="row">
      <th scope="col" role="columnheader">${t("import.rows.line")}</th>
      ${columns.map((name) => html`<th scope="col" role="columnheader">${t(`columns.${name}.title`)}</th>`)}
      ${
        hasActions &&
        html`<th scope="col" role="columnheader"><span class="for-readers">${t("import.rows.actions")}
        </span></th>`
      }
    </tr></thead>
    <tbody role="rowgroup">${children}</tbody>
  </table>
</div>`;

/** The first people as they will be. @param {{rows: any[], columns: string[]}} props */
export function First({ rows, columns }) {
  if (!rows.length) return html`<p class="note warning">${t("import.preview.nobody")}</p>`;
  return html`<${RowTable} columns=${columns} label=${t("import.preview.first", { count: rows.length })}>
    ${rows.map(
      (row) => html`<tr role="row" key=${row.line}>
      <td role="cell" class="number" data-label=${t("import.rows.line")}>${row.line}</td>
      ${columns.map(
        (name) => html`<td role="cell" class=${name} data-label=${t(`columns.${name}.title`)}><bdi>
        ${name === "language" ? languageName(row.values[name]) : textOf(row.values[name])}</bdi></td>`,
      )}
    </tr>`,
    )}
  <//>`;
}

/**
 * A page of the rows behind a filter.
 * @param {Desk & {filter: {outcome: string, code: string}, columns: string[]}} props
 */
export function Rows({ filter, columns, ...desk }) {
  const { imported } = desk;
  const isReady = imported.state === "ready";
  const [cursors, setCursors] = useState([""]); // of the pages up to this one
  const [mended, setMended] = useState(/** @type {Record<number, any>} */ ({}));
  const cursor = cursors[cursors.length - 1];
  const { data, problem, isLoading, reload } = useAsk(isReady ? `/imports/${imported.id}/rows` : null, {
    ...filter,
    limit: PAGE,
    cursor,
  });
  useEffect(() => void (problem && reload()), [imported.version]); // refused while it was being checked
  const kept = useRef(/** @type {any} */ (null)); // stays in view while the file is checked again
  if (data) kept.current = data;
  const page = kept.current;
  if (!page) return problem ? html`<${ProblemNote} problem=${problem} retry=${reload} />` : html`<${Loading} />`;
  if (!page.items.length && cursors.length === 1) return html`<p class="note good">${t("import.rows.none")}</p>`;
  const take = (/** @type {any} */ row) => setMended((before) => ({ ...before, [row.line]: row }));
  return html`<${ProblemNote} problem=${problem} retry=${reload} />
    <${RowTable} columns=${columns} hasActions=${true} label=${
      filter.code ? t(`import.issue.${filter.code}`) : t(`import.rows.${filter.outcome}`)
    }>
      ${page.items.map(
        (/** @type {any} */ row) => html`<${Row} key=${row.line} row=${mended[row.line] ?? row}
        isMended=${row.line in mended} columns=${columns} take=${take} ...${desk} />`,
      )}
    <//>
    ${
      (cursors.length > 1 || page.next_cursor) &&
      html`<nav class="row pages" aria-label=${t("import.rows.pages")}>
      <${Button} disabled=${cursors.length < 2 || !isReady} onClick=${() => setCursors(cursors.slice(0, -1))}>
        ${t("import.rows.before")}<//>
      <span aria-live="polite">${t("import.rows.page", { number: cursors.length })}</span>
      <${Button} disabled=${!page.next_cursor || !isReady} isBusy=${isLoading && isReady}
        onClick=${() => setCursors([...cursors, page.next_cursor])}>${t("import.rows.next")}<//>
    </nav>`
    }`;
}
