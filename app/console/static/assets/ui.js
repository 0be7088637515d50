// The parts every screen is made of. No screen, no API path.

import { ask, Problem } from "./api.js";
import { language, LANGUAGES, t } from "./texts.js";
import { html, useCallback, useEffect, useId, useRef, useState } from "./vendor/preact.js";

/** @typedef {any} Content what a component may hold */

/**
 * Ask the API when a component appears and whenever the question changes.
 * @param {string | null} path null: nothing to ask yet
 * @param {Record<string, unknown>} [query]
 * @returns {{data: any, problem: Problem | null, isLoading: boolean, reload: () => Promise<void>, setData: (data: any)
 *   => void}}
 */
export function useAsk(path, query = {}) {
  const question = JSON.stringify([path, query]);
  const [answer, setAnswer] = useState(/** @type {any} */ ({ question: "", data: null, problem: null }));
  const newest = useRef(question);
  newest.current = question;
  const reload = useCallback(async () => {
    if (path === null) return;
    let found;
    try {
      found = { question, data: await ask("GET", path, { query }), problem: null };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      found = { question, data: null, problem: error };
    }
    if (newest.current === question) setAnswer(found);
  }, [question]);
  useEffect(() => void reload(), [reload, language()]); // what the API says is in the language of the page
  const isLoading = path !== null && answer.question !== question;
  return { ...answer, isLoading, reload, setData: (data) => setAnswer({ question, data, problem: null }) };
}

/**
 * Something a person does that takes a moment: once at a time, with its problem.
 * @param {(...given: any[]) => Promise<unknown>} action
 * @returns {[(...given: any[]) => Promise<void>, boolean, Problem | null, (problem: Problem | null) => void]} run, is
 *   busy, problem
 */
export function useAction(action) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const running = useRef(false);
  const run = async (/** @type {any[]} */ ...given) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await action(...given);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return [run, isBusy, problem, setProblem];
}

/**
 * @param {{kind?: "primary" | "plain" | "danger", isBusy?: boolean, children?: Content} & Record<string, any>} props
 */
export function Button({ kind = "plain", isBusy = false, children, ...rest }) {
  return html`<button type="button" class=${`button ${kind}`} aria-disabled=${isBusy} ...${rest}>
    ${isBusy && html`<span class="spinner" aria-hidden="true"></span>`}${children}
  </button>`;
}

/**
 * A labelled input with its help and what is wrong with it.
 * @param {{label: string, help?: string, error?: string, type?: string, children?: Content} & Record<string, any>}
 *   props
 */
export function Field({ label, help, error, type = "text", children, ...rest }) {
  const id = useId();
  const about = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const given = { id, "aria-describedby": about, "aria-invalid": error ? "true" : undefined, ...rest };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children ? children(given) : html`<input type=${type} ...${given} />`}
    ${help && html`<p class="help" id=${`${id}-help`}>${help}</p>`}
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
  </div>`;
}

/**
 * What went wrong, in words, with the next thing to do.
 * @param {{problem: Problem | null, retry?: () => void}} props
 */
export function ProblemNote({ problem, retry }) {
  if (!problem) return null;
  const isLost = problem.code === "unreachable";
  return html`<div class="note danger" role="alert">
    <p><strong>${isLost ? t("unreachable.title") : problem.title}</strong></p>
    <p>${isLost ? t("unreachable.detail") : problem.message}</p>
    ${
      problem.errors.length > 0 &&
      html`<ul>
        ${problem.errors.map((error) => html`<li>${error.message}</li>`)}
      </ul>`
    }
    ${retry && html`<${Button} onClick=${retry}>${t("again")}<//>`}
  </div>`;
}

/** @param {{kind?: "info" | "warning" | "danger" | "good", children?: Content}} props */
export const Note = ({ kind = "info", children }) => html`<div class=${`note ${kind}`}>${children}</div>`;

/** A small word with a colour; the colour is never all it says. @param {{kind?: string, children?: Content}} props */
export const Badge = ({ kind = "plain", children }) => html`<span class=${`badge ${kind}`}>${children}</span>`;

/**
 * What a list says that has nothing to show, and what to do about it.
 * @param {{title: string, children?: Content}} props
 */
export const Empty = ({ title, children }) =>
  html`<div class="empty">
    <h2>${title}</h2>
    ${children}
  </div>`;

/** Said to screen readers while something loads; seen only after a moment. */
export const Loading = () =>
  html`<p class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${t("loading")}</p>`;

/**
 * A dialog over the page; closes by Escape and by the back button, and gives the focus back. Without `close` it stays until it is answered.
 * What has `autofocus` is where typing begins.
 * @param {{title: string, close?: () => void, isWide?: boolean, children?: Content}} props
 */
export function Dialog({ title, close, isWide = false, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  const leave = useRef(close);
  leave.current = close;
  useEffect(() => {
    const elsewhere = () => leave.current?.();
    addEventListener("hashchange", elsewhere);
    return () => removeEventListener("hashchange", elsewhere);
  }, []);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    /** @type {HTMLElement | null | undefined} */ (
      box.current?.querySelector("[autofocus]") ?? box.current?.querySelector("h2")
    )?.focus();
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  const cancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    close?.();
  };
  return html`<dialog ref=${box} class=${isWide ? "wide" : ""} aria-labelledby=${id} onCancel=${cancel}>
    <header>
      <h2 id=${id} tabindex="-1">${title}</h2>
      ${close && html`<button type="button" class="icon" aria-label=${t("close")} onClick=${close}>✕</button>`}
    </header>
    ${children}
  </dialog>`;
}

/**
 * A question before something that has consequences.
 * @param {{title: string, yes: string, isDangerous?: boolean, action: () => Promise<unknown>, close: () => void,
 *   children?: Content}} props
 */
export function Confirm({ title, yes, isDangerous = false, action, close, children }) {
  const [run, isBusy, problem] = useAction(async () => {
    await action();
    close();
  });
  return html`<${Dialog} title=${title} close=${close}>
    <div class="body">${children}<${ProblemNote} problem=${problem} /></div>
    <footer>
      <${Button} onClick=${close}>${t("no")}<//>
      <${Button} kind=${isDangerous ? "danger" : "primary"} isBusy=${isBusy} onClick=${run}>${yes}<//>
    </footer>
  <//>`;
}

