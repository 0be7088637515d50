"""How odd words look, read in some encoding: what no language writes is a sign of the wrong one. Pure.

Knows the letters of languages and what may stand beside them, no words. Never decides: evidence is for others to weigh.
"""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final

from app.imports.reading.ideographs import COMMON, is_common

IMPOSSIBLE: Final = 10
"""How odd it is what nobody writes: `Andr‚`, `RenŽ`, `Fran‡ois`."""
MIXED: Final = 2
"""How odd a word is whose letters no language has together."""
UNUSUAL: Final = 1
"""How odd a letter is beside others than it has beside it in any language."""


class Script(StrEnum):
    """What an encoding is made for."""

    WESTERN = "western"
    CENTRAL = "central"
    BALTIC = "baltic"
    TURKISH = "turkish"
    CYRILLIC = "cyrillic"
    GREEK = "greek"
    HEBREW = "hebrew"
    ARABIC = "arabic"
    JAPANESE = "japanese"
    SIMPLIFIED = "simplified"
    TRADITIONAL = "traditional"
    KOREAN = "korean"


# --- the letters beside a to z that the words of one language have -------------------------------------------------

_WESTERN: Final = (
    "àâæçéèêëîïôœùûüÿ",  # French
    "áàâäçéèêëíîïñóòôöúùûü",  # Dutch, with what it borrows
    "äöüßéèê",  # German
    "áéíïñóúüç",  # Spanish, Galician
    "áàâãçéêíóôõúü",  # Portuguese
    "àéèíìîóòúù",  # Italian
    "àçéèíïóòúü",  # Catalan
    "æøåäöüéèêóòôâ",  # Danish, Norwegian
    "åäöüéèàšž",  # Swedish, Finnish
    "áéíóúýæöðþ",  # Icelandic
    "áíóúýæøð",  # Faroese
    "äëéèêöü",  # Luxembourgish
    "àèìòùáéíóú",  # Gaelic
    "áéíóöúü",  # Hungarian, as far as it goes
    "áäéíóôöüúýšž",  # Czech, Slovak, Slovene, as far as they go
    "çöüâîû",  # Turkish, as far as it goes
    "ëç",  # Albanian
)
_LANGUAGES: Final[Mapping[Script, tuple[str, ...]]] = {
    Script.WESTERN: _WESTERN,
    Script.CENTRAL: (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "ăâîșțşţ",  # Romanian
        "čćđšž",  # Croatian, Slovene
        "äöüßé",
        "çë",
    ),
    Script.BALTIC: ("ąčęėįšųūž", "āčēģīķļņōŗšūž", "äõöüšž", "ąćęłńóśźż", "äöüß", "æøåé"),
    Script.TURKISH: ("çğıöşüâîû", *_WESTERN),
}
# The letters of languages that have none of a to z.
_ALPHABETS: Final[Mapping[Script, tuple[str, ...]]] = {
    Script.CYRILLIC: (
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",  # Russian, Bulgarian
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",  # Ukrainian
        "абвгдеёжзійклмнопрстуўфхцчшыьэюя",  # Belarusian
        "абвгдђежзијклљмнњопрстћуфхцчџш",  # Serbian
        "абвгдѓежзѕијклљмнњопрстќуфхцчџш",  # Macedonian
    ),
    Script.GREEK: ("αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",),
    Script.HEBREW: ("".join(map(chr, range(0x05D0, 0x05F5))),),
    Script.ARABIC: ("".join(map(chr, range(0x0620, 0x06D4))),),
}
_LETTERS: Final = {
    script: tuple(map(frozenset, languages)) for script, languages in [*_LANGUAGES.items(), *_ALPHABETS.items()]
}
_ANY_LETTER: Final = {script: frozenset().union(*languages) for script, languages in _LETTERS.items()}
_OTHER_VOWELS: Final = frozenset("аеёиоуыэюяієїўαεηιουωάέήίόύώ") | frozenset("".join(_ALPHABETS[Script.HEBREW]))
_SELDOM: Final = frozenset("ъщэцфхюђѓќћџљњѕўґ")
"""Cyrillic letters that are seldom in the languages that have them."""

# --- where a letter stands -----------------------------------------------------------------------------------------

