// The words of the console in the person's language: asked for once, then kept. All of them come from the service.

import { SERVICE } from "./config.js";

export const LANGUAGES = /** @type {const} */ ({ en: "English", fr: "Français", nl: "Nederlands" });
const CHOSEN = "rollcall.language";

/** @type {any} a tree: `console.users.title` is `words.console.users.title` */
let words = {};
let current = preferred();

/** The language in use. */
export const language = () => current;

/** The language a person chose, or their browser's. */
export function preferred() {
  const wanted = [localStorage.getItem(CHOSEN) ?? "", ...navigator.languages].map((tag) =>
    tag.slice(0, 2).toLowerCase(),
  );
  return wanted.find((tag) => tag in LANGUAGES) ?? "en";
}

/** Load the words of a page. @param {string} wanted the language @param {"console" | "accept"} [page] */
export async function loadTexts(wanted, page = "console") {
  words = await (await fetch(`${SERVICE}/${page}/texts/${wanted}.json`)).json();
  current = wanted;
  document.documentElement.lang = wanted;
}

/** Remember the language a person chose, for the next time. @param {string} chosen */
export const keepLanguage = (chosen) => localStorage.setItem(CHOSEN, chosen);

/**
 * A text with its parts filled in; of a key with `.one`, that form for a `count` of 1 (French: 0 too).
 * @param {string} key below `console.`, or with its own first part (`columns.`, `issues.`)
 * @param {Record<string, unknown>} [params] numbers are written as the language writes them
 */
export function t(key, params = {}) {
  const branches = (/** @type {any} */ from) => key.split(".").reduce((found, part) => found?.[part], from);
  const found = branches(words.console) ?? branches(words) ?? key;
  const isOne = "count" in params && new Intl.PluralRules(current).select(Number(params.count)) === "one";
  /** @type {string} */
  const text = typeof found === "string" ? found : (found[isOne ? "one" : "other"] ?? key);
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in params ? shown(params[name]) : all));
}

/** @param {unknown} value */
const shown = (value) => (typeof value === "number" ? number(value) : String(value));

/** @param {number} value */
export const number = (value) => new Intl.NumberFormat(current).format(value);

/** The language as the reader's country writes it, where their browser tells which one. */
const locale = () => navigator.languages.find((tag) => tag.startsWith(current)) ?? current;

/** A date and time as people write it. @param {string | null | undefined} iso */
export const moment = (iso) =>
  iso ? new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso)) : "";

/** A date as people write it. @param {string} iso */
export const day = (iso) => new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(iso));

/** How long ago, or until when. @param {string} iso */
export function ago(iso) {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(current, { numeric: "auto" });
  for (const [unit, size] of /** @type {const} */ ([
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ]))
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  return format.format(Math.round(seconds), "second");
}

/** A size of a file. @param {number} bytes */
export function size(bytes) {
  const [unit, divisor] = bytes < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  const format = { style: "unit", unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(current, /** @type {any} */ (format)).format(bytes / Number(divisor));
}
