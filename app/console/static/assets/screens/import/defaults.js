// What stands for everyone where the file says nothing. Creates nothing: a new name is created when people are added.

import { LANGUAGES, t } from "../../texts.js";
import { Field } from "../../ui.js";
import { html } from "../../vendor/preact.js";
import { ManyPicker, Picker } from "../../people/combobox.js";

const NAMES = /** @type {const} */ ([
  ["company", "/organisations"],
  ["label", "/labels"],
  ["team", "/teams"],
]);

/** Only what is filled in. @param {Record<string, any>} defaults @returns {Record<string, any>} */
export const given = (defaults) =>
  Object.fromEntries(
    Object.entries(defaults).filter(([, value]) => (Array.isArray(value) ? value.length : value?.trim())),
  );

/**
 * @param {{value: any, change: (value: any) => void, fed: Set<string>, platform: any, problem: any}}
 *   props `fed`: columns
 *   the file has, whose empty cells are filled
 */
export function Defaults({ value, change, fed, platform, problem }) {
  const set = (/** @type {string} */ name) => (/** @type {any} */ chosen) => change({ ...value, [name]: chosen });
  const picker = (
    /** @type {readonly [string, string]} */ [name, path],
  ) => html`<${Picker} key=${name} label=${t(`columns.${name}.title`)} path=${path} value=${value[name] ?? ""}
    change=${set(name)} error=${problem?.about(`/defaults/${name}`)} isOptional=${
      fed.has(name) || name !== "company"
    } />`;
  const usual = LANGUAGES[/** @type {keyof typeof LANGUAGES} */ (platform.default_language)];
  const groups = (value.student_groups ?? []).map((/** @type {string} */ name) => ({ name }));
  return html`<fieldset class="card">
    <legend class="for-readers">${t("import.defaults.title")}</legend>
    <h3 aria-hidden="true">${t("import.defaults.title")}</h3>
    <p class="quiet">${t("import.defaults.help")}</p>
    ${picker(NAMES[0])}
    <${Field} label=${t("columns.language.title")} error=${problem?.about("/defaults/language")}>
      ${(/** @type {any} */ field) => html`<select value=${value.language ?? ""}
        onChange=${(/** @type {any} */ event) => set("language")(event.target.value)} ...${field}>
        <option value="">
          ${t("import.defaults.usual", { language: usual })}</option>
        ${Object.entries(LANGUAGES).map(
          ([code, name]) => html`<option value=${code} lang=${code}
          selected=${code === value.language}>${name}</option>`,
        )}
      </select>`}
    <//>
    <${ManyPicker} label=${t("columns.student_groups.title")} path="/student-groups" value=${groups}
      change=${(/** @type {any[]} */ chosen) => set("student_groups")(chosen.map(({ name }) => name))} />
    ${picker(NAMES[1])} ${picker(NAMES[2])}
  </fieldset>`;
}
