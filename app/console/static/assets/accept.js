// The page behind the link of an invitation. Opening it changes nothing: only sending the form accepts.

import { ask, Problem } from "./api.js";
import { Heading, isDead, Lost, showPage, token, useLink } from "./pages.js";
import { NewPassword } from "./password.js";
import { moment, preferred, t } from "./texts.js";
import { Button, Field, ProblemNote } from "./ui.js";
import { html, useState } from "./vendor/preact.js";

/** @param {{welcome: any}} props what the link is for */
function Accept({ welcome }) {
  const [stage, setStage] = useState(/** @type {"welcome" | "done" | "dead"} */ ("welcome"));
  if (stage === "dead") return html`<${Dead} />`;
  if (stage === "done") return html`<${Accepted} welcome=${welcome} />`;
  return html`<${Welcome} welcome=${welcome} ended=${setStage} />`;
}

/** @param {{welcome: any, ended: (stage: "done" | "dead") => void}} props */
function Welcome({ welcome, ended }) {
  const [password, setPassword] = useState("");
  const [first, setFirst] = useState(welcome.first_name ?? "");
  const [last, setLast] = useState(welcome.last_name ?? "");
  const bodyOf = () => ({ password, first_name: first.trim() || null, last_name: last.trim() || null });
  const [run, isBusy, problem] = useLink("/invitations/accept", bodyOf, ended);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  const about = (/** @type {string} */ name) => problem?.about(`/${name}`);
  const isUnknown = !welcome.first_name || !welcome.last_name;
  const name = (
    /** @type {string} */ field,
    /** @type {string} */ value,
    /** @type {(value: string) => void} */ set,
    /** @type {string} */ kind,
  ) =>
    html`<${Field}
      label=${t(`accept.${field}`)}
      name=${field}
      autocomplete=${kind}
      maxlength="100"
      error=${about(field)}
      autofocus=${field === "first_name"}
      value=${value}
      onInput=${(/** @type {any} */ event) => set(event.target.value)}
    />`;
  const inviter = welcome.inviter === welcome.platform ? "accept.intro_own" : "accept.intro";
  return html`<form onSubmit=${submit}>
    <${Heading} title=${t("accept.title")}>${t("accept.heading", welcome)}<//>
    <p>${t(inviter, welcome)}</p>
    <${ProblemNote} problem=${problem?.errors.length ? null : problem} />
    <${Field}
      label=${t("accept.email")}
      type="email"
      name="email"
      autocomplete="username"
      readonly
      value=${welcome.email}
    />
    ${
      isUnknown &&
      html`<div class="pair">
        ${name("first_name", first, setFirst, "given-name")}${name("last_name", last, setLast, "family-name")}
      </div>`
    }
    <${NewPassword}
      label=${t("accept.password")}
      name="password"
      autofocus=${!isUnknown}
      value=${password}
      change=${setPassword}
      about=${[welcome.email, first, last]}
      error=${about("password")}
    />
    <${Button} type="submit" kind="primary wide" isBusy=${isBusy}>${t("accept.submit")}<//>
    ${welcome.expires_at && html`<p class="help">${t("accept.until", { until: moment(welcome.expires_at) })}</p>`}
  </form>`;
}

/** @param {{welcome: any}} props */
const Accepted = ({ welcome }) =>
  html`<${Heading} title=${t("accept.done_heading")}>${t("accept.done_heading")}<//>
    <p>${t("accept.done", welcome)}</p>
    ${
      welcome.after_accept_url &&
      html`<p>
        <a class="button primary wide" href=${welcome.after_accept_url}>${t("accept.continue", welcome)}</a>
      </p>`
    }`;

const Dead = () =>
  html`<${Heading} title=${t("accept.dead_heading")}>${t("accept.dead_heading")}<//>
    <p>${t("accept.dead_intro")}</p>
    <ul class="reasons">
      <li>${t("accept.dead_used")}</li>
      <li>${t("accept.dead_newer")}</li>
      <li>${t("accept.dead_over")}</li>
      <li>${t("accept.dead_cut")}</li>
    </ul>`;

try {
  const welcome = await ask("POST", "/invitations/inspect", { body: { token } });
  await showPage(Accept, { welcome }, welcome.language);
} catch (problem) {
  if (!(problem instanceof Problem)) throw problem;
  await showPage(isDead(problem) ? Dead : Lost, { problem }, preferred());
}