/** @param {{done: number, total: number, label: string}} props */
export const Progress = ({ done, total, label }) =>
  html`<progress max=${total || 1} value=${done} aria-label=${label}></progress>`;

/**
 * A page of a list, what leads to the next one, and a way to put a changed item where the old one stands.
 * @param {string} path
 * @param {Record<string, unknown>} query filters
 * @returns {{items: any[] | null, problem: Problem | null, isLoading: boolean, more: (() => Promise<void>) | null,
 *   replace: (item: any) => void, reload: () => Promise<void>}}
 */
export function useList(path, query = {}) {
  const first = useAsk(path, query);
  const fresh = {
    of: first.data,
    items: /** @type {any[]} */ ([]),
    next: first.data?.next_cursor ?? null,
    changed: /** @type {any} */ ({}),
  };
  const [kept, keep] = useState(fresh);
  const later = kept.of === first.data ? kept : fresh;
  const change = (/** @type {(was: typeof fresh) => typeof fresh} */ step) =>
    keep((was) => step(was.of === first.data ? was : fresh));
  const more = async () => {
    const page = await ask("GET", path, { query: { ...query, cursor: later.next } });
    change((was) => ({ ...was, items: [...was.items, ...page.items], next: page.next_cursor }));
  };
  const replace = (/** @type {any} */ item) =>
    change((was) => ({ ...was, changed: { ...was.changed, [item.id]: item } }));
  const items = first.data && [...first.data.items, ...later.items].map((item) => later.changed[item.id] ?? item);
  const { problem, isLoading, reload } = first;
  return { items, problem, isLoading, more: later.next && !isLoading ? more : null, replace, reload };
}

// --- short messages at the edge ------------------------------------------------------------------------------------

/** @type {(said: {message: string}) => void} */
let show = () => {};

/** Say that something was done. @param {string} message */
export const toast = (message) => show({ message });

/** Where short messages appear; there is one, in the shell. */
export function Toasts() {
  const [said, setSaid] = useState({ message: "" });
  useEffect(() => {
    show = setSaid;
  }, []);
  useEffect(() => {
    const timer = said.message && setTimeout(() => setSaid({ message: "" }), 6000);
    return () => clearTimeout(timer || undefined);
  }, [said]);
  return html`<div class="toasts" role="status">${said.message && html`<p>${said.message}</p>`}</div>`;
}

// --- the language ----------------------------------------------------------------------------------------------------

/** @param {{choose: (language: string) => void}} props */
export function LanguageSwitch({ choose }) {
  const change = (/** @type {any} */ event) => choose(event.target.value);
  return html`<select class="language" aria-label=${t("language")} value=${language()} onChange=${change}>
    ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code} lang=${code}>${name}</option>`)}
  </select>`;
}
