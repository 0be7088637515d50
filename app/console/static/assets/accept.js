// The page behind the link in an invitation. Opening it changes nothing: only the form's POST accepts.
import { byId, fill, passwordForm, post, show, token, words } from "./pages.js";

async function start() {
  await words();
  const answer = await post("/invitations/inspect", { token });
  if (!answer.ok) return show("dead");
  const invitation = await answer.json();
  const say = await words(invitation.language);
  byId("heading").textContent = fill(say.heading, invitation);
  byId("intro").textContent = fill(invitation.inviter === invitation.platform ? say.intro_own : say.intro, invitation);
  for (const name of ["email", "first_name", "last_name"]) byId(name).value = invitation[name] ?? "";
  passwordForm(say, {
    path: "/invitations/accept",
    label: "submit",
    body: () => ({ first_name: byId("first_name").value || null, last_name: byId("last_name").value || null }),
    done: () => {
      byId("done_text").textContent = fill(say.done, invitation);
      if (invitation.after_accept_url) {
        byId("continue").href = invitation.after_accept_url;
        byId("continue").hidden = false;
      }
    },
  });
  show("welcome");
  byId(invitation.first_name ? "password" : "first_name").focus();
}

start().catch(() => show("dead"));
