// The keys of the platform: list, make, revoke. A key itself is shown once, right after it was made.

import { ask } from "../../api.js";
import { moment, t } from "../../texts.js";
import {
  Badge,
  Button,
  Confirm,
  Dialog,
  Empty,
  Field,
  Loading,
  ProblemNote,
  toast,
  useAction,
  useList,
} from "../../ui.js";
import { html, useRef, useState } from "../../vendor/preact.js";

const SCOPES = ["read", "invite", "import", "admin"];

export function Keys() {
  const { items, problem, more, reload } = useList("/api-keys");
  const [isNew, setNew] = useState(false);
  const [revoked, setRevoked] = useState(/** @type {any} */ (null));
  const [showMore, isBusy] = useAction(more ?? (async () => {}));
  return html`<div class="head">
      <p class="quiet form">${t("keys.explained")}</p>
      <${Button} kind="primary" onClick=${() => setNew(true)}>${t("keys.new")}<//>
    </div>
    <${ProblemNote} problem=${problem} retry=${reload} />
    ${!items && !problem && html`<${Loading} />`}
    ${
      items?.length === 0 &&
      html`<div class="card">
        <${Empty} title=${t("keys.empty")}><p>${t("keys.empty_help")}</p><//>
      </div>`
    }
    ${items && items.length > 0 && html`<${KeyList} keys=${items} revoke=${setRevoked} />`}
    ${more && html`<p class="row center"><${Button} isBusy=${isBusy} onClick=${showMore}>${t("keys.more")}<//></p>`}
    ${isNew && html`<${NewKey} made=${reload} close=${() => setNew(false)} />`}
    ${revoked && html`<${Revoke} of=${revoked} done=${reload} close=${() => setRevoked(null)} />`}`;
}

/** @param {{keys: any[], revoke: (key: any) => void}} props */
const KeyList = ({ keys, revoke }) =>
  html`<div class="table lines">
    <table>
      <thead>
        <tr>
          <th scope="col">${t("keys.name")}</th>
          <th scope="col">${t("keys.may")}</th>
          <th scope="col">${t("keys.created")}</th>
          <th scope="col">${t("keys.used")}</th>
          <th><span class="for-readers">${t("keys.actions")}</span></th>
        </tr>
      </thead>
      <tbody>
        ${keys.map(
          (key) =>
            html`<tr key=${key.id}>
              <td><strong>${key.name}</strong><br /><span class="quiet mono">${key.prefix}…</span></td>
              <td data-label=${t("keys.may")}>
                <div class="row">
                  ${key.scopes.map((/** @type {string} */ scope) => html`<${Badge}>${t(`keys.scope.${scope}`)}<//>`)}
                </div>
              </td>
              <td data-label=${t("keys.created")}>${moment(key.created_at)}</td>
              <td data-label=${t("keys.used")}>${moment(key.last_used_at) || t("keys.never")}</td>
              <td class="number">
                <${Button} aria-label=${`${t("keys.revoke")}: ${key.name}`} onClick=${() => revoke(key)}
                  >${t("keys.revoke")}<//
                >
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

/** @param {{of: any, done: () => Promise<void>, close: () => void}} props */
function Revoke({ of: key, done, close }) {
  const revoke = async () => {
    await ask("DELETE", `/api-keys/${key.id}`);
    await done();
    toast(t("keys.revoked", { name: key.name }));
  };
  return html`<${Confirm}
    title=${t("keys.revoke_title", { name: key.name })}
    yes=${t("keys.revoke")}
    isDangerous=${true}
    action=${revoke}
    close=${close}
  >
    <p>${t("keys.revoke_what")}</p>
  <//>`;
}

/** @param {{made: () => Promise<void>, close: () => void}} props */
function NewKey({ made, close }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(["import"]);
  const [key, setKey] = useState(/** @type {any} */ (null));
  const [run, isBusy, problem] = useAction(async () => {
    setKey(await ask("POST", "/api-keys", { body: { name, scopes } }));
    await made();
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  if (key) return html`<${ShownOnce} key="made" made=${key} close=${close} />`;
  const choose = (/** @type {string} */ scope, /** @type {boolean} */ isChosen) =>
    setScopes(SCOPES.filter((one) => (one === scope ? isChosen : scopes.includes(one))));
  const ofScopes = problem?.about("/scopes");
  return html`<${Dialog} key="form" title=${t("keys.new")} close=${close}>
    <form onSubmit=${submit}>
      <div class="body">
        <${ProblemNote} problem=${problem?.errors.length ? null : problem} />
        <${Field}
          label=${t("keys.name")}
          help=${t("keys.name_help")}
          error=${problem?.about("/name")}
          required
          autofocus
          maxlength="200"
          autocomplete="off"
          value=${name}
          onInput=${(/** @type {any} */ event) => setName(event.target.value)}
        />
        <fieldset aria-describedby=${ofScopes ? "scopes-error" : undefined}>
          <legend>${t("keys.may")}</legend>
          <div class="scopes">
            ${SCOPES.map(
              (scope) =>
                html`<label class="scope">
                  <input
                    type="checkbox"
                    checked=${scopes.includes(scope)}
                    onChange=${(/** @type {any} */ event) => choose(scope, event.target.checked)}
                  />
                  <span
                    ><strong>${t(`keys.scope.${scope}`)}</strong>
                    <span class="quiet">${t(`keys.scope_help.${scope}`)}</span></span
                  >
                </label>`,
            )}
          </div>
          ${ofScopes && html`<p class="error" id="scopes-error">${t("keys.choose_one")}</p>`}
        </fieldset>
      </div>
      <footer>
        <${Button} onClick=${close}>${t("no")}<//>
        <${Button} type="submit" kind="primary" isBusy=${isBusy}>${t("keys.create")}<//>
      </footer>
    </form>
  <//>`;
}

/**
 * The one time a key is shown. It stays until somebody says that they have it.
 * @param {{made: any, close: () => void}} props
 */
function ShownOnce({ made, close }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [said, say] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.key);
      say(t("keys.copied"));
    } catch {
      field.current?.select(); // without https, or where the browser does not allow it
      say(t("keys.copy_yourself"));
    }
  };
  return html`<${Dialog} title=${t("keys.made")}>
    <div class="body">
      <p>${t("keys.shown_once")}</p>
      <${Field} label=${t("keys.key")}>
        ${(/** @type {any} */ given) =>
          html`<div class="joined">
            <input
              ...${given}
              ref=${field}
              class="mono"
              readonly
              value=${made.key}
              onFocus=${(/** @type {any} */ event) => event.target.select()}
            />
            <${Button} autofocus onClick=${copy}>${t("keys.copy")}<//>
          </div>`}
      <//>
      <p class="help" role="status">${said}</p>
    </div>
    <footer><${Button} kind="primary" onClick=${close}>${t("keys.done")}<//></footer>
  <//>`;
}
