// The way of a file into the platform, step by step: which step is shown follows from the import, so that a reload or
// the back button loses nothing. Never reads a file itself.

import { href } from "../routes.js";
import { t } from "../texts.js";
import { Loading, Note, ProblemNote } from "../ui.js";
import { html, useEffect, useRef } from "../vendor/preact.js";
import { isAtWork, stepOf, useImport } from "./import/following.js";
import { Match } from "./import/match.js";
import { Outcome } from "./import/outcome.js";
import { Preview } from "./import/preview.js";
import { Stuck } from "./import/stuck.js";
import { Upload } from "./import/upload.js";

const STEPS = ["upload", "match", "preview", "outcome"];
const SHOWN_AS = {
  upload: "upload",
  match: "match",
  preview: "preview",
  stuck: "preview",
  gone: "upload",
  outcome: "outcome",
};

/** @param {{parts: string[], query: URLSearchParams, platform: any}} props */
export function ImportScreen({ parts, query, platform }) {
  const [id = "new"] = parts;
  if (id !== "new") return html`<${OneImport} key=${id} id=${id} query=${query} platform=${platform} />`;
  return html`<${Frame} step="upload" title=${t("import.upload.title")}><${Upload} /><//>`;
}

/** @param {{id: string, query: URLSearchParams, platform: any}} props */
function OneImport({ id, query, platform }) {
  const desk = useImport(id, platform);
  const { imported, problem, conflict, isLost, reload } = desk;
  if (!imported) return problem ? html`<${ProblemNote} problem=${problem} retry=${reload} />` : html`<${Loading} />`;
  const step = stepOf(imported, query.get("step"));
  const notes = html`<${ProblemNote} problem=${problem} retry=${reload} /><${Conflict} problem=${conflict} />
    <div role="status">${isLost && !problem && isAtWork(imported) && html`<${Note} kind="warning">${t("import.lost")}<//>`}</div>`;
  return html`<${Frame} step=${step} title=${titleOf(step, imported)} imported=${imported} notes=${notes}>
    ${step === "match" && html`<${Match} ...${desk} platform=${platform} />`}
    ${step === "preview" && html`<${Preview} ...${desk} query=${query} />`}
    ${step === "stuck" && html`<${Stuck} ...${desk} />`}
    ${step === "gone" && html`<${Gone} />`}
    ${step === "outcome" && html`<${Outcome} ...${desk} />`}
  <//>`;
}

/** @param {string} step @param {any} imported */
function titleOf(step, imported) {
  if (step !== "outcome") return t(`import.${step}.title`);
  if (imported.state !== "completed") return t(`import.outcome.${imported.state}`);
  return t("import.outcome.completed", { count: imported.result.added });
}

/**
 * The steps above, the one that is shown below; its heading takes the focus when the step changes.
 * @param {{step: string, title: string, imported?: any, notes?: any, children?: any}} props
 */
function Frame({ step, title, imported, notes, children }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const seen = useRef("");
  const shown = step === "outcome" ? imported.state : step;
  useEffect(() => {
    const isNew = seen.current || document.activeElement?.matches("main"); // there a new screen begins
    if (isNew && seen.current !== shown) {
      heading.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    seen.current = shown;
  }, [shown]);
  return html`<div class="import">
    <header class="import-head">
      <h1>${t("import.title")}</h1>
      ${imported && html`<p class="quiet"><bdi>${imported.file.name}</bdi></p>`}
      <${Steps} step=${SHOWN_AS[/** @type {keyof typeof SHOWN_AS} */ (step)]} imported=${imported} />
    </header>
    ${notes}
    <section aria-labelledby="step-title">
      <h2 id="step-title" ref=${heading} tabindex="-1">${title}</h2>
      ${children}
    </section>
  </div>`;
}

/** Where one is, and the way back to what may still be changed. @param {{step: string, imported?: any}} props */
function Steps({ step, imported }) {
  const at = STEPS.indexOf(step);
  const isOpen = imported && !imported.commit && !imported.file.deleted_at;
  /** @type {Record<string, string | false>} */
  const ways = {
    upload: step !== "outcome" && href(["import", "new"]),
    match: isOpen && href(["import", imported.id], { step: "match" }),
    preview: isOpen && imported.mapping?.columns && href(["import", imported.id], { step: "preview" }),
  };
  return html`<ol class="steps" aria-label=${t("import.steps")}>
    ${STEPS.map((name, position) => {
      const words = html`<span class="dot" aria-hidden="true">${position < at ? "✓" : position + 1}</span><span>
        ${t(`import.step.${name}`)}</span>`;
      const way = position !== at && ways[name];
      return html`<li class=${position < at ? "done" : ""} aria-current=${position === at ? "step" : undefined}>
        ${way ? html`<a href=${way}>${words}</a>` : html`<span>${words}</span>`}
      </li>`;
    })}
  </ol>`;
}

/** The import was changed elsewhere: said once, while it is shown as it stands. @param {{problem: any}} props */
function Conflict({ problem }) {
  const note = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => note.current?.scrollIntoView({ block: "nearest" }), [problem]);
  if (!problem) return null;
  return html`<div ref=${note} class="note warning" role="alert">
    <p><strong>${problem.title}</strong></p>
    <p>${problem.message} ${t("import.conflict")}</p>
  </div>`;
}

const Gone = () => html`<${Note} kind="warning">
  <p>${t("import.gone.text")}</p>
  <p><a class="button" href=${href(["import", "new"])}>${t("import.another")}</a></p>
<//>`;
