"""What people mean by a text: a language, a slip in a mail domain, a name that is there already. Pure.

Says what is probably meant and never changes a value; where two readings are possible it says nothing.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

_WORD: Final = re.compile(r"[^\W\d_]+")
_DIGITS: Final = re.compile(r"\d+")


def folded(text: str) -> str:
    """A text without regard to case, accents and ligatures: `"Œuvre"` is `"oeuvre"`."""
    plain = text.casefold().replace("œ", "oe").replace("æ", "ae")
    if plain.isascii():
        return plain
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- languages -----------------------------------------------------------------------------------------------------

# By ISO 639-1 code: both ISO 639-2 codes, then the names in English, French, Dutch, German and the language itself.
_LANGUAGES: Final[Mapping[str, str]] = {
    "ar": "ara arabic arabe arabisch العربية",
    "bg": "bul bulgarian bulgare bulgaars bulgarisch български",
    "cs": "ces cze czech tcheque tsjechisch tschechisch cestina",
    "da": "dan danish danois deens danisch dansk",
    "de": "deu ger german allemand allemande duits deutsch germanophone duitstalig",
    "el": "ell gre greek grec grieks griechisch ελληνικα",
    "en": "eng english anglais anglaise engels englisch anglophone engelstalig",
    "es": "spa spanish espagnol espagnole spaans spanisch espanol castellano hispanophone spaanstalig",
    "et": "est estonian estonien estlands estnisch eesti",
    "fi": "fin finnish finnois fins finnisch suomi",
    "fr": "fra fre french francais francaise frans franzosisch francophone franstalig",
    "ga": "gle irish irlandais iers irisch gaeilge",
    "hr": "hrv croatian croate kroatisch hrvatski",
    "hu": "hun hungarian hongrois hongaars ungarisch magyar",
    "it": "ita italian italien italienne italiaans italienisch italiano italophone italiaanstalig",
    "ja": "jpn japanese japonais japans japanisch 日本語",
    "lt": "lit lithuanian lituanien litouws litauisch lietuviu",
    "lv": "lav latvian letton lets lettisch latviesu",
    "nl": "nld dut dutch neerlandais neerlandaise nederlands niederlandisch neerlandophone nederlandstalig "
    "flemish flamand flamande vlaams flamisch hollandais",
    "no": "nor norwegian norvegien noors norwegisch norsk",
    "pl": "pol polish polonais polonaise pools polnisch polski",
    "pt": "por portuguese portugais portugaise portugees portugiesisch portugues lusophone portugeestalig",
    "ro": "ron rum romanian roumain roumaine roemeens rumanisch romana",
    "ru": "rus russian russe russisch русскии",
    "sk": "slk slo slovak slovaque slowaaks slowakisch slovencina",
    "sl": "slv slovenian slovene sloveens slowenisch slovenscina",
    "sv": "swe swedish suedois suedoise zweeds schwedisch svenska",
    "tr": "tur turkish turc turque turks turkisch turkce",
    "uk": "ukr ukrainian ukrainien ukrainienne oekraiens ukrainisch українська",
    "zh": "zho chi chinese chinois chinoise chinees chinesisch 中文",
}
_MEANS: Final[Mapping[str, str]] = {
    folded(name): code for code, names in _LANGUAGES.items() for name in (code, *names.split())
}
# What may follow a language without making another one of it.
_WHERE: Final = _words(
    "uk us usa gb united kingdom states royaume uni etats unis verenigd koninkrijk verenigde staten great britain "
    "british american international belgium belgique belgie belgien belgian belge belgisch netherlands nederland "
    "pays bas niederlande france frankrijk frankreich canada canadian canadien suisse switzerland zwitserland "
    "schweiz luxembourg luxemburg britannique americain amerikaans brits germany duitsland allemagne deutschland "
    "osterreich austria oostenrijk language langue taal sprache hans hant latn cyrl"
)
_TWO_LANGUAGES: Final = frozenset(("de", "en", "es", "fr", "it", "nl"))
_SEVERAL: Final = re.compile(r"[/,;|&+]")


def language_of(text: str, installed: Collection[str]) -> str | None:
    """The installed language a text surely means: `"NL-be"`, `"Dutch"`, `"néerlandais"` and `"nld"` are `"nl"`."""
    code = language_code(text)
    return code if code in installed else None


@lru_cache(maxsize=8192)
def language_code(text: str) -> str | None:
    """The language a text means, installed or not, as its ISO 639-1 code. `"FR/NL"` means two, hence none."""
    meant = {_one_language(part) for part in _SEVERAL.split(folded(text[:100]))}
    return meant.pop() if len(meant) == 1 else None


def _one_language(text: str) -> str | None:
    words = _WORD.findall(text)
    names = [word for place, word in enumerate(words) if word in _MEANS and (place == 0 or len(word) > 2)]
    meant = {_MEANS[name] for name in names}
    if len(meant) != 1:
        return None
    code = meant.pop()
    return code if all(word in names or _may_stand_beside(word, code) for word in words) else None


def _may_stand_beside(word: str, code: str) -> bool:
    """Whether a word says where a language is spoken: a country's code does, unless `NL-FR` means two languages."""
    if len(word) != 2:
        return word in _WHERE
    return word not in _TWO_LANGUAGES or word == code or code == "en"  # `en-NL` is what computers here are set to


