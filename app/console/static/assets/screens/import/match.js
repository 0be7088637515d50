// The second step: which column of the file feeds which of ours, and what stands for everyone. Never maps by itself:
// what is suggested is shown with its reason, and a person goes on.

import { ask } from "../../api.js";
import { go, href } from "../../routes.js";
import { t } from "../../texts.js";
import { Badge, Button, Loading, ProblemNote, useAction, useAsk } from "../../ui.js";
import { html, useRef, useState } from "../../vendor/preact.js";
import { Defaults, given } from "./defaults.js";
import { Findings } from "./findings.js";
import { Reading } from "./reading.js";

/** @typedef {import("./following.js").Desk} Desk */
/** @typedef {{name: string, title: string, required: boolean, default: boolean, feeds: string[]}} Column one of ours */

const SURE = 0.8;

/** @param {Desk & {platform: any}} props */
export function Match({ platform, ...desk }) {
  const { data, problem, reload } = useAsk("/import-columns");
  const { file, headers } = desk.imported;
  if (!data) return problem ? html`<${ProblemNote} problem=${problem} retry=${reload} />` : html`<${Loading} />`;
  const shape = JSON.stringify([headers.length, file.delimiter, file.sheet, file.header_line]);
  return html`<div class="stack">
    <${Findings} ...${desk} />
    <${Reading} ...${desk} />
    <${Matching} key=${shape} columns=${data.items} platform=${platform} ...${desk} />
  </div>`;
}

/** What a choice fills: one column of ours, or several. @param {Column[]} columns @param {string | null} name */
function partsOf(columns, name) {
  const column = columns.find((one) => one.name === name);
  return column ? (column.feeds.length ? column.feeds : [column.name]) : [];
}

/** For each header the one before it that fills the same; null where there is none.
 * @param {Column[]} columns @param {(string | null)[]} choices @returns {(number | null)[]} */
function rivalsOf(columns, choices) {
  /** @type {Record<string, number>} */
  const fed = {};
  return choices.map((choice, position) => {
    const parts = partsOf(columns, choice);
    const rival = parts.find((part) => part in fed);
    for (const part of parts) fed[part] ??= position;
    return rival === undefined ? null : fed[rival];
  });
}

