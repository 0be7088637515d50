// A file of the service, saved by the browser: asked for like all else, so that it works from another site too.
// Never opens it.

import { send } from "../../api.js";
import { Button, ProblemNote, useAction } from "../../ui.js";
import { html } from "../../vendor/preact.js";

/**
 * @param {string} path
 * @param {string} name what it is called where the service does not say (to another site it may not)
 */
async function download(path, name) {
  const response = await send("GET", path, { accept: "text/csv" });
  const said = /filename\*=UTF-8''([^;]+)|filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = said ? decodeURIComponent(said[1] ?? said[2]) : name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}

/** @param {{path: string, name: string, children?: any}} props */
export function Download({ path, name, children }) {
  const [run, isBusy, problem] = useAction(() => download(path, name));
  return html`<${Button} isBusy=${isBusy} onClick=${run}>${children}<//><${ProblemNote} problem=${problem} />`;
}
