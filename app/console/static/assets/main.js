// The console: who is signed in, which screen is shown, in which language. Every screen is a file of its own.

import { ask, onSignedOut, Problem, signOut } from "./api.js";
import { currentRoute, go, href, useRoute } from "./routes.js";
import { SignIn } from "./screens/sign_in.js";
import { keepLanguage, language, loadTexts, t } from "./texts.js";
import { Button, Dialog, LanguageSwitch, Loading, ProblemNote, toast, Toasts, useAction } from "./ui.js";
import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";

/**
 * The first part of a route and its screen, which is loaded when it is first shown. The other parts are the screen's.
 * @type {Record<string, () => Promise<any>>}
 */
const SCREENS = {
  users: async () => (await import("./screens/users.js")).UsersScreen,
  invitations: async () => (await import("./screens/invitations.js")).InvitationsScreen,
  imports: async () => (await import("./screens/imports.js")).ImportsScreen,
  import: async () => (await import("./screens/import.js")).ImportScreen,
  mails: async () => (await import("./screens/mails.js")).MailsScreen,
  settings: async () => (await import("./screens/settings.js")).SettingsScreen,
};
const START = "invitations";
const MENU = ["users", "invitations", "imports", "mails", "settings"];

/** @typedef {{platform: any, user: any}} Here where somebody is, and who */

/** @returns {Promise<Here>} */
async function look() {
  const [platform, session] = await Promise.all([ask("GET", "/platform"), ask("GET", "/sessions/current")]);
  return { platform, user: session.user };
}

/** @param {{first: Promise<Here>}} props */
function Console({ first }) {
  const [here, setHere] = useState(/** @type {Here | null | undefined} */ (undefined)); // null: nobody is signed in
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [goOn, setGoOn] = useState(/** @type {{on: () => void} | null} */ (null)); // what waits for a new session
  const [, setLanguage] = useState(language());

  const enter = async (looking = look()) => {
    setProblem(null);
    try {
      setHere(await looking);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "not_authenticated") setHere(null);
      else setProblem(error);
    }
  };
  useEffect(() => void enter(first), []);
  const isIn = Boolean(here);
  useEffect(() => (isIn ? onSignedOut(() => new Promise((on) => setGoOn({ on }))) : undefined), [isIn]);

  const enterAgain = async () => {
    const now = await look();
    if (now.user.id !== here?.user.id) return location.reload(); // somebody else: what is on the screen is not theirs
    goOn?.on();
    setGoOn(null);
  };
  const choose = async (/** @type {string} */ chosen) => {
    try {
      await loadTexts(chosen);
    } catch {
      return toast(t("unreachable.title"));
    }
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  const leave = async () => {
    try {
      await signOut();
    } catch {
      return toast(t("unreachable.title"));
    }
    go(href([]));
    setHere(null);
  };
  if (problem) return html`<main class="alone"><${ProblemNote} problem=${problem} retry=${() => enter()} /></main>`;
  if (here === undefined) return html`<${Loading} />`;
  if (here === null) return html`<${SignIn} entered=${() => enter()} choose=${choose} />`;
  const changed = (/** @type {any} */ platform) => setHere({ ...here, platform });
  return html`<${Shell} ...${here} changed=${changed} choose=${choose} leave=${leave} />
    ${goOn && html`<${Dialog} title=${t("session.ended")}><${SignIn} entered=${enterAgain} again=${here} /><//>`}`;
}

/** @param {Here & {changed: (platform: any) => void, choose: (language: string) => void, leave: () => void}} props */
function Shell({ platform, user, changed, choose, leave }) {
  const { parts, query } = useRoute();
  const isShown = (/** @type {string} */ item) => item !== "mails" || platform.mails_kept;
  const name = Object.hasOwn(SCREENS, parts[0] ?? "") && isShown(parts[0]) ? parts[0] : START;
  const menu = name === "import" ? "imports" : name;
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${t(`menu.${menu}`)} · ${platform.name}`;
    document.querySelector(".bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [menu, platform.name, language()]);
  useEffect(() => {
    // A screen may have put the focus where it belongs; else reading goes on at its top.
    const main = document.querySelector("main");
    if (!isFirst.current && !main?.contains(document.activeElement)) main?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [parts.join("/")]);
  return html`<a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <header class="bar">
      <a class="brand" href=${href([])}>${platform.name}</a>
      <nav aria-label=${t("menu.label")}>
        ${MENU.filter(isShown).map(
          (item) =>
            html`<a href=${href([item])} aria-current=${item === menu ? "page" : undefined}>${t(`menu.${item}`)}</a>`,
        )}
      </nav>
      <${LanguageSwitch} choose=${choose} />
      <${Button} title=${user.email} onClick=${leave}>${t("session.leave")}<//>
    </header>
    <main id="main" tabindex="-1">
      <${LoadedScreen}
        key=${name}
        name=${name}
        parts=${parts.slice(1)}
        query=${query}
        platform=${platform}
        changed=${changed}
        user=${user}
      />
    </main>
    <${Toasts} />`;
}

/** A screen, as soon as it is loaded. @param {{name: string} & Record<string, any>} props */
function LoadedScreen({ name, ...given }) {
  const [Screen, setScreen] = useState(/** @type {any} */ (null));
  const [load, , problem] = useAction(async () => {
    try {
      const Loaded = await SCREENS[name]();
      setScreen(() => Loaded);
    } catch {
      throw new Problem({ status: 0, code: "unreachable", title: "unreachable" });
    }
  });
  useEffect(() => void load(), []);
  if (problem) return html`<${ProblemNote} problem=${problem} retry=${() => location.reload()} />`;
  return Screen ? html`<${Screen} ...${given} />` : html`<${Loading} />`;
}

/** The address behind `#` is the screen's: a skip link moves the focus by itself. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.querySelector("main")?.focus();
}

// All at once: the words, who is here, and the screen that is asked for.
const first = look();
first.catch(() => {}); // said where it is used
const [wanted] = currentRoute().parts;
if (Object.hasOwn(SCREENS, wanted ?? START)) SCREENS[wanted ?? START]().catch(() => {});
await loadTexts(language());
const place = /** @type {HTMLElement} */ (document.getElementById("console"));
place.replaceChildren(); // the frame that came with the page
render(html`<${Console} first=${first} />`, place);
