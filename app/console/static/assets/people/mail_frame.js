// Shows a mail's HTML as its reader sees it, in a frame in which nothing runs and no link leads anywhere.
// Never loosens the content policy: what a mail says about its looks is put in as style objects, not as markup.

import { html, useEffect, useRef } from "../vendor/preact.js";

/** @param {{html: string, title: string}} props */
export function MailFrame({ html: source, title }) {
  const frame = useRef(/** @type {HTMLIFrameElement | null} */ (null));
  const fill = () => {
    if (frame.current?.contentDocument) put(source, frame.current);
  };
  useEffect(fill, [source]);
  return html`<iframe
    ref=${frame}
    class="mail"
    title=${title}
    sandbox="allow-same-origin"
    srcdoc="<!doctype html>"
    onLoad=${fill}
  ></iframe>`;
}

const STYLE = /<style>([^]*?)<\/style>/g;
const ATTRIBUTE = /(<[^<>]*?)\sstyle="/g;

/** @param {string} source @param {HTMLIFrameElement} frame */
function put(source, frame) {
  const document = /** @type {Document} */ (frame.contentDocument);
  const window = /** @type {any} */ (frame.contentWindow);
  document.adoptedStyleSheets = [...source.matchAll(STYLE)].map(([, rules]) => {
    const sheet = new window.CSSStyleSheet();
    sheet.replaceSync(rules);
    return sheet;
  });
  // As markup, styles would be refused where they are parsed, long before they are looked at here.
  const plain = source.replace(STYLE, "").replace(ATTRIBUTE, '$1 data-style="');
  const mail = document.adoptNode(new DOMParser().parseFromString(plain, "text/html").documentElement);
  for (const link of mail.querySelectorAll("a")) link.removeAttribute("href");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (mail.querySelectorAll("[data-style]")))
    element.style.cssText = element.dataset.style ?? "";
  document.documentElement?.remove();
  document.append(mail);
}
