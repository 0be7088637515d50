// Pickers that search what the platform has and take what it has not yet: one name, or several (WAI-ARIA's combobox).
// Never create anything themselves: a new name is only said to be new.

import { t } from "../texts.js";
import { useAsk } from "../ui.js";
import { html, useEffect, useId, useRef, useState } from "../vendor/preact.js";
import { Token } from "./token.js";
import { isolated } from "./words.js";

/** @typedef {{name: string, isNew?: boolean, users?: number}} Choice */

const SEARCH_PAUSE = 150; // ms without a key before a search begins
const SHOWN = 8;
const LONGEST = 200;

/** How the service compares names. @param {string} name */
const nameKey = (name) => name.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();

/** A value that stands still for a moment. @template T @param {T} value @param {number} milliseconds @returns {T} */
export function useSettled(value, milliseconds) {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/**
 * What there is for a text, whether the text itself is new (null: not known yet), and whether the list is open.
 * @param {string} path @param {string} text
 */
function useFound(path, text) {
  const [isOpen, setOpen] = useState(false);
  const wanted = text.trim().replace(/\s+/g, " ");
  const q = useSettled(wanted, SEARCH_PAUSE);
  const { data, isLoading } = useAsk(isOpen || q ? path : null, { q, limit: 50 });
  const isKnown = data && !isLoading && q === wanted;
  const found = /** @type {Choice[]} */ (data?.items ?? []);
  const exact = found.filter(({ name }) => nameKey(name) === nameKey(wanted));
  const isNew = isKnown ? wanted !== "" && exact.length === 0 : null;
  const others = found.filter((choice) => !exact.includes(choice)).slice(0, SHOWN - exact.length);
  const choices = [...exact, ...others, ...(isNew ? [{ name: wanted, isNew }] : [])];
  return { choices, isNew, isOpen, setOpen };
}

/**
 * The input and its list.
 * @param {object} props
 * @param {string} props.id
 * @param {string} props.label
 * @param {string} props.text what is typed
 * @param {(text: string) => void} props.type
 * @param {(choice: Choice) => void} props.choose
 * @param {ReturnType<typeof useFound>} props.found
 * @param {() => void} [props.erase] Backspace in an empty input
 * @param {(choice: Choice) => void} [props.leave] gone with a text nobody chose
 * @param {Record<string, any>} [props.given] more of the input's attributes
 */
function Combobox({ id, label, text, type, choose, found, erase, leave, given }) {
  const { choices, isNew, isOpen, setOpen } = found;
  const [active, setActive] = useState(-1);
  const list = useRef(/** @type {HTMLUListElement | null} */ (null));
  const isShown = isOpen && choices.length > 0;
  const typed = { name: text.trim(), isNew: isNew === true };
  useEffect(() => void list.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active]);

  const open = (/** @type {boolean} */ isWanted) => {
    setOpen(isWanted);
    setActive(-1);
  };
  const take = (/** @type {Choice} */ choice) => {
    choose(choice);
    open(false);
  };
  const move = (/** @type {number} */ step) => {
    const from = active < 0 && step < 0 ? 0 : active;
    setActive(isShown ? (from + step + choices.length) % choices.length : 0);
    setOpen(true);
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) move(step);
    else if (event.key === "Enter" && (choices[active] || typed.name)) take(choices[active] ?? typed);
    else if (event.key === "Escape" && isShown)
      open(false); // closes the list, not the dialog around it
    else if (event.key === "Backspace" && !text && erase) erase();
    else return;
    event.preventDefault();
  };
  const input = (/** @type {any} */ event) => {
    type(event.target.value);
    open(true);
  };
  const blur = () => {
    open(false);
    if (typed.name) leave?.(typed);
  };
  const option = (/** @type {Choice} */ choice, /** @type {number} */ position) =>
    html`<${Offered} id=${`${id}-${position}`} choice=${choice} isActive=${position === active} take=${take} />`;
  return html`<div class="combobox">
    <input
      id=${id}
      type="text"
      role="combobox"
      autocomplete="off"
      maxlength=${LONGEST}
      value=${text}
      aria-autocomplete="list"
      aria-expanded=${isShown}
      aria-controls=${`${id}-list`}
      aria-activedescendant=${choices[active] ? `${id}-${active}` : undefined}
      onInput=${input}
      onKeyDown=${press}
      onBlur=${blur}
      onClick=${() => open(true)}
      ...${given}
    />
    <ul ref=${list} id=${`${id}-list`} role="listbox" aria-label=${label} hidden=${!isShown}>
      ${choices.map(option)}
    </ul>
    <p class="for-readers" role="status">${isShown && t("people.choices", { count: choices.length })}</p>
  </div>`;
}

/** @param {{id: string, choice: Choice, isActive: boolean, take: (choice: Choice) => void}} props */
function Offered({ id, choice, isActive, take }) {
  const stay = (/** @type {Event} */ event) => event.preventDefault(); // the focus is the input's
  const { name, isNew, users } = choice;
  return html`<li id=${id} role="option" aria-selected=${isActive} onMouseDown=${stay} onClick=${() => take(choice)}>
    ${isNew ? t("people.create", { name: isolated(name) }) : html`<bdi>${name}</bdi>`}
    ${users !== undefined && html`<small>${t("people.count", { count: users })}</small>`}
  </li>`;
}

/**
 * One name, of those there are or a new one.
 * @param {object} props
 * @param {string} props.label
 * @param {string} props.path where the names are asked for
 * @param {string} props.value
 * @param {(value: string) => void} props.change
 * @param {string} [props.error]
 * @param {boolean} [props.isRequired]
 */
export function Picker({ label, path, value, change, error, isRequired = false }) {
  const id = useId();
  const found = useFound(path, value);
  const isNew = found.isNew && !found.isOpen;
  const about = [isNew && `${id}-new`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const given = { "aria-describedby": about, "aria-invalid": error ? "true" : undefined, "aria-required": isRequired };
  const choose = (/** @type {Choice} */ { name }) => change(name);
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <${Combobox} id=${id} label=${label} text=${value} type=${change} choose=${choose} found=${found} given=${given} />
    ${isNew && html`<p class="help" id=${`${id}-new`}>${t("people.new", { name: isolated(value.trim()) })}</p>`}
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
  </div>`;
}

/**
 * Several names, of those there are or new ones.
 * @param {{label: string, path: string, value: Choice[], change: (value: Choice[]) => void}} props
 */
export function ManyPicker({ label, path, value, change }) {
  const [text, setText] = useState("");
  const id = useId();
  const found = useFound(path, text);
  const add = (/** @type {Choice} */ choice) => {
    setText("");
    if (!value.some(({ name }) => nameKey(name) === nameKey(choice.name))) change([...value, choice]);
  };
  const remove = (/** @type {Choice} */ choice) => {
    change(value.filter((other) => other !== choice));
    document.getElementById(id)?.focus();
  };
  const token = (/** @type {Choice} */ choice) => {
    const note = choice.isNew ? t("people.is_new") : "";
    return html`<${Token} key=${choice.name} text=${choice.name} note=${note} remove=${() => remove(choice)} />`;
  };
  const erase = () => change(value.slice(0, -1));
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <div class="tokens">
      ${
        value.length > 0 &&
        html`<ul aria-label=${label}>
          ${value.map(token)}
        </ul>`
      }
      <${Combobox}
        id=${id}
        label=${label}
        text=${text}
        type=${setText}
        choose=${add}
        found=${found}
        leave=${add}
        erase=${erase}
      />
    </div>
  </div>`;
}
