// What the pages behind the links in mails share: the API, the words, the form that sets a password.
const API = "api/v1";
export const MIN_CHARACTERS = 8;
export const token = location.hash.slice(1);
export const byId = (id) => document.getElementById(id);

export const post = (path, body) =>
  fetch(`${API}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify(body),
  });

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export async function words(language) {
  const query = language ? `?language=${encodeURIComponent(language)}` : "";
  const answer = await (await fetch(`accept/texts.json${query}`)).json();
  document.documentElement.lang = answer.language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = answer.words[element.dataset.text];
  }
  document.title = answer.words.title;
  return answer.words;
}

export function show(section) {
  for (const name of ["welcome", "done", "dead"]) byId(name).hidden = name !== section;
  const heading = byId(section).querySelector("h1");
  if (section !== "welcome") {
    heading.tabIndex = -1;
    heading.focus();
  }
}

/** The form: shows or hides the password, checks its length, sends it once, and says what went wrong. */
export function passwordForm(say, { path, body, done, label }) {
  const values = { min: MIN_CHARACTERS };
  byId("hint").textContent = fill(say.password_hint, values);
  byId("show").textContent = say.show_password;
  byId("show").addEventListener("click", () => {
    const hidden = byId("password").type === "password";
    byId("password").type = hidden ? "text" : "password";
    byId("show").textContent = hidden ? say.hide_password : say.show_password;
  });
  const complain = (text) => {
    byId("error").textContent = text;
    byId("password").setAttribute("aria-invalid", "true");
    byId("password").focus();
  };
  byId("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (byId("password").value.length < MIN_CHARACTERS) return complain(fill(say.too_short, values));
    byId("submit").disabled = true;
    byId("submit").textContent = say.working;
    try {
      const answer = await post(path, { token, password: byId("password").value, ...body() });
      if (answer.ok) {
        history.replaceState(null, "", location.pathname);
        done();
        show("done");
      } else if (answer.status === 410) {
        show("dead");
      } else {
        const problem = await answer.json();
        complain(problem.errors.map((error) => error.message).join(" ") || problem.detail);
      }
    } catch {
      complain(say.network);
    } finally {
      byId("submit").disabled = false;
      byId("submit").textContent = say[label];
    }
  });
}
