// The dialog in which people are invited one by one or several at once, with the mail they will get beside it.
// Decides nothing about anybody: the service says who was invited, who was there already and who could not be.

import { ask, newKey } from "../api.js";
import { AddressField } from "../people/address_field.js";
import { ManyPicker, Picker } from "../people/combobox.js";
import { MailPreview } from "../people/mail_preview.js";
import { languageName, refusal } from "../people/words.js";
import { href } from "../routes.js";
import { LANGUAGES, t } from "../texts.js";
import { Button, Dialog, Field, Note, ProblemNote, toast, useAction } from "../ui.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

/** @typedef {import("../people/addresses.js").Addressee} Addressee */
/**
 * @typedef {object} Draft what was typed
 * @property {Addressee[]} people
 * @property {string} organisation
 * @property {import("../people/combobox.js").Choice[]} student_groups
 * @property {string} label
 * @property {string} team
 * @property {string} language
 * @property {string} message
 */
/** @typedef {{invited: number, skipped: {email: string, code: string}[], rejected: number}} Outcome */

const MOST = 1000; // people in one request
const LONGEST_MESSAGE = 5000;

/** @param {any} platform @returns {Draft} */
const emptyDraft = (platform) => ({
  people: [],
  organisation: "",
  student_groups: [],
  label: "",
  team: "",
  language: platform.default_language,
  message: "",
});

/**
 * The button and its dialog. What was typed is kept when the dialog is closed, until the people are invited.
 * @param {{platform: any, done: () => void}} props `done`: somebody was invited
 */
export function InviteButton({ platform, done }) {
  const [isOpen, setOpen] = useState(false);
  const [draft, setDraft] = useState(() => emptyDraft(platform));
  const change = (/** @type {Partial<Draft>} */ changes) => setDraft((was) => ({ ...was, ...changes }));
  const finish = () => {
    setOpen(false);
    setDraft(emptyDraft(platform));
  };
  return html`<${Button} kind="primary" onClick=${() => setOpen(true)}>${t("invite.open")}<//>
    ${
      isOpen &&
      html`<${InviteDialog}
        draft=${draft}
        change=${change}
        done=${done}
        finish=${finish}
        close=${() => setOpen(false)}
      />`
    } `;
}

/**
 * @param {object} props
 * @param {Draft} props.draft
 * @param {(changes: Partial<Draft>) => void} props.change
 * @param {() => void} props.done somebody was invited
 * @param {() => void} props.finish everybody was
 * @param {() => void} props.close
 */
function InviteDialog({ draft, change, done, finish, close }) {
  const [isTried, setTried] = useState(false);
  const [outcome, setOutcome] = useState(/** @type {Outcome | null} */ (null));
  const posts = useRef(0); // what was new before a post is there after it
  const post = useOnce();
  const errors = errorsOf(draft);
  const form = useRef(/** @type {HTMLElement | null} */ (null));
  const [send, isBusy, problem] = useAction(async () => {
    setTried(true);
    setOutcome(null);
    if (errors.people || errors.organisation) return focusFirstError(form.current);
    const { results } = await post(draft.people.map((person) => invitationOf(person, draft)));
    const sorted = sortOut(results, draft.people);
    posts.current += 1;
    if (sorted.outcome.invited) done();
    if (sorted.outcome.invited === draft.people.length) {
      toast(t("invite.done", { count: sorted.outcome.invited }));
      return finish();
    }
    setTried(false);
    change({ people: sorted.left });
    setOutcome(sorted.outcome);
  });
  const isWrong = draft.people.some((person) => person.problem);
  const count = draft.people.filter((person) => !person.problem).length;
  const shown = isTried ? errors : { people: isWrong ? errors.people : "" };
  return html`<${Dialog} title=${t("invite.title")} close=${close} isWide=${true}>
    <div class="body invite" ref=${form}>
      <div>
        ${outcome && html`<${OutcomeNote} outcome=${outcome} />`}
        <${Form} key=${posts.current} draft=${draft} change=${change} errors=${shown} />
        <${ProblemNote} problem=${problem} retry=${send} />
      </div>
      <${MailPreview} language=${draft.language} message=${draft.message} first_name=${draft.people[0]?.first_name} />
    </div>
    <footer>
      <p class="quiet">${count > 0 && t("invite.means", { count, language: languageName(draft.language) })}</p>
      <${Button} onClick=${close}>${t(outcome ? "close" : "no")}<//>
      <${Button} kind="primary" isBusy=${isBusy} onClick=${send}>
        ${count ? t("invite.send", { count }) : t("invite.open")}
      <//>
    </footer>
  <//>`;
}

/** @param {{draft: Draft, change: (changes: Partial<Draft>) => void, errors: {people?: string, organisation?: string}}}
 *   props */
