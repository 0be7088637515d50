// Signing in, for the first time or again, and asking for a link where a password was forgotten. Knows no other screen.

import { ask, IS_ELSEWHERE, Problem, signIn } from "../api.js";
import { t } from "../texts.js";
import { Button, Field, LanguageSwitch, Note, ProblemNote, useAction } from "../ui.js";
import { html, useState } from "../vendor/preact.js";

/** The platform an address asks for: `?platform=acme`. */
const asked = () => new URLSearchParams(location.search).get("platform") ?? "";

/**
 * @param {{entered: () => Promise<void>, choose?: (language: string) => void, again?: {platform: any, user: any}}}
 *   props
 *   `again`: whose session ended in the middle; then this stands in a dialog
 */
export function SignIn({ entered, choose, again }) {
  const [email, setEmail] = useState(again?.user.email ?? "");
  const [platform, setPlatform] = useState(again?.platform.subdomain ?? asked());
  const [hasForgotten, setForgotten] = useState(false);
  const who = { email, setEmail, platform, setPlatform, isAgain: Boolean(again) };
  const form = hasForgotten
    ? html`<${Forgotten} ...${who} back=${() => setForgotten(false)} />`
    : html`<${Password} ...${who} entered=${entered} forgot=${() => setForgotten(true)} />`;
  if (again) return html`<div class="body">${form}</div>`;
  return html`<main class="alone">
    <div class="row spread">
      <p class="brand">Rollcall</p>
      <${LanguageSwitch} choose=${choose} />
    </div>
    <div class="card">${form}</div>
  </main>`;
}

/**
 * @typedef {{email: string, setEmail: (email: string) => void, platform: string, setPlatform: (platform: string) =>
 *   void, isAgain: boolean}} Who
 */

/** @param {Who & {entered: () => Promise<void>, forgot: () => void}} props */
function Password({ entered, forgot, ...who }) {
  const [password, setPassword] = useState("");
  const [run, isBusy, problem] = useAction(async () => {
    const platform = who.platform.trim() || undefined;
    await signIn({ platform, email: who.email.trim(), password });
    await entered();
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<form onSubmit=${submit}>
    ${who.isAgain ? html`<p>${t("sign_in.again")}</p>` : html`<h1>${t("sign_in.title")}</h1>`}
    <${ProblemNote} problem=${problem} />
    <${Address} ...${who} hasFailed=${problem instanceof Problem && problem.code === "sign_in_failed"} />
    <${Field}
      label=${t("sign_in.password")}
      type="password"
      autocomplete="current-password"
      required
      autofocus=${Boolean(who.email)}
      value=${password}
      onInput=${(/** @type {any} */ event) => setPassword(event.target.value)}
    />
    <div class="row spread">
      <${Button} type="submit" kind="primary" isBusy=${isBusy}>${t("sign_in.enter")}<//>
      <button type="button" class="link" onClick=${forgot}>${t("sign_in.forgot")}</button>
    </div>
  </form>`;
}

/** @param {Who & {back: () => void}} props */
function Forgotten({ back, ...who }) {
  const [isAsked, setAsked] = useState(false);
  const [run, isBusy, problem] = useAction(async () => {
    const platform = who.platform.trim() || undefined;
    await ask("POST", "/password-resets", { body: { platform, email: who.email.trim() } });
    setAsked(true);
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<form onSubmit=${submit}>
    ${who.isAgain ? html`<h3>${t("sign_in.forgotten.title")}</h3>` : html`<h1>${t("sign_in.forgotten.title")}</h1>`}
    <div role="status">${isAsked && html`<${Note} kind="good">${t("sign_in.forgotten.done")}<//>`}</div>
    ${!isAsked && html`<p>${t("sign_in.forgotten.explained")}</p>`}
    <${ProblemNote} problem=${problem} />
    ${!isAsked && html`<${Address} ...${who} />`}
    <div class="row spread">
      ${!isAsked && html`<${Button} type="submit" kind="primary" isBusy=${isBusy}>${t("sign_in.forgotten.send")}<//>`}
      <button type="button" class="link" onClick=${back}>${t("sign_in.forgotten.back")}</button>
    </div>
  </form>`;
}

/**
 * The address, and the platform where the address of the page does not tell it.
 * @param {Who & {hasFailed?: boolean}} props
 */
function Address({ email, setEmail, platform, setPlatform, isAgain, hasFailed = false }) {
  const [isWanted, setWanted] = useState(IS_ELSEWHERE || platform !== "");
  return html`<${Field}
      label=${t("sign_in.email")}
      type="email"
      autocomplete="username"
      required
      autofocus=${!email}
      readonly=${isAgain}
      value=${email}
      onInput=${(/** @type {any} */ event) => setEmail(event.target.value)}
    />
    ${
      !isAgain &&
      isWanted &&
      html`<${Field}
        label=${t("sign_in.platform")}
        help=${t("sign_in.platform_help")}
        autocomplete="organization"
        autocapitalize="none"
        spellcheck=${false}
        value=${platform}
        onInput=${(/** @type {any} */ event) => setPlatform(event.target.value)}
      />`
    }
    ${
      hasFailed &&
      !isWanted &&
      html`<p>
        <button type="button" class="link" onClick=${() => setWanted(true)}>${t("sign_in.other_platform")}</button>
      </p>`
    }`;
}