# --- addresses -----------------------------------------------------------------------------------------------------

# Characters without width, and those that turn the direction of writing: they come along when a text is copied.
_UNSEEN: Final = "".join(
    map(chr, (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF))
)
_BLANKS: Final = " \t\u00a0"
_COPIED: Final = re.compile(r"[^<>@]*<\s*(?:mailto:\s*)?([^<>\s]+)\s*>|mailto:\s*([^?\s]+)", re.IGNORECASE)
_AT: Final = re.compile(r"[(\[{]\s*(?:at|@)\s*[)\]}]", re.IGNORECASE)
_AROUND: Final = " \t.,;:'\"“”‘’()[]<>"


def without_unseen(text: str) -> str:
    """A text without characters nobody sees at its ends."""
    return text.strip(_UNSEEN + _BLANKS)


def likely_address(text: str) -> str:
    """What a text that is no address was probably meant to be.

    No `mailto:` or name that was copied along, no blanks, no marks around it, `@` for `(at)`.
    """
    seen = without_unseen(text)
    copied = _COPIED.fullmatch(seen) if "@" in seen else None
    address = (copied[1] or copied[2]) if copied else seen
    joined = "".join(_AT.sub("@", address).split()).strip(_AROUND)
    local, at, domain = joined.partition("@")
    return f"{local}{at}{domain.replace(',', '.')}" if "@" not in domain else joined


# --- mail domains --------------------------------------------------------------------------------------------------

# Large providers of mail to people in Belgium, the Netherlands, France, Germany, Britain and America. Names of fewer
# than five letters, and words like `planet` and `online`, are left out: too much that is real lies next to them.
_PROVIDERS: Final[Mapping[str, str]] = {
    "com": "gmail hotmail outlook yahoo icloud googlemail protonmail fastmail tutanota rocketmail btinternet "
    "virginmedia ntlworld",
    "fr": "hotmail outlook yahoo orange wanadoo numericable club-internet aliceadsl voila libertysurf",
    "be": "hotmail outlook yahoo skynet telenet proximus scarlet pandora brutele tvcablenet edpnet mobistar orange "
    "belgacom",
    "nl": "hotmail outlook yahoo ziggo kpnmail xs4all upcmail hetnet casema chello zonnet quicknet solcon caiway",
    "de": "hotmail outlook yahoo t-online freenet arcor tutanota",
    "co.uk": "hotmail yahoo blueyonder tiscali",
    "net": "laposte belgacom cegetel talktalk comcast verizon sbcglobal bellsouth charter earthlink",
    "ch": "hotmail protonmail",
    **dict.fromkeys(
        ("at", "dk", "es", "ie", "it", "pt", "se", "no", "fi", "gr", "ca", "cz", "pl", "ro", "in"),
        "hotmail outlook yahoo",
    ),
}
"""Names by what stands behind them."""
_DOMAINS: Final = tuple(f"{name}.{ending}" for ending, names in _PROVIDERS.items() for name in names.split())
_REAL: Final = frozenset(_DOMAINS)
_ONLY_COM: Final = frozenset(("gmail", "googlemail", "icloud"))


