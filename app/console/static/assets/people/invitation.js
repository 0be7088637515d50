// One invitation: everything about it, and what can be done with it. Knows no list.

import { ask, newKey } from "../api.js";
import { href } from "../routes.js";
import { moment, t } from "../texts.js";
import { Badge, Button, Confirm, Dialog, toast, useAsk } from "../ui.js";
import { html, useRef } from "../vendor/preact.js";
import { Facts } from "./lists.js";
import { isolated, kindOf, languageName, mailWords, nameOf, whenOf } from "./words.js";

const UNSENT = ["queued", "sending", "held"];

/** Whether an invitation can be sent again or withdrawn. @param {any} invitation */
export const isOpen = ({ state }) => state === "pending" || state === "expired";

/** Whether its mail has yet to leave. @param {any} invitation */
const isUnsent = ({ delivery }) => UNSENT.includes(delivery?.state);

/** What sending it would be called. @param {any} invitation */
export const sending = (invitation) => t(isUnsent(invitation) ? "invitations.send" : "invitations.resend");

/**
 * @param {{invitation: any, close: () => void, choose: (what: string) => void}} props `choose`: `resend` or `revoke`
 */
export function InvitationDetails({ invitation, close, choose }) {
  const { state, import_id, delivery, generation, expires_at, message } = invitation;
  const { data: source } = useAsk(import_id && `/imports/${import_id}`);
  const from =
    import_id && html`<a href=${href(["import", import_id])}>${source?.file.name ?? t("invitations.an_import")}</a>`;
  return html`<${Dialog} title=${nameOf(invitation)} close=${close}>
    <div class="body stack">
      <p class="row">
        <${Badge} kind=${kindOf(state)}>${t(`invitations.state.${state}`)}<//>
        <span>${whenOf(invitation)}</span>
      </p>
      <${Facts}
        facts=${[
          [t("people.email"), invitation.email],
          [t("people.organisation"), invitation.organisation],
          [t("people.student_groups"), invitation.student_groups.join(", ")],
          [t("people.label"), invitation.label],
          [t("people.team"), invitation.team],
          [t("people.language"), languageName(invitation.language)],
          [
            t("invitations.inviter"),
            t("invitations.invited_by", { who: isolated(invitation.inviter), when: moment(invitation.created_at) }),
          ],
          [t("invitations.import"), from],
          [t("invitations.expires"), expires_at ? moment(expires_at) : t("invitations.expires_later")],
          [t("invitations.message"), message && html`<span class="message" dir="auto">${message}</span>`],
          [t("invitations.mail"), html`<${MailFacts} delivery=${delivery} generation=${generation} />`],
        ]}
      />
    </div>
    ${
      isOpen(invitation) &&
      html`<footer>
        <${Button} onClick=${() => choose("revoke")}>${t("invitations.revoke")}<//>
        <${Button} kind="primary" onClick=${() => choose("resend")}>${sending(invitation)}<//>
      </footer>`
    }
  <//>`;
}

/** @param {{delivery: any, generation: number}} props */
function MailFacts({ delivery, generation }) {
  return html`<span>${mailWords(delivery)}</span>
    ${delivery?.sent_at && html` <span class="quiet">${moment(delivery.sent_at)}</span>`}
    ${delivery?.last_error?.detail && html` <q class="quiet" dir="auto">${delivery.last_error.detail}</q>`}
    ${generation > 1 && html` <span class="quiet">${t("invitations.generation", { count: generation })}</span>`} `;
}

/** @param {{invitation: any, done: (invitation: any) => void, close: () => void}} props */
export function ResendInvitation({ invitation, done, close }) {
  const key = useRef(newKey());
  const [title, means] = isUnsent(invitation) ? ["send_title", "send_waiting"] : ["resend_title", "resend_again"];
  const who = isolated(nameOf(invitation));
  const send = () => change(invitation, "resend", done, key.current).then(() => toast(t("invitations.sent", { who })));
  return html`<${Confirm} title=${t(`invitations.${title}`)} yes=${sending(invitation)} action=${send} close=${close}>
    <p>${t(`invitations.${means}`, { who, email: isolated(invitation.email) })}</p>
  <//>`;
}

/** @param {{invitation: any, done: (invitation: any) => void, close: () => void}} props */
export function RevokeInvitation({ invitation, done, close }) {
  const who = isolated(nameOf(invitation));
  const revoke = () => change(invitation, "revoke", done).then(() => toast(t("invitations.revoked", { who })));
  return html`<${Confirm}
    title=${t("invitations.revoke_title")}
    yes=${t("invitations.revoke")}
    isDangerous=${true}
    action=${revoke}
    close=${close}
  >
    <p>${t(isUnsent(invitation) ? "invitations.revoke_waiting" : "invitations.revoke_sent", { who })}</p>
    <p>${t("invitations.revoke_again")}</p>
  <//>`;
}

/**
 * Do something with an invitation. Where that is refused, somebody else was quicker: show how it stands now.
 * @param {any} invitation @param {string} what @param {(invitation: any) => void} done @param {string} [key]
 */
async function change(invitation, what, done, key) {
  const path = `/invitations/${invitation.id}`;
  try {
    done(await ask("POST", `${path}/${what}`, { key }));
  } catch (error) {
    ask("GET", path).then(done, () => {});
    throw error;
  }
}
