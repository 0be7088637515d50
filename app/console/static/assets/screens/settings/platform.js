// The settings of the platform, as a form. Sends only what was changed.

import { ask } from "../../api.js";
import { LANGUAGES, t } from "../../texts.js";
import { Button, Field, ProblemNote, toast, useAction } from "../../ui.js";
import { html, useState } from "../../vendor/preact.js";

/** @param {{platform: any, changed: (platform: any) => void}} props */
export function PlatformSettings({ platform, changed }) {
  const [form, setForm] = useState(platform);
  const [run, isBusy, problem] = useAction(async () => {
    const changes = changesOf(platform, form);
    if (Object.keys(changes).length === 0) return toast(t("settings.unchanged"));
    const saved = await ask("PATCH", "/platform", { body: changes });
    setForm(saved);
    changed(saved);
    toast(t("settings.saved"));
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  const set = (/** @type {string} */ name, /** @type {any} */ value) => setForm({ ...form, [name]: value });
  const field = (/** @type {string} */ name) => ({
    name,
    label: t(`settings.${name}`),
    help: t(`settings.${name}_help`),
    error: problem?.about(`/${name}`),
    value: form[name] ?? "",
    onInput: (/** @type {any} */ event) => set(name, event.target.value),
  });
  return html`<form class="card form" onSubmit=${submit}>
    <${ProblemNote} problem=${problem?.errors.length ? null : problem} />
    <${Field} ...${field("name")} required maxlength="200" />
    <${Field} ...${field("sender_name")} required maxlength="200" />
    <${Field} ...${field("default_language")}>
      ${(/** @type {any} */ given) =>
        html`<select ...${given}>
          ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code} lang=${code}>${name}</option>`)}
        </select>`}
    <//>
    <${Field} ...${field("time_zone")} required list="time-zones" autocomplete="off" />
    <datalist id="time-zones">
      ${Intl.supportedValuesOf("timeZone").map((zone) => html`<option value=${zone}></option>`)}
    </datalist>
    <${Field} ...${field("invitation_days")} type="number" min="1" max="30" required inputmode="numeric" />
    <${Field} ...${field("after_accept_url")} type="url" placeholder="https://" />
    <${Field} ...${field("subdomain")} readonly />
    <${Button} type="submit" kind="primary" isBusy=${isBusy}>${t("settings.save")}<//>
  </form>`;
}

/** What a form changes of the settings, as the API takes it. @param {any} before @param {any} form */
function changesOf(before, form) {
  const said = {
    ...form,
    invitation_days: Number(form.invitation_days),
    after_accept_url: form.after_accept_url || null,
  };
  return Object.fromEntries(Object.entries(said).filter(([name, value]) => value !== before[name]));
}
