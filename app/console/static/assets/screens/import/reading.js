// How a file was read, in plain words, and how to say otherwise. Never guesses: the service detects, people decide.

import { ask } from "../../api.js";
import { language, size, t } from "../../texts.js";
import { Button, Field, ProblemNote, useAction } from "../../ui.js";
import { html, useState } from "../../vendor/preact.js";

/** @typedef {import("./following.js").Desk} Desk */

/** The languages whose letters an encoding holds (none: those of all), and the encodings that do. */
const LETTERS = /** @type {const} */ ([
  ["", "utf-8 utf-16-le utf-16-be"],
  ["en fr nl de", "cp1252 iso8859-1 iso8859-15 mac-roman cp850 cp437"],
  ["pl cs hu", "cp1250 iso8859-2 cp852"],
  ["tr", "cp1254 iso8859-9"],
  ["lt lv et", "cp1257"],
  ["ru uk bg", "cp1251 iso8859-5 koi8-r cp866"],
  ["el", "cp1253 iso8859-7"],
  ["he", "cp1255"],
  ["ar", "cp1256"],
  ["ja", "shift_jis euc-jp"],
  ["zh-Hans", "gb18030"],
  ["zh-Hant", "big5"],
  ["ko", "euc-kr"],
]);
const ENCODINGS = Object.fromEntries(LETTERS.flatMap(([of, names]) => names.split(" ").map((name) => [name, of])));
const MAKERS = /** @type {const} */ ([
  [/^cp125/, "Windows"],
  [/^mac/, "Mac"],
  [/^cp/, "MS-DOS"],
]);
const DELIMITERS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" };
const QUOTES = { '"': "double", "'": "single", "": "none" };

/** An encoding as people may know it: whose letters, on what. @param {string} encoding */
export function nameOfEncoding(encoding) {
  const of = ENCODINGS[encoding];
  if (!of) return t("import.reading.unicode", { encoding: encoding.toUpperCase() });
  const names = new Intl.DisplayNames(language(), { type: "language" });
  const languages = of
    .split(" ")
    .map((tag) => names.of(tag))
    .join(", ");
  const maker = MAKERS.find(([pattern]) => pattern.test(encoding))?.[1];
  return `${languages} (${[maker, maker !== "Mac" && encoding].filter(Boolean).join(" ")})`;
}

/**
 * Have a file read in another way. With its columns where they stay the same: then it is checked at once.
 * @param {Desk} desk @param {Record<string, unknown>} how @param {{keepsColumns?: boolean}} [options]
 */
export async function readAgain({ imported, changed, settle }, how, { keepsColumns = false } = {}) {
  const columns = keepsColumns && imported.mapping?.columns ? { columns: imported.mapping.columns } : {};
  const body = { ...how, ...columns, defaults: imported.mapping?.defaults ?? {} };
  const answer = await settle(ask("PUT", `/imports/${imported.id}/mapping`, { body }));
  if (answer) changed(answer);
}

/** What was detected; and below, what to do where that is wrong. @param {Desk & {isOpen?: boolean}} props */
export function Reading({ isOpen = false, ...desk }) {
  const { file } = desk.imported;
  return html`<div class="card reading">
    <p><strong><bdi>${file.name}</bdi></strong> <span class="quiet">${size(file.size)}</span></p>
    <ul class="read-as">${factsOf(file).map((fact) => html`<li>${fact}</li>`)}</ul>
    ${file.sheets.length > 1 && html`<${Sheet} ...${desk} />`}
    <details open=${isOpen}>
      <summary>${t("import.reading.wrong")}</summary>
      <${ReadingForm}
        key=${JSON.stringify([file.encoding, file.delimiter, file.quote, file.header_line, file.sheet])} ...${desk} />
    </details>
  </div>`;
}

/** @param {any} file */
function factsOf(file) {
  const isText = file.format === "csv";
  const ignored = file.ignored_lines.length;
  return [
    isText ? t("import.reading.text") : file.sheets.length < 2 && t("import.reading.of_sheet", { sheet: file.sheet }),
    isText && t(`import.reading.by_${DELIMITERS[/** @type {keyof typeof DELIMITERS} */ (file.delimiter)] ?? "comma"}`),
    isText && t("import.reading.letters", { encoding: nameOfEncoding(file.encoding) }),
    file.header_line ? t("import.reading.on_line", { line: file.header_line }) : t("import.reading.no_header"),
    ignored > 0 && t("import.reading.ignored", { count: ignored }),
  ].filter(Boolean);
}

/** Which sheet of a workbook is read. It is seen at once: the first one may be a cover. @param {Desk} desk */
function Sheet(desk) {
  const { sheet, sheets } = desk.imported.file;
  const [read, isBusy, problem] = useAction((chosen) => readAgain(desk, { sheet: chosen }));
  return html`<div class="sheet" aria-busy=${isBusy}>
    <${Field} label=${t("import.reading.sheet", { count: sheets.length })}>
      ${(/** @type {any} */ given) => html`<select value=${sheet} ...${given}
        onChange=${(/** @type {any} */ event) => read(event.target.value)}>
        ${sheets.map((/** @type {string} */ name) => html`<option value=${name} selected=${name === sheet}>${name}</option>`)}
      </select>`}
    <//>
    <${ProblemNote} problem=${problem} />
  </div>`;
}

/** @param {Desk} desk */
function ReadingForm(desk) {
  const { file } = desk.imported;
  const [how, setHow] = useState(/** @type {Record<string, any>} */ ({}));
  const [read, isBusy, problem] = useAction(() => readAgain(desk, how));
  const isText = file.format === "csv";
  const value = (/** @type {string} */ name) => how[name] ?? file[name];
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) =>
    setHow({ ...how, [name]: event.target.value });
  const setLine = (/** @type {any} */ event) => setHow({ ...how, header_line: Number(event.target.value) || 0 });
  const choice = (/** @type {string} */ name, /** @type {[string, string][]} */ choices) =>
    html`<${Field} label=${t(`import.reading.${name}`)} error=${problem?.about(`/${name}`)}>
      ${(/** @type {any} */ given) => html`<select value=${value(name)} onChange=${set(name)} ...${given}>
        ${choices.map(
          ([code, words]) => html`<option value=${code} selected=${code === value(name)}>${words}
          </option>`,
        )}
      </select>`}
    <//>`;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void read();
  };
  return html`<form class="grid" onSubmit=${submit}>
    ${
      isText &&
      choice(
        "encoding",
        Object.keys(ENCODINGS).map((encoding) => [encoding, nameOfEncoding(encoding)]),
      )
    }
    ${
      isText &&
      choice(
        "delimiter",
        Object.entries(DELIMITERS).map(([sign, name]) => [sign, t(`import.reading.${name}`)]),
      )
    }
    ${
      isText &&
      choice(
        "quote",
        Object.entries(QUOTES).map(([sign, name]) => [sign, t(`import.reading.quote_${name}`)]),
      )
    }
    <${Field} type="number" min="0" max="1000" label=${t("import.reading.header_line")}
      help=${t("import.reading.header_line_help")}
      value=${value("header_line")} onInput=${setLine} error=${problem?.about("/header_line")} />
    <label class="check">
      <input type="checkbox" checked=${how.ignore_lines ?? true}
        onChange=${(/** @type {any} */ event) => setHow({ ...how, ignore_lines: event.target.checked })} />
      ${t("import.reading.ignore_lines")}
    </label>
    <div class="whole">
      <${ProblemNote} problem=${problem} />
      <${Button} type="submit" isBusy=${isBusy}>${t("import.reading.again")}<//>
    </div>
  </form>`;
}
