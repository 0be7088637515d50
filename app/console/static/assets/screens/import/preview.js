// The third step: what will happen to every row, what is wrong and how to mend it, then "Import and invite".
// Never changes a row by itself; the rows, the mending of many at once and the start have files of their own.

import { go, href } from "../../routes.js";
import { number, t } from "../../texts.js";
import { Button, Loading, ProblemNote, useAsk } from "../../ui.js";
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { Findings } from "./findings.js";
import { Mending } from "./mending.js";
import { Moving } from "./moving.js";
import { columnsOf, First, Rows } from "./rows.js";
import { Start } from "./start.js";
import { Values } from "./values.js";

/** @typedef {import("./following.js").Desk} Desk */

/** Outcomes and where the summary counts them. */
const TOTALS = /** @type {const} */ ([
  ["add", "to_add"],
  ["already_user", "already_users"],
  ["duplicate", "duplicates"],
  ["rejected", "rejected"],
  ["skipped", "skipped"],
  ["empty", "empty"],
]);
const ALWAYS = ["add", "rejected"];
const TOTAL_COLOURS = { add: "good", rejected: "danger", duplicate: "warning" };

/** @param {Desk & {query: URLSearchParams}} props */
export function Preview({ query, ...desk }) {
  const { imported } = desk;
  const isReady = imported.state === "ready";
  const { data, problem, reload } = useAsk(isReady ? `/imports/${imported.id}/preview` : null);
  const newest = useRef(/** @type {any} */ (null));
  if (data?.summary) newest.current = data;
  const preview = newest.current;
  useEffect(() => {
    if (isReady && newest.current && newest.current.version !== imported.version) void reload();
  }, [isReady, imported.version]);

  if (!preview && problem) return html`<${ProblemNote} problem=${problem} retry=${reload} />`;
  if (!preview)
    return isReady ? html`<${Loading} />` : html`<div class="card"><${Moving} imported=${imported} /></div>`;
  const filter = { outcome: query.get("outcome") ?? "", code: query.get("code") ?? "" };
  return html`<div class="preview-step">
    <${Findings} ...${desk} />
    <${ProblemNote} problem=${problem} retry=${reload} />
    <${Totals} id=${imported.id} summary=${preview.summary} filter=${filter} />
    <${Issues} id=${imported.id} issues=${preview.issues} filter=${filter} />
    <${ShownRows} preview=${preview} filter=${filter} ...${desk} />
    <${WhatHappens} preview=${preview} ...${desk} />
    <${Start} preview=${preview} isReady=${isReady} ...${desk} />
  </div>`;
}

/**
 * Shows the rows behind a filter; pressed again, the first people.
 * @param {string} id
 * @param {Record<string, string>} filter
 * @param {boolean} isOn
 */
const filterBy = (id, filter, isOn) =>
  go(href(["import", id], { step: "preview", ...(isOn ? {} : filter) }), { replace: true });

/** @param {{id: string, summary: any, filter: {outcome: string, code: string}}} props */
function Totals({ id, summary, filter }) {
  const shown = TOTALS.filter(([outcome, field]) => summary[field] > 0 || ALWAYS.includes(outcome));
  return html`<section aria-labelledby="totals">
    <h3 id="totals">${t("import.preview.rows", { count: summary.rows })}</h3>
    <div class="totals">
      ${shown.map(([outcome, field]) => {
        const isOn = filter.outcome === outcome;
        const colour = TOTAL_COLOURS[/** @type {keyof typeof TOTAL_COLOURS} */ (outcome)] ?? "";
        return html`<button type="button" class=${`total ${summary[field] ? colour : ""}`} aria-pressed=${isOn}
          onClick=${() => filterBy(id, { outcome }, isOn)}>
          <strong>${number(summary[field])}</strong><span>${t(`import.total.${outcome}`, { count: summary[field] })}
            </span>
        </button>`;
      })}
      ${
        summary.ignored_lines > 0 &&
        html`<p class="total"><strong>${number(summary.ignored_lines)}</strong><span>
        ${t("import.total.ignored", { count: summary.ignored_lines })}</span></p>`
      }
    </div>
  </section>`;
}

/** What rejects a row, in the order in which it is worth mending; all else only warns. */
const ERRORS = [
  "required_value_missing",
  "email_invalid",
  "language_unknown",
  "value_garbled",
  "too_many_cells",
  "too_many_groups",
  "value_too_long",
  "characters_not_allowed",
];

