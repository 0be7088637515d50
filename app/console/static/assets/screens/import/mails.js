// What became of the mails of an import, live while any is on its way. Never sends one.

import { href } from "../../routes.js";
import { moment, number, t } from "../../texts.js";
import { Progress } from "../../ui.js";
import { html } from "../../vendor/preact.js";

const MAIL_STATES = ["sent", "queued", "held", "failed", "dropped"];

/** All mails of an import, whatever became of them. @param {any} imported */
const countOf = ({ result }) => MAIL_STATES.reduce((sum, state) => sum + result.mails[state], 0);

/** How many wait for somebody to send: mails that are held, people who were added quietly. @param {any} imported */
export const waiting = (imported) => imported.result.mails.held + quietOnes(imported);

/** @param {any} imported */
const quietOnes = (imported) => Math.max(0, imported.result.added - countOf(imported));

/** @param {{imported: any}} props */
export function Mails({ imported }) {
  const { mails } = imported.result;
  const all = countOf(imported);
  const quiet = quietOnes(imported);
  const shown = MAIL_STATES.filter((state) => mails[state] > 0);
  return html`<section class="card" aria-labelledby="mails">
    <h3 id="mails">${t("import.mails.title")}</h3>
    ${
      mails.queued > 0 &&
      html`<${Progress} done=${all - mails.queued} total=${all}
      label=${t("import.mails.leaving")} />`
    }
    ${
      shown.length > 0 &&
      html`<table class="sum"><tbody>
      ${shown.map(
        (state) => html`<tr key=${state}><th scope="row">${t(`import.mails.${state}`)}</th><td
        class="number">${number(mails[state])}</td></tr>`,
      )}
    </tbody></table>`
    }
    <p role="status">${mailsSaid(imported, quiet)}</p>
    ${
      mails.failed > 0 &&
      html`<p><a href=${href(["invitations"], { import_id: imported.id, delivery: "failed" })}>
      ${t("import.mails.see_failed")}</a></p>`
    }
  </section>`;
}

/** What it comes to. @param {any} imported @param {number} quiet */
function mailsSaid({ commit, result }, quiet) {
  const { mails } = result;
  if (mails.held > 0 && commit.held_until && Date.parse(commit.held_until) > Date.now())
    return t("import.mails.held_until", { when: moment(commit.held_until) });
  if (mails.held > 0) return t("import.mails.are_held", { count: mails.held });
  if (quiet > 0) return t("import.mails.quiet", { count: quiet });
  if (mails.queued > 0) return t("import.mails.leaving");
  return mails.sent > 0 && !mails.failed ? t("import.mails.all_sent") : "";
}
