// Settings: of the platform, its keys, and one's own password; each a file of its own. Saves nothing itself.

import { href } from "../routes.js";
import { t } from "../texts.js";
import { html } from "../vendor/preact.js";
import { Keys } from "./settings/keys.js";
import { OwnPassword } from "./settings/own_password.js";
import { PlatformSettings } from "./settings/platform.js";

/** @type {Record<string, any>} */
const PARTS = { platform: PlatformSettings, keys: Keys, password: OwnPassword };

/** @param {{parts: string[], platform: any, user: any, changed: (platform: any) => void}} props */
export function SettingsScreen({ parts, ...given }) {
  const kind = Object.hasOwn(PARTS, parts[0] ?? "") ? parts[0] : "platform";
  return html`<h1>${t("settings.title")}</h1>
    <nav class="tabs" aria-label=${t("settings.menu")}>
      ${Object.keys(PARTS).map(
        (one) =>
          html`<a href=${href(["settings", one])} aria-current=${one === kind ? "page" : undefined}>
            ${t(`settings.${one}`)}
          </a>`,
      )}
    </nav>
    <${PARTS[kind]} key=${kind} ...${given} />`;
}