def _by_start(domains: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Domains by how a slip for them may start: their first letter, or their first two the wrong way round."""
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for domain in domains:
        found[domain[0]] += (domain,)
        found[domain[1::-1]] += (domain,)
    return found


_STARTS: Final = _by_start(_DOMAINS)


@lru_cache(maxsize=65_536)  # a file has few domains, many times
def domain_suggestion(domain: str) -> str | None:
    """The large provider's domain that a domain (lower case) is probably a slip for: `"gmial.com"`, `"skynet.bee"`.

    One letter too many, too few, wrong, or two the wrong way round; never for a domain that is a provider's itself.
    """
    if domain in _REAL:
        return None
    name = domain.partition(".")[0]
    if name in _ONLY_COM:
        return f"{name}.com"
    for provider in _STARTS.get(domain[:1], ()) + _STARTS.get(domain[:2], ()):
        if OSA.distance(domain, provider, score_cutoff=1) <= 1:
            return provider
    return None


# --- names ---------------------------------------------------------------------------------------------------------

_LEGAL_FORMS: Final = _words(
    "ab ag asbl bv bvba cv cvba eurl gmbh inc kg limited llc ltd nv oy plc sa sarl sas sasu scrl snc spa sprl srl "
    "stichting ug vof vzw"
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A name as it is compared with others: its words without accents, punctuation and legal form."""

    words: tuple[str, ...]
    whole: str
    numbers: tuple[str, ...]
    legal_form: str


@lru_cache(maxsize=131_072)
def _shape(name: str) -> _Shape:
    words = re.findall(r"[^\W_]+", folded(name).replace(".", "").replace("'", "").replace("’", ""))
    legal_form = ""
    for position in (-1, 0):  # `Acme NV`, `vzw De Brug`
        if len(words) > 1 and words[position] in _LEGAL_FORMS and not legal_form:
            legal_form = words.pop(position)
    return _Shape(tuple(words), "".join(words), tuple(_DIGITS.findall(name)), legal_form)


def near_name(name: str, known: Collection[str]) -> str | None:
    """The known name that a new one is probably a slip for, the nearest, or None ("did you mean", rule 10).

    Numbers must agree (`Sales 2025` is not `Sales 2026`), short words exactly, legal forms may be missing.
    """
    asked = _shape(name)
    least, nearest = _TOO_FAR, None
    for other in known:
        shape = _shape(other)
        if shape.whole[:1] != asked.whole[:1] or shape.numbers != asked.numbers:
            continue
        distance = _distance(asked, shape)
        if distance < least:
            least, nearest = distance, other
    return nearest


_TOO_FAR: Final = 3


def _distance(one: _Shape, other: _Shape) -> int:
    """How many slips apart two names are; `_TOO_FAR` where they are simply two names."""
    if abs(len(one.whole) - len(other.whole)) >= _TOO_FAR:
        return _TOO_FAR
    if one.legal_form and other.legal_form and one.legal_form != other.legal_form:
        return _TOO_FAR
    if one.whole == other.whole:
        return 0
    if len(one.words) != len(other.words):
        return _slips(one.whole, other.whole) if abs(len(one.words) - len(other.words)) == 1 else _TOO_FAR
    return sum(_slips(word, counterpart) for word, counterpart in zip(one.words, other.words, strict=True))


def _slips(word: str, other: str) -> int:
    """How many slips apart two words are: none allowed in up to four letters, one in up to eight, then two."""
    if word == other:
        return 0
    shorter = min(len(word), len(other))
    allowed = 0 if shorter < 5 else 1 if shorter < 9 else 2
    if word[0] != other[0] or allowed == 0:
        return _TOO_FAR
    distance = OSA.distance(word, other, score_cutoff=allowed)
    return distance if distance <= allowed else _TOO_FAR