function Form({ draft, change, errors }) {
  const set = (/** @type {keyof Draft} */ name) => (/** @type {any} */ value) => change({ [name]: value });
  const typed = (/** @type {keyof Draft} */ name) => (/** @type {any} */ event) =>
    change({ [name]: event.target.value });
  return html`<${AddressField} people=${draft.people} change=${set("people")} error=${errors.people} />
    <${Picker}
      label=${t("people.organisation")}
      path="/organisations"
      value=${draft.organisation}
      change=${set("organisation")}
      error=${errors.organisation}
      isRequired=${true}
    />
    <${ManyPicker}
      label=${optional("people.student_groups")}
      path="/student-groups"
      value=${draft.student_groups}
      change=${set("student_groups")}
    />
    <div class="pair">
      <${Picker} label=${optional("people.label")} path="/labels" value=${draft.label} change=${set("label")} />
      <${Picker} label=${optional("people.team")} path="/teams" value=${draft.team} change=${set("team")} />
    </div>
    <${Field} label=${t("invite.language")} onChange=${typed("language")}>
      ${(/** @type {any} */ given) =>
        html`<select ...${given}>
          ${Object.entries(LANGUAGES).map(
            ([code, name]) =>
              html`<option value=${code} lang=${code} selected=${code === draft.language}>${name}</option>`,
          )}
        </select>`}
    <//>
    <${Field} label=${t("invite.message")} value=${draft.message} onInput=${typed("message")}>
      ${(/** @type {any} */ given) =>
        html`<textarea rows="4" maxlength=${LONGEST_MESSAGE} dir="auto" ...${given}></textarea>`}
    <//>
    <p class="row help">
      ${t("invite.many")}
      <a href=${href(["imports"])}>${t("people.import")}</a>
    </p>`;
}

/**
 * What became of everybody, where not all were invited. Takes the focus, so that it is read.
 * @param {{outcome: Outcome}} props
 */
function OutcomeNote({ outcome }) {
  const { invited, skipped, rejected } = outcome;
  const note = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => note.current?.focus(), [outcome]);
  return html`<div class="outcome" tabindex="-1" ref=${note}>
    ${invited > 0 && html`<${Note} kind="good"><p>${t("invite.done", { count: invited })}</p><//>`}
    ${
      skipped.length > 0 &&
      html`<${Note}>
        <p>${t("invite.skipped", { count: skipped.length })}</p>
        <ul>
          ${skipped.map(
            ({ email, code }) =>
              html`<li>
                <bdi>${email}</bdi>
                : ${refusal(code)}
              </li>`,
          )}
        </ul>
      <//>`
    }
    ${rejected > 0 && html`<${Note} kind="warning"><p>${t("invite.rejected", { count: rejected })}</p><//>`}
  </div>`;
}

/** @param {string} key */
const optional = (key) => t("invite.optional", { label: t(key) });

/**
 * What has to be mended before the service is asked.
 * @param {Draft} draft
 * @returns {{people?: string, organisation?: string}}
 */
const errorsOf = ({ people, organisation }) => ({
  people: errorOfPeople(people),
  organisation: organisation.trim() ? "" : t("invite.no_organisation"),
});

/** @param {Addressee[]} people */
function errorOfPeople(people) {
  const wrong = people.filter(({ problem }) => problem).length;
  if (people.length === 0) return t("invite.nobody");
  if (wrong) return t("invite.wrong", { count: wrong });
  return people.length > MOST ? t("invite.too_many", { limit: MOST }) : "";
}

/** @param {HTMLElement | null} form */
const focusFirstError = (form) =>
  requestAnimationFrame(() =>
    /** @type {HTMLElement | null} */ (form?.querySelector('[aria-invalid="true"]'))?.focus(),
  );

/** @param {Addressee} person @param {Draft} draft */
const invitationOf = (
  { email, first_name, last_name },
  { organisation, student_groups, label, team, language, message },
) => ({
  email,
  first_name,
  last_name,
  organisation,
  student_groups: student_groups.map(({ name }) => name),
  label: label.trim() || undefined,
  team: team.trim() || undefined,
  language,
  message: message.trim() || undefined,
});

/**
 * Who was invited, who is there already, and who stays in the form to be mended.
 * @param {{index: number, outcome: string, code: string | null}[]} results @param {Addressee[]} people
 */
function sortOut(results, people) {
  const of = (/** @type {string} */ outcome) => results.filter((result) => result.outcome === outcome);
  const left = of("rejected").map(({ index, code }) => ({ ...people[index], problem: code ?? "other" }));
  const skipped = of("skipped").map(({ index, code }) => ({ email: people[index].email, code: code ?? "" }));
  return { left, outcome: { invited: of("invited").length, skipped, rejected: left.length } };
}

/** Post people so that a retry of the same ones, after an answer that was lost, invites nobody twice. */
function useOnce() {
  const last = useRef({ said: "", key: "" });
  return (/** @type {any[]} */ invitations) => {
    const said = JSON.stringify(invitations);
    if (last.current.said !== said) last.current = { said, key: newKey() };
    return ask("POST", "/invitations/batch", { body: { invitations }, key: last.current.key });
  };
}
