// One's own password: the old one, the new one. The service ends every session then; this one begins anew at once.

import { ask, signIn } from "../../api.js";
import { NewPassword } from "../../password.js";
import { t } from "../../texts.js";
import { Button, Field, ProblemNote, toast, useAction } from "../../ui.js";
import { html, useState } from "../../vendor/preact.js";

/** @param {{platform: any, user: any}} props */
export function OwnPassword({ platform, user }) {
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const [run, isBusy, problem] = useAction(async () => {
    await ask("PUT", "/password", { body: { old_password: old, password } });
    await signIn({ platform: platform.subdomain, email: user.email, password });
    setOld("");
    setPassword("");
    toast(t("password.changed"));
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  const about = [user.email, user.first_name ?? "", user.last_name ?? ""];
  return html`<form class="card form" onSubmit=${submit}>
    <input hidden type="email" autocomplete="username" value=${user.email} />
    <p class="quiet">${t("password.explained")}</p>
    <${ProblemNote} problem=${problem?.errors.length ? null : problem} />
    <${Field}
      label=${t("password.old")}
      type="password"
      autocomplete="current-password"
      required
      value=${old}
      error=${problem?.about("/old_password")}
      onInput=${(/** @type {any} */ event) => setOld(event.target.value)}
    />
    <${NewPassword}
      label=${t("password.new")}
      value=${password}
      change=${setPassword}
      about=${about}
      error=${problem?.about("/password")}
    />
    <${Button} type="submit" kind="primary" isBusy=${isBusy}>${t("password.change")}<//>
  </form>`;
}
