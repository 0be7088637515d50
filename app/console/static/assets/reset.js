// The page behind the link in a mail about a forgotten password. Opening it changes nothing.
import { byId, passwordForm, show, token, words } from "./pages.js";

async function start() {
  const say = await words();
  if (!token) return show("dead");
  passwordForm(say, { path: "/password-resets/complete", label: "reset_submit", body: () => ({}), done: () => {} });
  show("welcome");
  byId("password").focus();
}

start().catch(() => show("dead"));
