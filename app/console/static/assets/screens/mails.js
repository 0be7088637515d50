// Mails that have left, where they are kept in a folder: a list, and each as its reader sees it. Sends nothing.

import { MailFrame } from "../people/mail_frame.js";
import { href } from "../routes.js";
import { moment, t } from "../texts.js";
import { Badge, Button, Empty, Loading, ProblemNote, useAction, useAsk, useList } from "../ui.js";
import { html } from "../vendor/preact.js";

/** @param {{parts: string[]}} props */
export const MailsScreen = ({ parts }) =>
  parts[0] ? html`<${Mail} key=${parts[0]} id=${parts[0]} />` : html`<${SentMails} />`;

function SentMails() {
  const { items, problem, more, reload } = useList("/sent-mails");
  const [showMore, isBusy] = useAction(more ?? (async () => {}));
  const [lookAgain, isLooking] = useAction(reload);
  return html`<div class="head">
      <h1>${t("menu.mails")}</h1>
      <${Button} isBusy=${isLooking} onClick=${lookAgain}>${t("mails.reload")}<//>
    </div>
    <p class="quiet form">${t("mails.explained")}</p>
    <${ProblemNote} problem=${problem} retry=${reload} />
    ${!items && !problem && html`<${Loading} />`}
    ${
      items?.length === 0 &&
      html`<div class="card">
        <${Empty} title=${t("mails.empty")}><p>${t("mails.empty_help")}</p><//>
      </div>`
    }
    ${items && items.length > 0 && html`<${MailList} mails=${items} />`}
    ${more && html`<p class="row center"><${Button} isBusy=${isBusy} onClick=${showMore}>${t("mails.more")}<//></p>`}`;
}

/** @param {{mails: any[]}} props */
const MailList = ({ mails }) =>
  html`<div class="table lines">
    <table>
      <thead>
        <tr>
          <th scope="col">${t("mails.subject")}</th>
          <th scope="col">${t("mails.to")}</th>
          <th scope="col">${t("mails.kind")}</th>
          <th scope="col">${t("mails.sent")}</th>
        </tr>
      </thead>
      <tbody>
        ${mails.map(
          (mail) =>
            html`<tr key=${mail.id}>
              <td>
                ${
                  mail.to
                    ? html`<a href=${href(["mails", mail.id])}>${mail.subject}</a>`
                    : html`<span class="quiet">${t("mails.gone")}</span>`
                }
              </td>
              <td data-label=${t("mails.to")}>${mail.to}</td>
              <td><${Badge}>${t(`mails.kinds.${mail.kind}`)}<//></td>
              <td data-label=${t("mails.sent")}>${moment(mail.sent_at)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

/** @param {{id: string}} props */
function Mail({ id }) {
  const { data: mail, problem, isLoading, reload } = useAsk(`/sent-mails/${encodeURIComponent(id)}`);
  return html`<p><a href=${href(["mails"])}>← ${t("mails.back")}</a></p>
    ${isLoading && html`<${Loading} />`}
    <${ProblemNote} problem=${problem} retry=${reload} />
    ${mail && html`<${Opened} mail=${mail} />`}`;
}

/** @param {{mail: any}} props */
function Opened({ mail }) {
  const link = /https?:\/\/\S+#\S+/.exec(mail.text)?.[0];
  return html`<div class="head">
      <h1>${mail.subject}</h1>
      ${
        link &&
        html`<a class="button" href=${link} target="_blank" rel="noopener">
          ${t("mails.open_link")}<span class="for-readers"> (${t("mails.opens")})</span>
        </a>`
      }
    </div>
    <p class="quiet">${t("mails.to")} ${mail.to} · ${moment(mail.sent_at)}</p>
    <div class="opened"><${MailFrame} html=${mail.html} title=${t("mails.shown")} /></div>
    <details class="card as-text">
      <summary>${t("mails.text")}</summary>
      <pre>${mail.text}</pre>
    </details>`;
}