_V: Final = "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿœ"
_C: Final = "bcdfghjklmnpqrstvwxzçñðþšžß"
_VOWELS: Final = frozenset(_V + "ıőűůěąęėįųūāēīōăâî")
# Where the letters stand in Western words that another encoding puts into other words: `š` is the `ö` of a Mac and the
# `Ü` of DOS, `ø` a Czech `ř`, `þ` a Turkish `ş`. Beside the letters of Iceland, ð, þ and ý are at home anyway.
_WESTERN_PLACES: Final[Mapping[str, str]] = {
    "š": f"^š(?=[{_V}ktplmnvc]) | (?<!^)š(?=[{_V}]) | (?<=[{_V}])š(?=[ktncmv]|$)",
    "ž": f"ž(?=[{_V}]) | (?<=[{_V}])ž(?=[kdnb]|$) | ^ž(?=[dm])",
    "œ": "œ(?=[ui]) | ^œ(?=[dnc]|s[ot]) | (?<=f)œ(?=t) | (?<=^c)œ(?=l)",
    "ÿ": "(?<=[aeou])ÿ",
    "á": f"(?<![aeiou])á | (?<=[iue])á(?=i?[{_C}])(?!á?m) | (?<=o)á(?=[cstrg]) | (?<=[gq]u)á | (?<![e])iá$",
    "à": "^à(?=$|ngel|lex|rea|dh|frica|lbum) | (?<!^)à",
    "ä": "ä(?!e)",
    "â": "(?<![aeio])â | (?<=[ieé])â(?=[tn])",
    "ã": "(?<!^)ã(?=[oeisz]) | (?<![bcknprvz])ã$",
    "å": "(?<![aeiouáéíóú])å(?![áéíóú]) | (?<=e)å$",
    "æ": "(?<![aáéíóu])æ(?=en?$|r|isk) | (?<![aeioáéíóu])æ(?=[^eoiáéíó]|$)",
    "ç": f"ç(?=[{_V}]|$)",
    "è": f"(?<![aáéàèíaei])è$ | (?<![aeáéàèí])è(?=[{_C}])(?![jkwž])",
    "ê": "^ê(?=tre|ni|x|m) | (?<!^)ê(?=[tlmcvpbqr] | n(?![dskz]) | s(?![kt])) | (?<!i)ê$",
    "ë": f"(?<=[{_V}])ë | (?<!^)ë(?=[{_C}])",
    "ì": "ì$",
    "î": f"^îl | (?<!^)î(?=[{_C}]|$)",
    "ï": "(?<=[aeiouyéèáöw])ï",
    "ñ": f"ñ(?=[{_V}])",
    "ò": f"^ò(?=[smpg]) | (?<=[ei])ò(?=[pqrlnd]) | (?<!^)(?<![{_V}])ò(?=[{_C}]) | (?<![aeáéíý])ò$",
    "ô": "^ô(?=t|$) | (?<!^)ô",
    "õ": "õ(?=e)",
    "ø": f"(?<![aeouyáéíóúæ])ø(?=[{_C}jy] | e(?:[bdgklnrst]|$) | an) | (?<![aeiouyáéíóúæ])øi"
    " | (?<!^n)(?<![aeouyáéíóúæ])ø$ | (?<=..[aeuy])ø(?=er$|ern|en$|y)",
    "ù": "ù$",
    "û": "û(?=[tlmnrgbdpf] | ch | $)",
    "ð": "(?<=r)ð | (?<=^gu)ð | (?<=sta)ð | (?<=..)ð(?=ur$) | (?<=..[iu])ð$ | (?<=lý)ð"
    " | ^(?:frið|heið|hreið|ragnheið|að(?=al)|við|eið|eyð|böð|seyð|eð(?=v))",
    "þ": "^þ(?=or|ur|r|j|yr|ei|ó) | (?<=[fgrlsnyæk])þ(?=ó) | (?<=^al)þ(?=i)",
    "ý": "^ý(?=r$|mir$|rún$) | (?<=^[dlt])ý(?=[rð]) | (?<=l)ý(?=ð) | ^ný | (?<=[nkhv])ý$",
}
_ICELANDIC: Final = frozenset("áéíóúæ")
_NOT_ICELANDIC: Final = frozenset("zcwq")
_OTHER_PLACES: Final[Mapping[str, str]] = {
    "ă": "ă(?![oe])",
    "ő": "ő(?!e)",
    "ĺ": f"(?<=[bmhkpsvtdjžčc])ĺ(?=[{_C}])",
    "ć": "(?<=[aeiouyąęóśź])ć(?=$|[aeioukn]) | ^ć(?=[aeiow])",
    "ř": f"ř(?=[{_V}ůě]|$) | (?<=[{_V}ůě])ř(?=[íiektsc])",
    "ğ": "(?<=[aeiouıöüâ])ğ",
    "ı": "(?<![aeiouöü])ı(?![aeiouöü])",
    "ů": "(?<![aeiouyáéí])ů(?![aeiouyáéí])",
    "ě": "(?<=[bpmvfdtnř])ě",
    "ň": "(?<=[aeouyáéíý])ň(?![rl]) | ^ň",
    "ď": "ď(?![rl])",
    "ų": "ų$",
    "į": "^į | į$",
    "ē": "ē(?![aouāū])",
    "ģ": "ģ(?=[eiēī])",
    "ķ": "ķ(?=[eiēī]|$)",
}


