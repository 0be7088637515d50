// A file of the service, saved by the browser: asked for like all else, so that it works from another site too.
// Never opens it.

import { send } from "../../api.js";
import { Button, ProblemNote, useAction } from "../../ui.js";
import { html } from "../../vendor/preact.js";

/** @param {string} path */
async function download(path) {
  const response = await send("GET", path, { accept: "text/csv" });
  const said = /filename\*=UTF-8''([^;]+)|filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = decodeURIComponent(said?.[1] ?? said?.[2] ?? "");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}

/** @param {{path: string, children?: any}} props */
export function Download({ path, children }) {
  const [run, isBusy, problem] = useAction(() => download(path));
  return html`<${Button} isBusy=${isBusy} onClick=${run}>${children}<//><${ProblemNote} problem=${problem} />`;
}
