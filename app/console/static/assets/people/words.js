// What people, invitations and their mails are called in words. Draws nothing and asks nobody.

import { ago, day, language, t } from "../texts.js";

/** A person's name as it is shown; their address where they have none. @param {any} person */
export const nameOf = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ") || person.email;

/** A name inside a sentence, whichever way it is written. @param {string} name */
export const isolated = (name) => `\u2068${name}\u2069`;

/** The name of a language, in the language of the console. @param {string} code */
export const languageName = (code) => new Intl.DisplayNames([language()], { type: "language" }).of(code) ?? code;

/** How long ago; nobody counts seconds. @param {string} iso */
const since = (iso) => (Date.now() - Date.parse(iso) < 60_000 ? t("people.just_now") : ago(iso));

/** @type {Record<string, string>} the badge of a state */
const BADGES = {
  pending: "info",
  accepted: "good",
  expired: "warning",
  invited: "info",
  active: "good",
  queued: "info",
  sending: "info",
  sent: "good",
  failed: "danger",
  held: "warning",
};

/** The colour of a state of an invitation, a mail or a user. @param {string} state */
export const kindOf = (state) => BADGES[state] ?? "plain";

/** Since when, or how long, an invitation is in its state. @param {any} invitation */
export function whenOf({ state, created_at, accepted_at, revoked_at, expires_at }) {
  if (state === "accepted") return since(accepted_at);
  if (state === "revoked") return since(revoked_at);
  if (expires_at) return t(`invitations.until.${state}`, { when: day(expires_at) });
  return t("invitations.since", { when: since(created_at) });
}

/** @type {Record<string, string>} what a mail server's answer means, by the code of the error */
const REASONS = {
  address_invalid: "address",
  smtputf8_unsupported: "address",
  smtp_550: "unknown",
  smtp_551: "unknown",
  smtp_553: "unknown",
  smtp_452: "full",
  smtp_552: "full",
  timeout: "silent",
  connection_lost: "silent",
  bad_reply: "silent",
};

/** Why a mail did not leave. @param {{code: string} | null} error */
function whyNot(error) {
  const [, number] = /^smtp_(\d+)$/.exec(error?.code ?? "") ?? [];
  return t(`people.why.${REASONS[error?.code ?? ""] ?? (number ? "refused" : "ours")}`, { code: number });
}

/** The state of an invitation's mail in a sentence. @param {any} delivery */
export function mailWords(delivery) {
  if (!delivery) return t("people.mail.none");
  const { state, last_error: error, sent_at } = delivery;
  if (state === "sent") return t("people.mail.sent", { when: since(sent_at) });
  if (state === "failed") return t("people.mail.failed", { why: whyNot(error) });
  if (state === "queued" && error) return t("people.mail.again", { why: whyNot(error) });
  return t(`people.mail.${state}`);
}

/** The codes with words of their own that the service may give for somebody of a list. */
const REFUSALS = new Set(["already_a_user", "already_invited", "email_invalid"]);

/** Why somebody was not invited. @param {string} code */
export const refusal = (code) => t(`invite.why.${REFUSALS.has(code) ? code : "other"}`);
