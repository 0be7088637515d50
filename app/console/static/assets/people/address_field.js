// The input for several addresses at once, each of which becomes a token. Sends nothing.

import { t } from "../texts.js";
import { html, useId, useRef, useState } from "../vendor/preact.js";
import { keyOf, readAddresses } from "./addresses.js";
import { Token } from "./token.js";
import { isolated, refusal } from "./words.js";

/** @typedef {import("./addresses.js").Addressee} Addressee */

const SEPARATORS = [",", ";", "Enter"];

/** @param {{people: Addressee[], change: (people: Addressee[]) => void, error: string}} props */
export function AddressField({ people, change, error }) {
  const [text, setText] = useState("");
  const [said, say] = useState("");
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const id = useId();

  const add = (/** @type {string} */ given) => {
    const known = new Set(people.map(keyOf));
    const added = readAddresses(given).filter((person) => !known.has(keyOf(person)) && known.add(keyOf(person)));
    setText("");
    if (added.length) change([...people, ...added]);
    say(added.length ? t("invite.added", { count: added.length }) : t("invite.added_before"));
  };
  const remove = (/** @type {Addressee} */ person) => {
    change(people.filter((other) => other !== person));
    say(t("invite.removed", { what: isolated(person.email) }));
    input.current?.focus();
  };
  const edit = (/** @type {Addressee} */ person) => {
    remove(person);
    setText(person.email);
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const isEnd = SEPARATORS.includes(event.key) || (event.key === " " && text.includes("@"));
    if (isEnd && text.trim()) add(text);
    else if (event.key === "Backspace" && !text && people.length) edit(people[people.length - 1]);
    else return;
    event.preventDefault();
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    const pasted = event.clipboardData?.getData("text") ?? "";
    if (!pasted.includes("@")) return;
    event.preventDefault();
    add(`${text} ${pasted}`);
  };
  const about = [`${id}-help`, error && `${id}-error`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${id}>${t("invite.addresses")}</label>
    <div class="tokens">
      ${people.length > 0 && html`<${Tokens} people=${people} edit=${edit} remove=${remove} />`}
      <input
        ref=${input}
        id=${id}
        type="text"
        autofocus
        inputmode="email"
        autocomplete="off"
        autocapitalize="none"
        spellcheck=${false}
        value=${text}
        aria-required="true"
        aria-describedby=${about}
        aria-invalid=${error ? "true" : undefined}
        onInput=${(/** @type {any} */ event) => setText(event.target.value)}
        onKeyDown=${press}
        onPaste=${paste}
        onBlur=${() => text.trim() && add(text)}
      />
    </div>
    <p class="help" id=${`${id}-help`}>${t("invite.addresses_help")}</p>
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
    <p class="for-readers" role="status">${said}</p>
  </div>`;
}

/** @param {{people: Addressee[], edit: (person: Addressee) => void, remove: (person: Addressee) => void}} props */
function Tokens({ people, edit, remove }) {
  const token = (/** @type {Addressee} */ person) => {
    const note = [person.first_name, person.last_name].filter(Boolean).join(" ");
    return html`<${Token}
      key=${keyOf(person)}
      text=${person.email}
      note=${note}
      problem=${person.problem && refusal(person.problem)}
      edit=${() => edit(person)}
      remove=${() => remove(person)}
    />`;
  };
  return html`<ul aria-label=${t("invite.chosen")}>
    ${people.map(token)}
  </ul>`;
}
