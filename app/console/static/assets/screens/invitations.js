// Who was invited, what became of it and of the mail. Keeps its filters in the address; invites nobody itself.

import { ask } from "../api.js";
import { InvitationDetails, isOpen, ResendInvitation, RevokeInvitation, sending } from "../people/invitation.js";
import { Chips, People, Search, useFilters } from "../people/lists.js";
import { kindOf, mailWords, nameOf, whenOf } from "../people/words.js";
import { href } from "../routes.js";
import { t } from "../texts.js";
import { Badge, Button, Empty, useList } from "../ui.js";
import { html, useEffect, useState } from "../vendor/preact.js";
import { InviteButton } from "./invite.js";

/** @type {Record<string, any>} */
const INVITATION_DIALOGS = { details: InvitationDetails, resend: ResendInvitation, revoke: RevokeInvitation };
const INVITATION_STATES = ["pending", "accepted", "expired", "revoked"];
const MAILS = ["queued", "sent", "failed", "held"];
const FILTERS = ["q", "state", "delivery", "import_id"];
const WATCHED = 10; // mails on their way whose lines are kept fresh

/** @param {{query: URLSearchParams, platform: any}} props */
export function InvitationsScreen({ query, platform }) {
  const [filters, filter] = useFilters("invitations", query, FILTERS);
  const list = useList("/invitations", filters);
  const [open, setOpen] = useState(/** @type {{what: string, id: string} | null} */ (null));
  useMovingMails(list);
  const close = () => setOpen(null);
  const chosen = open && list.items?.find((item) => item.id === open.id);
  const Chosen = INVITATION_DIALOGS[open?.what ?? "details"];
  const choose = (/** @type {string} */ what) => setOpen(open && { ...open, what });
  const line = (/** @type {any} */ item) =>
    html`<${InvitationLine}
      key=${item.id}
      invitation=${item}
      choose=${(/** @type {string} */ what) => setOpen({ what, id: item.id })}
    />`;
  return html`<div class="head">
      <h1>${t("menu.invitations")}</h1>
      <${InviteButton} platform=${platform} done=${list.reload} />
    </div>
    <${Search}
      label=${t("people.search")}
      value=${filters.q}
      search=${(/** @type {string} */ q) => filter({ q }, { replace: true })}
    />
    <${Filters} filters=${filters} filter=${filter} />
    <${People}
      list=${list}
      label=${t("menu.invitations")}
      line=${line}
      empty=${html`<${NoInvitations} filters=${filters} />`}
    />
    ${chosen && html`<${Chosen} invitation=${chosen} close=${close} done=${list.replace} choose=${choose} />`}`;
}

/** @param {{filters: Record<string, string>, filter: (changes: Record<string, string>) => void}} props */
function Filters({ filters, filter }) {
  const states = INVITATION_STATES.map((state) => /** @type {[string, string]} */ ([state, t(`invitations.state.${state}`)]));
  const mails = MAILS.map((state) => /** @type {[string, string]} */ ([state, t(`invitations.mails.${state}`)]));
  const choose = (/** @type {string} */ name) => (/** @type {string} */ value) => filter({ [name]: value });
  return html`<div class="filter-lines">
    <${Chips} label=${t("invitations.by_state")} choices=${states} chosen=${filters.state} choose=${choose("state")} />
    <${Chips}
      label=${t("invitations.by_mail")}
      choices=${mails}
      chosen=${filters.delivery}
      choose=${choose("delivery")}
    />
    ${
      filters.import_id &&
      html`<${Chips}
        label=${t("invitations.by_import")}
        choices=${[[filters.import_id, t("invitations.one_import")]]}
        chosen=${filters.import_id}
        choose=${choose("import_id")}
      />`
    }
  </div>`;
}

/** @param {{invitation: any, choose: (what: string) => void}} props */
function InvitationLine({ invitation, choose }) {
  const { state, email, organisation, delivery } = invitation;
  const name = nameOf(invitation);
  const action = (/** @type {string} */ what, /** @type {string} */ words) => {
    const label = t("invitations.of", { what: words, who: name });
    return html`<button type="button" class="button small" aria-label=${label} onClick=${() => choose(what)}>
      ${words}
    </button>`;
  };
  return html`<li class="line invitation">
    <div class="who">
      <button type="button" class="link name" onClick=${() => choose("details")}><bdi>${name}</bdi></button>
      ${name !== email && html`<span class="quiet"><bdi>${email}</bdi></span>`}
    </div>
    <div class="where"><bdi>${organisation}</bdi></div>
    <div class="state">
      <${Badge} kind=${kindOf(state)}>${t(`invitations.state.${state}`)}<//>
      <span class="quiet">${whenOf(invitation)}</span>
    </div>
    <div class=${`mail ${delivery?.state ?? ""}`}>${mailWords(delivery)}</div>
    <div class="actions">
      ${
        isOpen(invitation) &&
        html` ${action("resend", sending(invitation))}${action("revoke", t("invitations.revoke"))} `
      }
    </div>
  </li>`;
}

/** @param {{filters: Record<string, string>}} props */
function NoInvitations({ filters }) {
  if (Object.values(filters).some(Boolean))
    return html`<${Empty} title=${t("invitations.none_found")}>
      <p>${t("people.none_found_help")}</p>
      <p><a class="button" href=${href(["invitations"])}>${t("people.show_all")}</a></p>
    <//>`;
  return html`<${Empty} title=${t("invitations.none")}>
    <p>${t("invitations.none_help")}</p>
    <p><a class="button" href=${href(["imports"])}>${t("people.import")}</a></p>
  <//>`;
}

/**
 * Look after the mails that are on their way, in ever longer steps, until they have arrived.
 * @param {ReturnType<typeof useList>} list
 */
function useMovingMails({ items, replace }) {
  const moving = (items ?? []).filter(({ delivery }) => delivery?.state === "queued" || delivery?.state === "sending");
  const watched = moving.slice(0, WATCHED).map(({ id }) => id);
  useEffect(() => {
    let wait = 1000;
    let timer = setTimeout(look, wait);
    async function look() {
      // What cannot be asked now is asked at the next look.
      if (!document.hidden) for (const id of watched) await ask("GET", `/invitations/${id}`).then(replace, () => {});
      wait = Math.min(wait * 1.5, 30_000);
      timer = setTimeout(look, wait);
    }
    if (!watched.length) clearTimeout(timer);
    return () => clearTimeout(timer);
  }, [watched.join()]);
}
