// What the lists of users and invitations share: search, filters kept in the address, lines, the way to the next ones.
// Knows no state of anybody.

import { go, href } from "../routes.js";
import { t } from "../texts.js";
import { Button, Loading, ProblemNote, useAction } from "../ui.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const TYPING_PAUSE = 250; // ms without a key before a search begins

/**
 * The filters of a screen, which its address keeps.
 * @param {string} screen @param {URLSearchParams} query @param {string[]} names
 * @returns {[Record<string, string>, (changes: Record<string, string>, how?: {replace?: boolean}) => void]}
 */
export function useFilters(screen, query, names) {
  const filters = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
  return [filters, (changes, how) => go(href([screen], { ...filters, ...changes }), how)];
}

/** @param {{label: string, value: string, search: (text: string) => void}} props */
export function Search({ label, value, search }) {
  const [text, setText] = useState(value);
  const asked = useRef(value);
  useEffect(() => {
    if (value === asked.current) return; // what we asked for; anything else is the back button
    asked.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text.trim() === asked.current) return;
    const timer = setTimeout(() => search((asked.current = text.trim())), TYPING_PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<input
    class="search"
    type="search"
    aria-label=${label}
    placeholder=${label}
    maxlength="200"
    value=${text}
    onInput=${(/** @type {any} */ event) => setText(event.target.value)}
  />`;
}

/**
 * Filters of which one can be pressed; pressed again, it lets go.
 * @param {object} props
 * @param {string} props.label
 * @param {[string, string][]} props.choices value and words of each
 * @param {string} props.chosen
 * @param {(value: string) => void} props.choose
 */
export function Chips({ label, choices, chosen, choose }) {
  const chip = (/** @type {[string, string]} */ [value, words]) => {
    const isChosen = value === chosen;
    return html`<button
      type="button"
      class="chip"
      aria-pressed=${isChosen}
      onClick=${() => choose(isChosen ? "" : value)}
    >
      ${words}
    </button>`;
  };
  return html`<div class="filters" role="group" aria-label=${label}>
    <span class="quiet" aria-hidden="true">${label}</span>
    ${choices.map(chip)}
  </div>`;
}

/**
 * Lines of people, and what stands there instead.
 * @param {object} props
 * @param {ReturnType<typeof import("../ui.js").useList>} props.list
 * @param {string} props.label
 * @param {(item: any) => any} props.line
 * @param {any} props.empty what stands there where nobody is
 */
export function People({ list, label, line, empty }) {
  const { items, problem, isLoading, more, reload } = list;
  const lines = useRef(/** @type {HTMLUListElement | null} */ (null));
  const [show, isBusy, failed] = useAction(async () => {
    const before = items?.length ?? 0;
    await more?.();
    requestAnimationFrame(() => lines.current?.children[before]?.querySelector("button")?.focus());
  });
  if (problem) return html`<${ProblemNote} problem=${problem} retry=${reload} />`;
  if (!items) return html`<${Loading} />`;
  const count = items.length;
  return html`<p class="for-readers" role="status">
      ${!isLoading && (more ? t("people.shown_more", { count }) : t("people.shown", { count }))}
    </p>
    ${
      count === 0 && !isLoading
        ? empty
        : html`<ul ref=${lines} class="people" aria-label=${label} aria-busy=${isLoading}>
            ${items.map(line)}
          </ul>`
    }
    <${ProblemNote} problem=${failed} />
    ${more && html`<p class="more"><${Button} isBusy=${isBusy} onClick=${show}>${t("people.more")}<//></p>`} `;
}

/** Names and what they are, in two columns; what is not known is left out. @param {{facts: [string, any][]}} props */
export const Facts = ({ facts }) =>
  html`<dl class="facts">
    ${facts
      .filter(([, value]) => value)
      .map(
        ([name, value]) =>
          html`<div key=${name}>
            <dt>${name}</dt>
            <dd><bdi>${value}</bdi></dd>
          </div>`,
      )}
  </dl>`;
