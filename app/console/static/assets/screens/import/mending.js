// Mends all rows with an issue at once: take what is suggested, give them a value, or leave them out.
// Never does it without saying how many rows that concerns.

import { ask } from "../../api.js";
import { LANGUAGES, t } from "../../texts.js";
import { Button, Confirm, ProblemNote, toast, useAction, useAsk } from "../../ui.js";
import { html, useEffect, useId, useState } from "../../vendor/preact.js";

/** @typedef {import("./following.js").Desk} Desk */

const SUGGESTING = ["email_domain_mistyped", "email_invalid", "name_close_to_known", "value_garbled"];
const HARMLESS = ["duplicate_in_file"]; // left out already

/** @param {Desk & {code: string, count: number, changedMany: () => void}} props */
export function Mending({ code, count, changedMany, imported, changed, settle }) {
  const [isAsking, setAsking] = useState(false);
  const change = async (/** @type {any} */ body) => {
    const answer = await settle(ask("PUT", `/imports/${imported.id}/values`, { body }));
    if (!answer) return;
    toast(t("import.mending.done", { count: answer.changed }));
    changed();
    changedMany();
  };
  const [run, isBusy, problem] = useAction(change);
  if (!count || HARMLESS.includes(code)) return null;
  return html`<div class="mending">
    ${
      SUGGESTING.includes(code) &&
      html`<${Button} isBusy=${isBusy}
      onClick=${() => run({ issue: code, accept: true })}>${t("import.mending.accept")}<//>`
    }
    ${
      code === "language_unknown" &&
      html`<${SetLanguage} count=${count} isBusy=${isBusy}
      set=${(/** @type {string} */ language) => run({ issue: code, set: { language } })} />`
    }
    ${
      code === "required_value_missing" &&
      imported.mapping.columns.includes("company") &&
      html`<${FillCompany}
      imported=${imported} isBusy=${isBusy}
        fill=${(/** @type {string} */ to) => run({ column: "company", from: "", to })} />`
    }
    <${Button} onClick=${() => setAsking(true)}>${t("import.mending.skip", { count })}<//>
    <${ProblemNote} problem=${problem} />
    ${
      isAsking &&
      html`<${Confirm} title=${t("import.mending.skip", { count })} yes=${t("import.mending.skip_yes", { count })}
      action=${() => change({ issue: code, skip: true })} close=${() => setAsking(false)}><p>
        ${t("import.mending.skip_means", { count })}</p><//>`
    }
  </div>`;
}

/** @param {{count: number, isBusy: boolean, set: (language: string) => void}} props */
function SetLanguage({ count, isBusy, set }) {
  const [language, choose] = useState("en");
  const id = useId();
  return html`<form class="row" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), set(language))}>
    <label for=${id}>${t("import.mending.language", { count })}</label>
    <select id=${id} value=${language} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
      ${Object.entries(LANGUAGES).map(
        ([code, name]) => html`<option value=${code} lang=${code}
        selected=${code === language}>${name}</option>`,
      )}
    </select>
    <${Button} type="submit" isBusy=${isBusy}>${t("import.mending.set")}<//>
  </form>`;
}

/**
 * Where it is companies that are missing.
 * @param {{imported: any, isBusy: boolean, fill: (company: string) => void}} props
 */
function FillCompany({ imported, isBusy, fill }) {
  const query = { code: "required_value_missing", limit: 200 };
  const { data, problem, reload } = useAsk(`/imports/${imported.id}/issues`, query);
  useEffect(() => void (problem && reload()), [imported.version]); // refused while it was being checked
  const [company, setCompany] = useState("");
  const id = useId();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (company.trim()) fill(company.trim());
  };
  if (!data?.items.some((/** @type {any} */ issue) => issue.column === "company")) return null;
  return html`<form class="row" onSubmit=${submit}>
    <label for=${id}>${t("import.mending.company")}</label>
    <input id=${id} type="text" dir="auto" maxlength="200" required value=${company}
      onInput=${(/** @type {any} */ event) => setCompany(event.target.value)} />
    <${Button} type="submit" isBusy=${isBusy}>${t("import.mending.set")}<//>
  </form>`;
}
