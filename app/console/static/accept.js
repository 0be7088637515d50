// The page behind the link in a mail. Opening it changes nothing: only the form's POST accepts the invitation.
const API = "api/v1";
const MIN_CHARACTERS = 8;
const token = location.hash.slice(1);
const byId = (id) => document.getElementById(id);

const post = (path, body) =>
  fetch(`${API}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
    body: JSON.stringify(body),
  });

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

async function words(language) {
  const query = language ? `?language=${encodeURIComponent(language)}` : "";
  const answer = await (await fetch(`accept/texts.json${query}`)).json();
  document.documentElement.lang = answer.language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = answer.words[element.dataset.text];
  }
  document.title = answer.words.title;
  return answer.words;
}

function show(section) {
  for (const name of ["welcome", "done", "dead"]) byId(name).hidden = name !== section;
}

async function start() {
  let say = await words();
  const answer = await post("/invitations/inspect", { token });
  if (!answer.ok) return show("dead");
  const invitation = await answer.json();
  say = await words(invitation.language);
  const values = { ...invitation, min: MIN_CHARACTERS };
  byId("heading").textContent = fill(say.heading, values);
  byId("intro").textContent = fill(say.intro, values);
  byId("hint").textContent = fill(say.password_hint, values);
  byId("show").textContent = say.show_password;
  for (const name of ["email", "first_name", "last_name"]) byId(name).value = invitation[name] ?? "";
  byId("show").addEventListener("click", () => {
    const hidden = byId("password").type === "password";
    byId("password").type = hidden ? "text" : "password";
    byId("show").textContent = hidden ? say.hide_password : say.show_password;
  });
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    accept(say, values);
  });
  show("welcome");
  byId(invitation.first_name ? "password" : "first_name").focus();
}

async function accept(say, values) {
  const password = byId("password").value;
  const complain = (text) => {
    byId("error").textContent = text;
    byId("password").setAttribute("aria-invalid", "true");
    byId("password").focus();
  };
  if (password.length < MIN_CHARACTERS) return complain(fill(say.too_short, values));
  byId("submit").disabled = true;
  byId("submit").textContent = say.working;
  try {
    const answer = await post("/invitations/accept", {
      token,
      password,
      first_name: byId("first_name").value || null,
      last_name: byId("last_name").value || null,
    });
    if (answer.ok) {
      history.replaceState(null, "", location.pathname);
      byId("done_text").textContent = fill(say.done, values);
      show("done");
      byId("done").querySelector("h1").focus();
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
    byId("submit").textContent = say.submit;
  }
}

start().catch(() => show("dead"));
