// What was found about a file as a whole, each with what can be done about it. Never decides: a question stays open
// until somebody answers it.

import { href } from "../../routes.js";
import { t } from "../../texts.js";
import { Button, ProblemNote, useAction } from "../../ui.js";
import { html, useState } from "../../vendor/preact.js";
import { nameOfEncoding, readAgain } from "./reading.js";

/** @typedef {import("./following.js").Desk} Desk */

/** @param {Desk} desk */
export function Findings(desk) {
  return desk.imported.file.issues.map(
    (/** @type {any} */ issue) => html`<${Finding} key=${issue.code} issue=${issue} ...${desk} />`,
  );
}

/** @param {Desk & {issue: any}} props */
function Finding({ issue, ...desk }) {
  if (issue.code === "encoding_uncertain" && issue.params.choices)
    return html`<${EncodingQuestion} issue=${issue} ...${desk} />`;
  return html`<div class=${`note ${issue.severity === "error" ? "danger" : "warning"}`}>
    <p><strong>${t(`import.issue.${issue.code}`)}</strong></p>
    <p>${issue.message}</p>
    <${WayOut} issue=${issue} ...${desk} />
  </div>`;
}

/** @param {Desk & {issue: any}} props */
function WayOut({ issue, ...desk }) {
  const [read, isBusy, problem] = useAction((how) => readAgain(desk, how));
  const button = (/** @type {string} */ words, /** @type {Record<string, unknown>} */ how) =>
    html`<p class="row"><${Button} isBusy=${isBusy} onClick=${() => read(how)}>${words}<//></p><${ProblemNote}
      problem=${problem} />`;
  if (issue.code === "quote_unclosed") return button(t("import.findings.no_quotes"), { quote: "" });
  if (issue.code === "header_missing") return button(t("import.findings.is_header"), { header_line: 1 });
  if (issue.code !== "file_seen_before") return null;
  return html`<p><a href=${href(["import", issue.params.import_id])}>${t("import.findings.earlier")}</a></p>`;
}

/**
 * Which of the readings is right only a person can see: the same words under each.
 * @param {Desk & {issue: any}} props
 */
function EncodingQuestion({ issue, ...desk }) {
  const [chosen, choose] = useState("");
  const [isForgotten, setForgotten] = useState(false);
  const [answer, isBusy, problem] = useAction(() => readAgain(desk, { encoding: chosen }, { keepsColumns: true }));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    setForgotten(!chosen);
    if (chosen) void answer();
  };
  return html`<form class="note warning question" onSubmit=${submit}>
    <fieldset aria-describedby="encoding-why">
      <legend>${t("import.findings.which_letters")}</legend>
      <p id="encoding-why">${t("import.findings.why_letters")}</p>
      ${issue.params.choices.map(
        (/** @type {string} */ encoding) => html`<label class="choice">
        <input type="radio" name="encoding" value=${encoding} checked=${chosen === encoding}
          onChange=${() => choose(encoding)} />
        <span><bdi class="sample">${issue.params.samples[encoding]}</bdi> <small class="quiet">
          ${nameOfEncoding(encoding)}</small></span>
      </label>`,
      )}
    </fieldset>
    ${isForgotten && !chosen && html`<p class="error" role="alert">${t("import.findings.choose_first")}</p>`}
    <${ProblemNote} problem=${problem} />
    <${Button} type="submit" kind="primary" isBusy=${isBusy}>${t("import.findings.use_letters")}<//>
  </form>`;
}
