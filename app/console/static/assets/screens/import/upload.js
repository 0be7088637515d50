// The first step: a file by drop, by choice or as pasted rows, sent with its progress. Never looks into a file: what is
// wrong with one, the service says.

import { newKey, Problem, upload } from "../../api.js";
import { go, href } from "../../routes.js";
import { size, t } from "../../texts.js";
import { Button, Field, ProblemNote, Progress, useAsk } from "../../ui.js";
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { Download } from "./download.js";

/** @typedef {{file: Blob, name: string, type: string, key: string}} Intended a file and the key that sends it once */

const READ = /\.(csv|txt|tsv|tab|xlsx|ods|gz)$/i;
const WORTH_ANOTHER_TRY = [
  "unreachable",
  "not_authenticated",
  "service_busy",
  "database_unavailable",
  "internal_error",
];

/**
 * What to send of a file; its bytes say what it is, unless the browser knows it to be something else.
 * @param {File} file
 */
const ofFile = (file) => ({
  file,
  name: file.name,
  type: READ.test(file.name) ? "application/octet-stream" : file.type || "application/octet-stream",
  key: newKey(),
});

/** @param {string} text */
const ofText = (text) => ({
  file: new Blob([text]),
  name: t("import.upload.pasted"),
  type: "text/plain",
  key: newKey(),
});

/** A problem in words of our own. @param {"folder" | "too_large"} code */
const ownProblem = (code) =>
  new Problem({ status: 0, code, title: t(`import.upload.${code}`), detail: t(`import.upload.${code}_detail`) });

/** A file on its way: begin, stop, and how far it is (null: none is). */
function useSending() {
  const [share, setShare] = useState(/** @type {number | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [isStopped, setStopped] = useState(false);
  const intended = useRef(/** @type {Intended | null} */ (null));
  const stopper = useRef(new AbortController());
  useEffect(() => () => stopper.current.abort(), []);

  const begin = async (/** @type {Intended} */ next) => {
    intended.current = next;
    const { signal } = (stopper.current = new AbortController());
    setProblem(null);
    setStopped(false);
    setShare(0);
    try {
      const { file, name, ...how } = next;
      const progress = (/** @type {number} */ sent) => setShare(Math.floor(100 * sent) / 100);
      const imported = await upload("/imports", file, { query: { filename: name }, signal, progress, ...how });
      go(href(["import", imported.id], { step: "match" }));
    } catch (error) {
      if (signal.aborted) setStopped(true);
      else if (error instanceof Problem) setProblem(error.code === "body_too_large" ? ownProblem("too_large") : error);
      else throw error;
    } finally {
      setShare(null);
    }
  };
  return { share, problem, setProblem, isStopped, intended, begin, stop: () => stopper.current.abort() };
}

/** The step. */
export function Upload() {
  const { share, problem, setProblem, isStopped, intended, begin, stop } = useSending();
  const retry =
    problem && WORTH_ANOTHER_TRY.includes(problem.code) ? () => intended.current && begin(intended.current) : undefined;
  const take = (/** @type {DataTransfer | null} */ given) => {
    const [file] = given?.files ?? [];
    const text = given?.getData("text/plain") ?? "";
    const isFolder = [...(given?.items ?? [])].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
    if (isFolder) setProblem(ownProblem("folder"));
    else if (file) void begin(ofFile(file));
    else if (text.trim()) void begin(ofText(text));
    return isFolder || !!file || !!text.trim();
  };
  useTaking(share === null, take);
  return html`<div class="upload">
    <div class="stack">
      ${
        share === null
          ? html`<${ProblemNote} problem=${problem} retry=${retry} />
            <${Chooser} begin=${begin} isStopped=${isStopped} isAgain=${!!problem} />
            <${PasteBox} begin=${begin} />`
          : html`<${Sending} share=${share} intended=${/** @type {Intended} */ (intended.current)} stop=${stop} />`
      }
    </div>
    <${Needed} />
  </div>`;
}

/** What is dropped or pasted anywhere on the page is taken, so that no browser opens a file that missed its place.
 * @param {boolean} isOpen @param {(given: DataTransfer | null) => boolean} take */
