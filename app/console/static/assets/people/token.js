// A small piece of an input: somebody or something chosen, which can be taken out again. Knows no noun of the customer.

import { t } from "../texts.js";
import { html } from "../vendor/preact.js";

/**
 * @param {object} props
 * @param {string} props.text
 * @param {string} [props.note] what is said behind it
 * @param {string} [props.problem] what is wrong with it, in words
 * @param {() => void} [props.edit] back into the input
 * @param {() => void} props.remove
 */
export function Token({ text, note, problem, edit, remove }) {
  const words = html`<bdi>${text}</bdi>
    ${note && html`<small>${note}</small>`} `;
  const label = [t("people.edit", { what: text }), problem].filter(Boolean).join(", ");
  return html`<li class=${problem ? "token wrong" : "token"} title=${problem}>
    ${
      edit
        ? html`<button type="button" class="words" aria-label=${label} onClick=${edit}>${words}</button>`
        : html`<span class="words">${words}</span>`
    }
    <button type="button" class="out" aria-label=${t("people.remove", { what: text })} onClick=${remove}>✕</button>
  </li>`;
}
