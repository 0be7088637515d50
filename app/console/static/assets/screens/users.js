// Who is on the platform. Keeps its filters in the address; adds nobody itself.

import { Chips, People, Search, useFilters } from "../people/lists.js";
import { ChangeUser, UserDetails } from "../people/user.js";
import { kindOf, nameOf } from "../people/words.js";
import { href } from "../routes.js";
import { t } from "../texts.js";
import { Badge, Empty, useList } from "../ui.js";
import { html, useState } from "../vendor/preact.js";
import { InviteButton } from "./invite.js";

/** @type {Record<string, any>} */
const USER_DIALOGS = { details: UserDetails, change: ChangeUser };
const USER_STATES = ["invited", "active", "disabled"];

/** @param {{query: URLSearchParams, platform: any, user: any}} props `user`: who looks */
export function UsersScreen({ query, platform, user: me }) {
  const [filters, filter] = useFilters("users", query, ["q", "state"]);
  const list = useList("/users", filters);
  const [open, setOpen] = useState(/** @type {{what: string, id: string} | null} */ (null));
  const chosen = open && list.items?.find((item) => item.id === open.id);
  const Chosen = USER_DIALOGS[open?.what ?? "details"];
  const given = {
    close: () => setOpen(null),
    change: () => setOpen(open && { ...open, what: "change" }),
    done: list.replace,
  };
  const states = USER_STATES.map((state) => /** @type {[string, string]} */ ([state, t(`users.state.${state}`)]));
  const line = (/** @type {any} */ item) =>
    html`<${UserLine} key=${item.id} user=${item} look=${() => setOpen({ what: "details", id: item.id })} />`;
  return html`<div class="head">
      <h1>${t("menu.users")}</h1>
      <${InviteButton} platform=${platform} done=${list.reload} />
    </div>
    <${Search}
      label=${t("people.search")}
      value=${filters.q}
      search=${(/** @type {string} */ q) => filter({ q }, { replace: true })}
    />
    <div class="filter-lines">
      <${Chips}
        label=${t("users.by_state")}
        choices=${states}
        chosen=${filters.state}
        choose=${(/** @type {string} */ state) => filter({ state })}
      />
    </div>
    <${People} list=${list} label=${t("menu.users")} line=${line} empty=${html`<${NoUsers} />`} />
    ${chosen && html`<${Chosen} user=${chosen} isMe=${chosen.id === me.id} ...${given} />`}`;
}

/** @param {{user: any, look: () => void}} props */
function UserLine({ user, look }) {
  const { state, role, email, organisation, label } = user;
  const name = nameOf(user);
  const groups = user.student_groups.map((/** @type {any} */ group) => group.name).join(", ");
  return html`<li class="line user">
    <div class="who">
      <button type="button" class="link name" onClick=${look}><bdi>${name}</bdi></button>
      ${name !== email && html`<span class="quiet"><bdi>${email}</bdi></span>`}
    </div>
    <div class="where"><bdi>${organisation?.name}</bdi></div>
    <div class="more quiet" dir="auto">${[label?.name, groups].filter(Boolean).join(" · ")}</div>
    <div class="state">
      <${Badge} kind=${kindOf(state)}>${t(`users.state.${state}`)}<//>
      ${role === "admin" && html`<${Badge}>${t("users.role.admin")}<//>`}
    </div>
  </li>`;
}

/** There is always the administrator who looks: an empty list is one that was searched. */
const NoUsers = () =>
  html`<${Empty} title=${t("users.none_found")}>
    <p>${t("people.none_found_help")}</p>
    <p><a class="button" href=${href(["users"])}>${t("people.show_all")}</a></p>
  <//>`;