function useTaking(isOpen, take) {
  const newest = useRef(take);
  newest.current = take;
  useEffect(() => {
    const stop = new AbortController();
    const drop = (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      document.body.classList.remove("is-over");
      if (event.type === "drop" && isOpen) newest.current(event.dataTransfer);
      else if (event.type === "dragover" && isOpen) document.body.classList.add("is-over");
    };
    const paste = (/** @type {ClipboardEvent} */ event) => {
      const isTyped = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog");
      if (isOpen && !isTyped && newest.current(event.clipboardData)) event.preventDefault();
    };
    for (const name of /** @type {const} */ (["dragover", "dragleave", "drop"])) addEventListener(name, drop, stop);
    addEventListener("paste", paste, stop);
    return () => stop.abort();
  }, [isOpen]);
}

/** @param {{begin: (next: Intended) => void, isStopped: boolean, isAgain: boolean}} props */
function Chooser({ begin, isStopped, isAgain }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const choose = (/** @type {any} */ event) => {
    const [file] = event.target.files;
    event.target.value = ""; // the same file again is a choice too
    if (file) begin(ofFile(file));
  };
  return html`<div class="drop">
    <svg viewBox="0 0 24 24" aria-hidden="true"><path
      d="M12 16V4m0 0L7 9m5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3" /></svg>
    <p><strong>${t("import.upload.drop")}</strong></p>
    <input ref=${input} type="file" hidden accept=".csv,.txt,.tsv,.xlsx,.xls,.ods,.gz" onChange=${choose} />
    <p><${Button} kind="primary" onClick=${() => input.current?.click()}>${t(
      isAgain ? "import.upload.choose_another" : "import.upload.choose",
    )}<//></p>
    <p class="quiet">${t("import.upload.kinds")}</p>
    <p role="status">${isStopped && t("import.upload.stopped")}</p>
  </div>`;
}

/** @param {{begin: (next: Intended) => void}} props */
function PasteBox({ begin }) {
  const [text, setText] = useState("");
  const use = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (text.trim()) begin(ofText(text));
  };
  return html`<details class="card">
    <summary>${t("import.upload.paste")}</summary>
    <form onSubmit=${use}>
      <${Field} label=${t("import.upload.rows")} help=${t("import.upload.paste_help")}>
        ${(/** @type {any} */ given) => html`<textarea rows="5" dir="auto" spellcheck="false" value=${text}
          onInput=${(/** @type {any} */ event) => setText(event.target.value)} ...${given}></textarea>`}
      <//>
      <button class="button">${t("import.upload.use_rows")}</button>
    </form>
  </details>`;
}

/** @param {{share: number, intended: Intended, stop: () => void}} props */
function Sending({ share, intended, stop }) {
  const isRead = share === 1;
  const said = isRead ? t("import.upload.reading") : t("import.upload.sending");
  return html`<div class="card stack">
    <p><strong><bdi>${intended.name}</bdi></strong> <span class="quiet">${size(intended.file.size)}</span></p>
    <${Progress} done=${100 * share} total=${100} label=${said} />
    <p class="row spread">
      <span role="status">${said}</span>
      <${Button} onClick=${stop}>${t("import.upload.stop")}<//>
    </p>
  </div>`;
}

/** What a file should hold, and a sample of it. */
function Needed() {
  const { data } = useAsk("/import-columns");
  if (!data) return null; // comes as a whole: nothing moves
  const names = (/** @type {boolean} */ isRequired) =>
    data.items.filter(
      (/** @type {any} */ column) =>
        column.required === isRequired && column.name !== "name_prefix" && !column.feeds.length,
    );
  return html`<aside class="card stack needed">
    <h3>${t("import.upload.needed")}</h3>
    <ul class="ticks">${names(true).map((/** @type {any} */ column) => html`<li>${column.title}</li>`)}</ul>
    <h3>${t("import.upload.optional")}</h3>
    <p>${names(false)
      .map((/** @type {any} */ column) => column.title)
      .join(", ")}</p>
    <p class="quiet">${t("import.upload.any_header")}</p>
    <${Download} path="/import-template.csv">${t("import.upload.template")}<//>
  </aside>`;
}
