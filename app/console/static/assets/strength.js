// How good a password is: the plain rules the service checks too, and an estimate beyond them. Shows and sends nothing.

export const MIN_CHARACTERS = 8;
const FEWEST_DIFFERENT = 4;
const FEWEST_OF_ONES_OWN = 4;

/** What everybody tries first: the service's own list, app/access/passwords.py. */
export const COMMON = new Set(
  `
    00000000 11111111 11223344 12121212 12341234 12345678 123123123 123456789 1234567890 123456789a 87654321 88888888
    987654321 a1b2c3d4 aaaaaaaa abc12345 abcd1234 abcdefgh admin123 admin1234 administrator adminadmin asdfasdf
    asdfghjk asdfghjkl azerty12 azerty123 azertyui azertyuiop baseball basketball belgie123 belgique bonjour1
    bonjour123 changeme changeme1 changeme123 chocolat chocolate computer doudou123 football geheim123 iloveyou
    iloveyou1 internet jennifer jetaime1 letmein1 letmein123 liverpool loulou123 marseille michelle motdepasse
    motdepasse1 motdepasse123 nederland p@ssw0rd p@ssword passw0rd passwort passwort1 password password! password01
    password1 password12 password123 password1234 princess q1w2e3r4 qazwsxedc qwer1234 qwerty12 qwerty123 qwertyui
    qwertyuiop qwertzui qwertzuiop soleil123 starwars sunshine superman trustno1 voetbal1 wachtwoord wachtwoord1
    wachtwoord123 welcome1 welcome123 welkom01 welkom12 welkom123 welkom1234 whatever zaq12wsx 1q2w3e4r 1q2w3e4r5t
    1qaz2wsx
  `
    .trim()
    .split(/\s+/),
);

/** @param {string} password */
const isCommon = (password) =>
  COMMON.has(password.toLowerCase()) || new Set(password.toLowerCase()).size < FEWEST_DIFFERENT;

/** What is left of a password without somebody's names and address. @param {string} password @param {string[]} about */
function withoutNames(password, about) {
  const words = about
    .join(" ")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  const long = words.filter((word) => [...word].length > 2).sort((one, other) => other.length - one.length);
  return long.reduce((left, word) => left.replaceAll(word, ""), password.toLowerCase());
}

/**
 * Which of the rules a password keeps.
 * @param {string} password @param {string[]} about names and address of the person
 * @returns {{length: boolean, common: boolean, personal: boolean}}
 */
export function rulesKept(password, about) {
  return {
    length: [...password].length >= MIN_CHARACTERS,
    common: password !== "" && !isCommon(password),
    personal: password !== "" && [...withoutNames(password, about)].length >= FEWEST_OF_ONES_OWN,
  };
}

/**
 * How hard it is to guess: 0 (breaks a rule) to 4. Bits of the characters that are no names and no runs (`abc`, `111`).
 * @param {string} password @param {string[]} about
 */
export function strength(password, about) {
  if (Object.values(rulesKept(password, about)).includes(false)) return 0;
  const own = withoutNames(password, about);
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  const bits = surprises(own) * (3 + kinds / 2);
  return [36, 50, 64].filter((enough) => bits >= enough).length + 1;
}

/** How many of its characters do not simply follow the one before. @param {string} text */
function surprises(text) {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  return codes.filter((code, place) => place === 0 || Math.abs(code - codes[place - 1]) > 1).length;
}
