// The field in which somebody chooses a password: to be shown, with the rules it keeps and how good it is.

import { MIN_CHARACTERS, rulesKept, strength } from "./strength.js";
import { t } from "./texts.js";
import { Field } from "./ui.js";
import { html, useState } from "./vendor/preact.js";

/**
 * @param {{label: string, value: string, change: (value: string) => void, about: string[], error?: string} &
 *   Record<string, any>} props
 *   `about`: names and address of the person, which are no password
 */
export function NewPassword({ label, value, change, about, error, ...rest }) {
  const [isSeen, setSeen] = useState(false);
  const given = { autocomplete: "new-password", required: true, autocapitalize: "none", spellcheck: false, ...rest };
  return html`<div class="new-password">
    <${Field} label=${label} error=${error}>
      ${(/** @type {any} */ field) =>
        html`<div class="joined">
          <input
            ...${given}
            ...${field}
            type=${isSeen ? "text" : "password"}
            value=${value}
            onInput=${(/** @type {any} */ event) => change(event.target.value)}
          />
          <button
            type="button"
            class="button"
            aria-pressed=${isSeen}
            aria-label=${t("strength.show_password")}
            onClick=${() => setSeen(!isSeen)}
          >
            ${isSeen ? t("strength.hide") : t("strength.show")}
          </button>
        </div>`}
    <//>
    <${Meter} password=${value} about=${about} />
  </div>`;
}

/**
 * The rules with a tick where one is kept, and the estimate; told to screen readers when it changes.
 * @param {{password: string, about: string[]}} props
 */
function Meter({ password, about }) {
  const kept = rulesKept(password, about);
  const level = strength(password, about);
  const rule = (/** @type {keyof typeof kept} */ name) =>
    html`<li class=${kept[name] ? "kept" : ""}>
      ${t(`strength.rule_${name}`, { min: MIN_CHARACTERS })}
      ${kept[name] && html`<span class="for-readers"> (${t("strength.met")})</span>`}
    </li>`;
  return html`<ul class="rules">
      ${rule("length")}${rule("common")}${rule("personal")}
    </ul>
    <div class=${`meter level-${level}`} aria-hidden="true"><i></i><i></i><i></i><i></i></div>
    <p class="help level" role="status" aria-label=${t("strength.label")}>
      ${level > 0 && t(`strength.level_${level}`)}
    </p>`;
}
