// Reads the addresses people type or paste: "ann@example.com; Ann Ode <ann@example.com>".
// Pure, and never the judge of an address: the service has the last word.

/**
 * @typedef {object} Addressee somebody to invite
 * @property {string} email what should be an address
 * @property {string} [first_name]
 * @property {string} [last_name]
 * @property {string} [problem] why they cannot be invited, as a code
 */

const LOCAL = /^[^\s@<>()[\]\\,;:".]+(?:\.[^\s@<>()[\]\\,;:".]+)*$/;
const DOMAIN = /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}[\p{L}\p{N}-]*[\p{L}\p{N}]$/u;
const AROUND = /^(?:mailto:|[<("'\[])+|[>)"'\].]+$/gi;

/** Whether this may be an address; the service knows better. @param {string} text */
function isAddress(text) {
  const at = text.lastIndexOf("@");
  return text.length <= 254 && LOCAL.test(text.slice(0, at)) && DOMAIN.test(text.slice(at + 1));
}

/** In which addresses are one. @param {Addressee} person */
export const keyOf = (person) => person.email.normalize("NFC").toLowerCase();

/**
 * Everybody in a text, in order; what is no address becomes somebody with a problem.
 * @param {string} text @returns {Addressee[]}
 */
export function readAddresses(text) {
  /** @type {Addressee[]} */
  const found = [];
  let before = ""; // "Ode, Ann <ann@example.com>": the comma belongs to the name
  for (const piece of text.matchAll(/(?:"[^"]*"|[^",;\r\n])+/g)) {
    const rest = text.slice(piece.index + piece[0].length);
    if (!piece[0].includes("@") && /^,[^,;@\r\n]*</.test(rest)) {
      before = `${piece[0]},`;
      continue;
    }
    found.push(...readPiece(before + piece[0]));
    before = "";
  }
  return found;
}

/** People between two separators: names stand before their address. @param {string} piece @returns {Addressee[]} */
function readPiece(piece) {
  /** @type {Addressee[]} */
  const found = [];
  /** @type {string[]} */
  let name = [];
  for (const word of piece.split(/\s+/).filter(Boolean)) {
    if (!word.includes("@")) {
      name.push(word);
      continue;
    }
    const email = word.replace(AROUND, "");
    found.push({ email, ...nameParts(name.join(" ")), ...(isAddress(email) ? {} : { problem: "email_invalid" }) });
    name = [];
  }
  const left = name.join(" ");
  return left ? [...found, { email: left, problem: "email_invalid" }] : found;
}

/** "Ann Ode" or "Ode, Ann". @param {string} name @returns {{first_name?: string, last_name?: string}} */
function nameParts(name) {
  const plain = name.replace(/["<>]/g, "").trim();
  if (!plain) return {};
  const [last, first] = plain.split(",").map((part) => part.trim());
  if (first) return { first_name: first, last_name: last };
  const [one, ...others] = last.split(" ");
  return others.length ? { first_name: one, last_name: others.join(" ") } : { first_name: one };
}