/** @param {{id: string, issues: Record<string, number>, filter: {outcome: string, code: string}}} props */
function Issues({ id, issues, filter }) {
  const place = (/** @type {string} */ code) => (ERRORS.includes(code) ? ERRORS.indexOf(code) : ERRORS.length);
  const codes = Object.entries(issues).sort(([one], [other]) => place(one) - place(other));
  if (!codes.length) return html`<p class="note good">${t("import.preview.no_issues")}</p>`;
  return html`<section aria-labelledby="issues">
    <h3 id="issues">${t("import.preview.issues")}</h3>
    <div class="filters">
      ${codes.map(
        ([
          code,
          count,
        ]) => html`<button key=${code} type="button" class=${`chip ${ERRORS.includes(code) ? "danger" : "warning"}`}
          aria-pressed=${filter.code === code} onClick=${() => filterBy(id, { code }, filter.code === code)}>
        ${t(`import.issue.${code}`)} <strong>${number(count)}</strong>
      </button>`,
      )}
    </div>
  </section>`;
}

/**
 * The first people as they will be, or the rows behind a filter.
 * @param {Desk & {preview: any, filter: {outcome: string, code: string}}} props
 */
function ShownRows({ preview, filter, ...desk }) {
  const { imported } = desk;
  const [turn, setTurn] = useState(0); // raised when many rows were changed: then their list begins anew
  const isFiltered = filter.outcome || filter.code;
  const columns = columnsOf(imported);
  const title = filter.code
    ? t(`import.issue.${filter.code}`)
    : filter.outcome
      ? t(`import.rows.${filter.outcome}`)
      : t("import.preview.first", { count: preview.rows.length });
  return html`<section class="shown">
    <header class="head">
      <h3>${title}</h3>
      ${
        isFiltered &&
        html`<${Button} onClick=${() => filterBy(imported.id, {}, true)}>
        ${t("import.preview.show_first")}<//>`
      }
    </header>
    ${
      filter.code &&
      html`<${Mending} key=${filter.code} code=${filter.code}
      count=${preview.issues[filter.code] ?? 0} changedMany=${() => setTurn(turn + 1)} ...${desk} />`
    }
    ${
      isFiltered
        ? html`<${Rows} key=${`${filter.outcome} ${filter.code} ${turn}`} filter=${filter} columns=${columns}
          ...${desk} />`
        : html`<${First} rows=${preview.rows} columns=${columns} />`
    }
  </section>`;
}

/** Who gets a mail in which language, and what will be created. @param {Desk & {preview: any}} props */
function WhatHappens({ preview, ...desk }) {
  const [isOpen, setOpen] = useState(false);
  const { summary } = preview;
  const names = new Intl.DisplayNames(document.documentElement.lang, { type: "language" });
  const mails = Object.entries(summary.mails);
  const created = Object.entries(summary.creates).filter(([, list]) => list.length);
  return html`<section class="card what" aria-labelledby="what">
    <h3 id="what">${t("import.preview.what")}</h3>
    <dl>
      <dt>${t("import.preview.mails")}</dt>
      <dd>${
        mails.length
          ? mails.map(([code, count], at) => html`${at > 0 && ", "}${number(count)} × ${names.of(code)}`)
          : t("import.preview.none")
      }</dd>
      <dt>${t("import.preview.creates")}</dt>
      <dd>${
        created.length
          ? created.map(
              ([kind, list]) => html`<${Created} key=${kind} kind=${kind} names=${list}
        />`,
            )
          : t("import.preview.nothing")
      }</dd>
    </dl>
    <p><${Button} onClick=${() => setOpen(true)}>${t("import.values.open")}<//></p>
    ${isOpen && html`<${Values} close=${() => setOpen(false)} ...${desk} />`}
  </section>`;
}

const NAMED = 12;

/** @param {{kind: string, names: string[]}} props */
function Created({ kind, names }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? names : names.slice(0, NAMED);
  return html`<p>${t(`import.created.${kind}`, { count: names.length })}: ${shown.map(
    (name, at) => html`${at > 0 && ", "}<bdi>${name}</bdi>`,
  )}
    ${
      shown.length < names.length &&
      html` <button type="button" class="link" onClick=${() => setWhole(true)}>
      ${t("import.preview.all")}</button>`
    }</p>`;
}
