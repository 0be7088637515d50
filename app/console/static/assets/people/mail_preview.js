// The mail as it will be read, following what is typed. Stores and sends nothing.

import { ask, Problem } from "../api.js";
import { t } from "../texts.js";
import { html, useEffect, useState } from "../vendor/preact.js";
import { useSettled } from "./combobox.js";
import { MailFrame } from "./mail_frame.js";

const WRITING_PAUSE = 400; // ms without a key before the mail is written anew

/** @param {{language: string, message: string, first_name?: string}} props */
export function MailPreview({ language, message, first_name }) {
  const [mail, setMail] = useState(/** @type {{subject: string, html: string} | null} */ (null));
  const [isLost, setLost] = useState(false);
  const text = useSettled(message.trim(), WRITING_PAUSE);
  useEffect(() => {
    const aborting = new AbortController();
    const body = { language, message: text || undefined, first_name };
    ask("POST", "/invitations/preview", { body, signal: aborting.signal }).then(
      (written) => (setMail(written), setLost(false)),
      (error) => error instanceof Problem && setLost(true), // the last mail stays in view
    );
    return () => aborting.abort();
  }, [language, text, first_name]);
  return html`<section class="preview" aria-label=${t("invite.preview")}>
    <h3>${t("invite.preview")}</h3>
    ${isLost && html`<p class="help" role="status">${t("invite.preview_lost")}</p>`}
    <p class="subject">
      <span class="quiet">${t("invite.subject")}</span>
      <strong dir="auto">${mail?.subject}</strong>
    </p>
    <${MailFrame} html=${mail?.html ?? ""} title=${t("invite.preview")} />
  </section>`;
}
