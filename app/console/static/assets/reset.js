// The page behind the link of a mail about a forgotten password. Opening it changes nothing.

import { ask } from "./api.js";
import { Heading, showPage, token, useLink } from "./pages.js";
import { NewPassword } from "./password.js";
import { preferred, t } from "./texts.js";
import { Button, Field, Note, ProblemNote, useAction } from "./ui.js";
import { html, useState } from "./vendor/preact.js";

function Reset() {
  const [stage, setStage] = useState(/** @type {"choose" | "done" | "dead"} */ (token ? "choose" : "dead"));
  if (stage === "dead") return html`<${AskAgain} />`;
  if (stage === "done") return html`<${Saved} />`;
  return html`<${Choose} ended=${setStage} />`;
}

/** @param {{ended: (stage: "done" | "dead") => void}} props */
function Choose({ ended }) {
  const [password, setPassword] = useState("");
  const [run, isBusy, problem] = useLink("/password-resets/complete", () => ({ password }), ended);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<form onSubmit=${submit}>
    <${Heading} title=${t("reset.title")}>${t("reset.heading")}<//>
    <${ProblemNote} problem=${problem?.errors.length ? null : problem} />
    <${NewPassword}
      label=${t("reset.password")}
      name="password"
      autofocus
      value=${password}
      change=${setPassword}
      about=${[]}
      error=${problem?.about("/password")}
    />
    <${Button} type="submit" kind="primary wide" isBusy=${isBusy}>${t("reset.submit")}<//>
  </form>`;
}

const Saved = () =>
  html`<${Heading} title=${t("reset.done_heading")}>${t("reset.done_heading")}<//>
    <p>${t("reset.done")}</p>
    <p><a href="/console/">${t("reset.console")}</a></p>`;

/** The link is of no use: a new one can be asked for here. */
function AskAgain() {
  const [email, setEmail] = useState("");
  const [isAsked, setAsked] = useState(false);
  const [run, isBusy, problem] = useAction(async () => {
    await ask("POST", "/password-resets", { body: { email: email.trim() } });
    setAsked(true);
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`<form onSubmit=${submit}>
    <${Heading} title=${t("reset.dead_heading")}>${t("reset.dead_heading")}<//>
    <div role="status">
      ${isAsked ? html`<${Note} kind="good">${t("reset.asked")}<//>` : html`<p>${t("reset.dead")}</p>`}
    </div>
    <${ProblemNote} problem=${problem} />
    ${
      !isAsked &&
      html`<${Field}
          label=${t("accept.email")}
          type="email"
          autocomplete="username"
          required
          value=${email}
          onInput=${(/** @type {any} */ event) => setEmail(event.target.value)}
        />
        <${Button} type="submit" kind="primary wide" isBusy=${isBusy}>${t("reset.ask")}<//>`
    }
  </form>`;
}

await showPage(Reset, {}, preferred());
