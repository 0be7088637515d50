// What can be done with an import that was started, each behind a question that names what goes and what stays.
// Never does two things at once.

import { ask } from "../../api.js";
import { go, href } from "../../routes.js";
import { t } from "../../texts.js";
import { Button, Confirm, ProblemNote, useAction } from "../../ui.js";
import { html, useState } from "../../vendor/preact.js";
import { Download } from "./download.js";
import { waiting } from "./mails.js";

/** @typedef {import("./following.js").Desk} Desk */

/** Ask for one of `cancel`, `undo`, `send`. @param {Desk} desk @param {string} what */
async function start({ imported, changed, settle }, what) {
  const answer = await settle(ask("POST", `/imports/${imported.id}/${what}`));
  if (answer) changed(answer);
}

/**
 * A button with its question; the texts are `import.action.NAME` and `import.action.NAME_means`.
 * @param {{name: string, count?: number, kind?: string, isDangerous?: boolean, action: () => Promise<unknown>,
 *   children?: any}} props
 */
function Asked({ name, count = 0, kind, isDangerous, action, children }) {
  const [isAsking, setAsking] = useState(false);
  const words = t(`import.action.${name}`, { count });
  return html`<${Button} kind=${kind} onClick=${() => setAsking(true)}>${words}<//>
    ${
      isAsking &&
      html`<${Confirm} title=${words} yes=${words} isDangerous=${isDangerous} action=${action}
        close=${() => setAsking(false)}>
      <p>${t(`import.action.${name}_means`, { count })}</p>${children}
    <//>`
    }`;
}

/** While it runs. @param {Desk} desk */
export const Stop = (desk) => html`<p class="row"><${Asked} name="stop" action=${() => start(desk, "cancel")} /></p>`;

/** @param {Desk} desk */
export function Actions(desk) {
  const { imported, changed } = desk;
  const { result, state, file } = imported;
  const isOver = state === "undone";
  const isDone = state === "completed" || state === "cancelled";
  const count = waiting(imported);
  const drop = async () => {
    await desk.settle(ask("DELETE", `/imports/${imported.id}`));
    changed();
  };
  return html`<div class="actions-of-import">
    <div class="row">
      ${
        isDone &&
        count > 0 &&
        html`<${Asked} name="send" kind="primary" count=${count}
        action=${() => start(desk, "send")} />`
      }
      ${
        isDone &&
        result.mails.queued > 0 &&
        html`<${Asked} name="hold" count=${result.mails.queued}
        action=${() => start(desk, "cancel")} />`
      }
      ${state === "failed" && html`<${GoOn} ...${desk} />`}
      ${
        result.rejected > 0 &&
        !file.deleted_at &&
        html`<${Download} path=${`/imports/${imported.id}/rejected.csv`}>${t("import.action.rejected", { count: result.rejected })}<//>`
      }
      ${
        result.added > 0 &&
        !isOver &&
        html`<a class="button"
        href=${href(["invitations"], { import_id: imported.id })}>${t("import.action.see")}</a>`
      }
      <a class=${`button ${isOver ? "primary" : ""}`} href=${href(["import", "new"])}>${t("import.another")}</a>
    </div>
    <div class="row after">
      ${
        !isOver &&
        html`<${Asked} name="undo" isDangerous=${true} count=${result.added} action=${() => start(desk, "undo")}>
        <ul><li>${t("import.action.undo_goes")}</li><li>${t("import.action.undo_stays")}</li></ul>
      <//>`
      }
      ${
        file.deleted_at
          ? html`<p class="quiet">${t("import.action.is_deleted")}</p>`
          : html`<${Asked} name="delete" isDangerous=${true} action=${drop} />`
      }
    </div>
  </div>`;
}

/**
 * A commit that failed goes on where it stopped, when the same is asked for again; an undo likewise.
 * @param {Desk} desk
 */
function GoOn(desk) {
  const { imported, changed, settle } = desk;
  const isUndo = !!imported.result.undo;
  const [run, isBusy, problem] = useAction(async () => {
    if (isUndo) return start(desk, "undo");
    const { held_until: _, ...body } = imported.commit;
    const answer = await settle(ask("POST", `/imports/${imported.id}/commit`, { body }));
    if (answer) changed(answer);
    go(href(["import", imported.id]), { replace: true });
  });
  return html`<${Button} kind="primary" isBusy=${isBusy}
    onClick=${run}>${t("import.action.go_on")}<//><${ProblemNote} problem=${problem} />`;
}
