// One person on the platform: everything about them, and whether they may come in. Knows no list.

import { ask } from "../api.js";
import { href } from "../routes.js";
import { moment, t } from "../texts.js";
import { Badge, Button, Confirm, Dialog, Note, toast } from "../ui.js";
import { html } from "../vendor/preact.js";
import { Facts } from "./lists.js";
import { isolated, kindOf, languageName, nameOf } from "./words.js";

/**
 * @param {{user: any, isMe: boolean, close: () => void, change: () => void}} props `isMe`: nobody locks themselves out;
 *   `change`: disable them, or let them in again
 */
export function UserDetails({ user, isMe, close, change }) {
  const { state, role } = user;
  const groups = user.student_groups.map((/** @type {any} */ group) => group.name).join(", ");
  return html`<${Dialog} title=${nameOf(user)} close=${close}>
    <div class="body stack">
      <p class="row">
        <${Badge} kind=${kindOf(state)}>${t(`users.state.${state}`)}<//>
        ${role === "admin" && html`<${Badge}>${t("users.role.admin")}<//>`}
      </p>
      <${Facts}
        facts=${[
          [t("people.email"), user.email],
          [t("people.organisation"), user.organisation?.name],
          [t("people.student_groups"), groups],
          [t("people.label"), user.label?.name],
          [t("people.team"), user.team?.name],
          [t("people.language"), languageName(user.language)],
          [t("users.role.title"), t(`users.role.${role}`)],
          [t("users.added"), moment(user.created_at)],
          [t("users.activated"), moment(user.activated_at)],
        ]}
      />
      ${state === "invited" && html`<${Note}><p>${t("users.is_invited")}</p><//>`}
    </div>
    <footer>
      ${
        state === "invited" &&
        html`<a class="button" href=${href(["invitations"], { q: user.email })}>${t("users.invitation")}</a>`
      }
      ${
        state !== "invited" &&
        !isMe &&
        html`<${Button} onClick=${change}>${t(state === "active" ? "users.disable" : "users.enable")}<//>`
      }
      <${Button} kind="primary" onClick=${close}>${t("close")}<//>
    </footer>
  <//>`;
}

/** @param {{user: any, done: (user: any) => void, close: () => void}} props */
export function ChangeUser({ user, done, close }) {
  const isActive = user.state === "active";
  const who = isolated(nameOf(user));
  const change = async () => {
    done(await ask("PATCH", `/users/${user.id}`, { body: { state: isActive ? "disabled" : "active" } }));
    toast(t(isActive ? "users.disabled" : "users.enabled", { who }));
  };
  const title = t(isActive ? "users.disable_title" : "users.enable_title");
  const yes = t(isActive ? "users.disable" : "users.enable");
  return html`<${Confirm} title=${title} yes=${yes} isDangerous=${isActive} action=${change} close=${close}>
    <p>${t(isActive ? "users.disable_means" : "users.enable_means", { who })}</p>
  <//>`;
}
