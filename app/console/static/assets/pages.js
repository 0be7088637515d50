// What the pages behind the links in mails share: the token, the words, the frame with its switch of languages.

import { ask, Problem } from "./api.js";
import { keepLanguage, language, loadTexts, preferred, t } from "./texts.js";
import { Button, LanguageSwitch, useAction } from "./ui.js";
import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";

/** What the link carries. It stands behind the `#`: in no log, and in no Referer. */
export const token = location.hash.slice(1);

/** The words most likely wanted come while the service is asked what the link is for. */
const likely = loadTexts(preferred(), "accept");
likely.catch(() => {}); // said where they are shown

/** Take a used token out of the address: to reload or share it would only lead astray. */
const forgetToken = () => history.replaceState(null, "", location.pathname);

/**
 * Use a link up by sending its form; one that no longer works ends `dead`.
 * @param {string} path
 * @param {() => Record<string, unknown>} bodyOf what the form holds
 * @param {(stage: "done" | "dead") => void} ended
 */
export const useLink = (path, bodyOf, ended) =>
  useAction(async () => {
    try {
      await ask("POST", path, { body: { token, ...bodyOf() } });
    } catch (error) {
      if (error instanceof Problem && error.status === 410) return ended("dead");
      throw error;
    }
    forgetToken();
    ended("done");
  });

/** Show a page in a language. @param {any} Content @param {Record<string, any>} given @param {string} wanted */
export async function showPage(Content, given, wanted) {
  await likely;
  if (wanted !== language()) await loadTexts(wanted, "accept");
  const place = /** @type {HTMLElement} */ (document.getElementById("page"));
  render(html`<${Page} Content=${Content} given=${given} />`, place);
}

/** @param {{Content: any, given: Record<string, any>}} props */
function Page({ Content, given }) {
  const [, setLanguage] = useState(language());
  const choose = async (/** @type {string} */ chosen) => {
    await loadTexts(chosen, "accept");
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  return html`<main class="alone">
    <div class="row end"><${LanguageSwitch} choose=${choose} /></div>
    <div class="card"><${Content} ...${given} /></div>
  </main>`;
}

/**
 * The heading of what is shown: reading begins here, unless typing begins somewhere.
 * @param {{title: string, children?: any}} props
 */
export function Heading({ title, children }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (document.activeElement !== document.body) return; // somebody was quicker
    /** @type {HTMLElement | null} */ (document.querySelector("[autofocus]") ?? heading.current)?.focus();
  }, []);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return html`<h1 ref=${heading} tabindex="-1">${children}</h1>`;
}

/** The service did not answer: the page itself is fine, and so is the link. @param {{problem: any}} props */
export const Lost = ({ problem }) =>
  html`<${Heading} title=${t("unreachable.title")}>${t("unreachable.title")}<//>
    <p>${problem.status ? problem.message : t("unreachable.detail")}</p>
    <${Button} kind="primary" onClick=${() => location.reload()}>${t("again")}<//>`;

/** Whether a problem says that the link is of no use, and not that something else went wrong. @param {any} problem */
export const isDead = (problem) => problem.status >= 400 && problem.status < 500 && problem.status !== 429;