def _compiled(places: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {letter: re.compile(pattern, re.VERBOSE) for letter, pattern in places.items()}


_PLACES: Final = {
    Script.WESTERN: _compiled(_WESTERN_PLACES),
    Script.TURKISH: _compiled({**_WESTERN_PLACES, **_OTHER_PLACES}),
    Script.CENTRAL: _compiled(_OTHER_PLACES),
    Script.BALTIC: _compiled(_OTHER_PLACES),
}
_CENTRAL_PAIRS: Final = re.compile(r"[sc]z|rz|d[zž]|cs|gy")
_CONFUSED: Final = frozenset("õñêûæ")
"""Western letters whose bytes are letters of Central European languages in another encoding."""

# --- symbols ---------------------------------------------------------------------------------------------------------

_L: Final = r"[^\W\d_ªºµƒˆ¹²³¼½¾]"
_SMALL: Final = "[a-zß-ÿ]"
_SYMBOL: Final = r"(?![€«»“”„‚‘’´‹›–—…·•®™©°²³¹½¼¾¡¿\xa0\xad])[^\w\s\x00-\x7f\u0300-\u1fff\u2c00-\uffff]"
_IMPOSSIBLE: Final = re.compile(
    rf"""[\x00-\x08\x0e-\x1f\x7f-\x9f\u2200-\u25ff\ufffd\ue000-\uf8ff]          # of no text
    | {_L}{_SYMBOL} | {_SYMBOL}{_L} | [ƒˆ]{_L} | {_L}[ƒˆ]                          # with no place beside letters
    | {_L}µ | µ(?![mlgs]\b){_L} | (?<=\w\w)(?<={_L})€ | (?<=[^\WkKM])€ | €(?!uro){_L}
    | {_L}[«»“”‹›]+{_L} | {_L}[„‚¡¿] | {_L}‘ | ‚{_L}                               # quotes that open behind a letter
    | …{_L} | [®™©]{_L} | {_L}[½¼¾] | [½¼¾²³¹]{_L} | {_L}•{_L}
    | (?<!\b[mM])(?<!\b[cdkm]m)(?<!\bCO)(?<!\bha)(?<={_L})[²³¹]                  # other than m² and CO²
    | {_L}{{3}}[ºª°] | [ºª]{_L} | °(?![CFs]\b){_L}                                 # other than n°, Mª and °C
    """,
    re.VERBOSE,
)
_UNUSUAL: Final = re.compile(
    rf"""{_L}[–—]+{_SMALL} | ^[–—]{_L} | {_L}[–—…•]$
    | ^[^“”„‘’‚‹›]*{_L}[“”‹›]$ | ^[”›‘][^“”‘’‹›]*$ (?<={_SMALL}) | „[^“”]*$           # quotes without their other half
    | ¿{_L} | {_L}\xa0{_SMALL} | [ƒ\u05b0-\u05c7†‡‰ˆ˜¤¦¬¶¸¯] | [±§¨¯¶×÷¢£¥¡¿©®·¼½¾¹²³ªºµ]{{2}} | [–—“”‘’][{{}}\[^~\\`]
    | (?<=[^\W\d_])[’´](?!(?:[st]|re|ve|ll|[md])\b|sch)[bcdfgj-np-tv-z]            # an apostrophe is behind d, l, O,
    | ^’(?![tsnkmz]\b){_SMALL}[^’]*$ | ^[^‘’]*{_SMALL}(?<!s)[’´]$                  # dell, sant, qu
    | (?<={_SMALL}{_SMALL})(?<!ll)(?<!nt)(?<!st)(?<!rd)(?<!qu)(?<!gl)(?<!\bun)[’´][aeiouyà-ÿ]
    """,
    re.VERBOSE,
)
_WORD: Final = re.compile(f"{_L}+")
_IRISH: Final = re.compile("[hnt][ÁÉÍÓÚ][a-záéíóú]+$")
_FOREIGN_ALONE: Final = re.compile(r"[^\x00-\x7f]{2,}")
_FOREIGN_RUN: Final = {
    **dict.fromkeys((Script.WESTERN, Script.TURKISH), re.compile(r"[^\x00-\x7f]{3,}")),
    **dict.fromkeys((Script.CENTRAL, Script.BALTIC), re.compile(r"[^\x00-\x7f]{4,}")),
}
_USUAL_RUN: Final = re.compile(r"[äöåü]+|[çöüğış]+|[áéíóúýæö]*[ðþ][áéíóúýæöðþ]*")


def oddity(text: str, script: Script) -> int:
    """How odd a text of letters and symbols looks in an encoding made for a script; 0: not at all."""
    odd = IMPOSSIBLE * len(_IMPOSSIBLE.findall(text)) + UNUSUAL * len(_UNUSUAL.findall(text))
    of_word = _WORD_ODDITIES.get(script, _of_alphabet)
    return odd + sum(of_word(word, script) for word in _WORD.findall(text) if not word.isascii())


def _of_latin(word: str, script: Script) -> int:
    lower = word.replace("İ", "i").lower()
    odd = _of_case(word)
    foreign = {letter for letter in lower if letter > "\x7f"}
    if not foreign <= _ANY_LETTER[script]:
        return odd + IMPOSSIBLE
    if not any(foreign <= language for language in _LETTERS[script]):
        odd += MIXED
    runs = _FOREIGN_RUN[script].findall(lower) or _FOREIGN_ALONE.findall(lower) * bool(_FOREIGN_ALONE.fullmatch(lower))
    if runs:
        odd += UNUSUAL if all(map(_USUAL_RUN.fullmatch, runs)) else IMPOSSIBLE
    if len(word) > 2 and not set(lower) & _VOWELS:
        odd += UNUSUAL
    if script is Script.WESTERN and word[0] in "šž":  # at home in names, which begin with a capital
        odd += UNUSUAL
    if script is Script.WESTERN and foreign & _CONFUSED and _CENTRAL_PAIRS.search(lower):
        odd += UNUSUAL
    for letter in foreign & _PLACES[script].keys():
        odd += UNUSUAL * (lower.count(letter) - _in_place(letter, lower, foreign, script))
    return odd


def _in_place(letter: str, word: str, foreign: AbstractSet[str], script: Script) -> int:
    """How often a letter of a word stands where it stands in the languages that write it."""
    if letter in "ðþý":
        if _NOT_ICELANDIC & set(word):
            return 0
        if _ICELANDIC & foreign:
            return word.count(letter)
    return len(_PLACES[script][letter].findall(word))


def _of_case(word: str) -> int:
    """A capital that is no ASCII letter, behind a small one or between a capital and a small one.

    Not the other way round: `HéLèNE` is what programs make of `Hélène` that capitalise ASCII alone.
    """
    odd = 0
    for before, letter, behind in zip(word, word[1:], word[2:] + " ", strict=False):
        if letter > "\x7f" and letter.isupper():
            if before.islower():
                odd += IMPOSSIBLE
            elif before.isupper() and behind.islower() and behind != "ß":
                odd += UNUSUAL
    return 0 if _IRISH.match(word) else odd


def _of_alphabet(word: str, script: Script) -> int:
    """A word all in the letters of one alphabet, or not."""
    letters = set(word.lower())
    if not letters <= _ANY_LETTER[script]:
        return IMPOSSIBLE
    odd = _of_case(word) + MIXED * (not any(letters <= alphabet for alphabet in _LETTERS[script]))
    is_seldom = 3 * sum(letter in _SELDOM for letter in word.lower()) > len(word)
    return odd + UNUSUAL * (is_seldom or (len(word) > 3 and not letters & _OTHER_VOWELS))


def _of_ideographs(word: str, script: Script) -> int:
    """A word of Chinese, Japanese or Korean: without other letters in it, and of characters that are not rare."""
    if any(letter < "\u1100" for letter in word):
        return IMPOSSIBLE
    unknown = [letter for letter in word if letter not in COMMON[script]]
    rare = sum(1 for letter in unknown if not is_common(letter, script))
    return 2 * UNUSUAL * rare + UNUSUAL * (2 * len(unknown) > len(word))


_WORD_ODDITIES: Final[Mapping[Script, Callable[[str, Script], int]]] = {
    **dict.fromkeys(_LANGUAGES, _of_latin),
    **dict.fromkeys((Script.JAPANESE, Script.SIMPLIFIED, Script.TRADITIONAL, Script.KOREAN), _of_ideographs),
}