/** @param {Desk & {columns: Column[], platform: any}} props */
function Matching({ columns, platform, ...desk }) {
  const { imported, changed, settle } = desk;
  const suggested = imported.suggested_mapping.map((/** @type {any} */ one) => one.column);
  const [choices, setChoices] = useState(/** @type {(string | null)[]} */ (imported.mapping?.columns ?? suggested));
  const [defaults, setDefaults] = useState(/** @type {any} */ (imported.mapping?.defaults ?? {}));
  const [isTried, setTried] = useState(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const rivals = rivalsOf(columns, choices);
  const fed = new Set(choices.flatMap((choice) => partsOf(columns, choice)));
  const missing = columns.filter(({ name, required }) => required && !fed.has(name) && !given(defaults)[name]);
  const isReady = missing.length === 0 && rivals.every((rival) => rival === null);

  const [check, isBusy, problem] = useAction(async () => {
    const body = { columns: choices, defaults: given(defaults) };
    const answer = await settle(ask("PUT", `/imports/${imported.id}/mapping`, { body }));
    if (!answer) return;
    changed(answer);
    go(href(["import", imported.id], { step: "preview" }));
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    setTried(true);
    if (isReady) void check();
    else
      requestAnimationFrame(() =>
        /** @type {HTMLElement} */ (form.current?.querySelector("[aria-invalid=true], .missing"))?.focus(),
      );
  };
  const choose = (/** @type {number} */ at, /** @type {string} */ name) =>
    setChoices(choices.map((one, position) => (position === at ? name || null : one)));
  const line = (
    /** @type {string} */ header,
    /** @type {number} */ at,
  ) => html`<${Pairing} key=${at} at=${at} header=${header} columns=${columns}
    samples=${imported.samples[at]} suggestion=${imported.suggested_mapping[at]} chosen=${choices[at]}
      choose=${(/** @type {string} */ name) => choose(at, name)}
    rival=${rivals[at] === null ? null : headerName(imported.headers, rivals[at])}
      error=${problem?.about(`/columns/${at}`)} />`;
  return html`<form ref=${form} class="match" onSubmit=${submit} novalidate>
    <ul class="pairings">
      <li class="pairing heads" aria-hidden="true"><span>${t("import.match.in_file")}</span><span>
        ${t("import.match.becomes")}</span></li>
      ${imported.headers.map(line)}
    </ul>
    <aside class="stack">
      <${Checklist} columns=${columns} choices=${choices} headers=${imported.headers} defaults=${given(defaults)}
        missing=${missing} isTried=${isTried} />
      <${Defaults} value=${defaults} change=${setDefaults} fed=${fed} platform=${platform} problem=${problem} />
    </aside>
    <footer class="onward">
      <${ProblemNote} problem=${problem} />
      <p role="status">${
        isReady
          ? t("import.match.ready")
          : isTried || missing.length
            ? t("import.match.missing", { count: missing.length || 1 })
            : ""
      }</p>
      <${Button} type="submit" kind="primary" isBusy=${isBusy}>${t("import.match.check")}<//>
    </footer>
  </form>`;
}

/** A header's name; where it has none, its place. @param {string[]} headers @param {number} at */
const headerName = (headers, at) => headers[at] || t("import.match.nameless", { number: at + 1 });

/** @param {{at: number, header: string, columns: Column[], samples: string[], suggestion: any, chosen: string | null,
 *   choose: (name: string) => void, rival: string | null, error?: string}} props */
function Pairing({ at, header, columns, samples, suggestion, chosen, choose, rival, error }) {
  const wrong = rival ? t("import.match.twice", { header: rival }) : error;
  const options = (/** @type {boolean} */ isRequired) =>
    columns
      .filter((column) => column.required === isRequired)
      .map((column) => html`<option value=${column.name} selected=${column.name === chosen}>${column.title}</option>`);
  const filled = samples.filter((sample) => sample.trim());
  return html`<li class=${chosen ? "pairing" : "pairing unused"}>
    <div class="theirs">
      <label for=${`target-${at}`}><bdi>${header || t("import.match.nameless", { number: at + 1 })}</bdi><span
        class="for-readers"> ${t("import.match.becomes")}</span></label>
      <p class="samples" id=${`samples-${at}`}>
        ${
          filled.length
            ? filled.map((sample, position) => html`${position > 0 && " · "}<bdi>${sample}</bdi>`)
            : html`<i>${t("import.match.empty")}</i>`
        }
      </p>
    </div>
    <div class="ours">
      <select id=${`target-${at}`} aria-describedby=${`samples-${at} why-${at}`} aria-invalid=${
        wrong ? "true" : undefined
      }
        value=${chosen ?? ""} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
        <option value="" selected=${!chosen}>${t("import.match.not")}</option>
        <optgroup label=${t("import.match.required")}>${options(true)}</optgroup>
        <optgroup label=${t("import.match.optional")}>${options(false)}</optgroup>
      </select>
      <p class=${wrong ? "error" : "why"} id=${`why-${at}`}>${
        wrong ||
        html`<${Why} suggestion=${suggestion}
        chosen=${chosen} />`
      }</p>
    </div>
  </li>`;
}

/** How sure the match is, and why. @param {{suggestion: any, chosen: string | null}} props */
function Why({ suggestion, chosen }) {
  if (!chosen) return suggestion.column ? t("import.match.left_out") : "";
  if (chosen !== suggestion.column) return html`<${Badge} kind="info">${t("import.match.yours")}<//>`;
  const isSure = suggestion.confidence >= SURE;
  return html`<${Badge} kind=${isSure ? "good" : "warning"}>${t(
    isSure ? "import.match.sure" : "import.match.likely",
  )}<//> ${t(`import.match.by_${suggestion.by}`)}`;
}

/**
 * @param {{columns: Column[], choices: (string | null)[], headers: string[], defaults: any, missing: Column[],
 *   isTried: boolean}} props
 */
function Checklist({ columns, choices, headers, defaults, missing, isTried }) {
  const feeder = (/** @type {string} */ name) => choices.findIndex((choice) => partsOf(columns, choice).includes(name));
  const item = (/** @type {any} */ column) => {
    const at = feeder(column.name);
    const isMissing = missing.includes(column);
    const from =
      at >= 0
        ? html`<bdi>${headerName(headers, at)}</bdi>`
        : isMissing
          ? t(column.default ? "import.match.need_or_default" : "import.match.need")
          : html`<bdi>${defaults[column.name]}</bdi>`;
    return html`<li class=${isMissing ? (isTried ? "missing tried" : "missing") : "there"} tabindex=${
      isMissing ? -1 : undefined
    }>
      <span><strong>${column.title}</strong> <span class="for-readers">${t(
        isMissing ? "import.match.is_missing" : "import.match.is_there",
      )}</span></span>
      <span class="quiet">${from}</span>
    </li>`;
  };
  return html`<div class="card">
    <h3>${t("import.match.everybody_needs")}</h3>
    <ul class="ticks">${columns.filter(({ required }) => required).map(item)}</ul>
  </div>`;
}
