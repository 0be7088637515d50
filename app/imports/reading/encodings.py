"""The encodings a file can be read in: the names we show, the names people give, and the codec behind each. Pure."""

import codecs
from typing import Final

ENCODINGS: Final = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "iso8859-1",
    "iso8859-15",
    "mac-roman",
    "cp850",
    "cp437",
    "cp1250",
    "iso8859-2",
    "cp852",
    "cp1254",
    "iso8859-9",
    "cp1257",
    "cp1251",
    "iso8859-5",
    "koi8-r",
    "cp866",
    "cp1253",
    "iso8859-7",
    "cp1255",
    "cp1256",
    "shift_jis",
    "euc-jp",
    "gb18030",
    "big5",
    "euc-kr",
)
# What Windows writes under these names is more than the standards they are named after.
_CODECS: Final = {"shift_jis": "cp932", "big5": "cp950", "euc-kr": "cp949"}
# Names by which Python knows a codec, and what we show instead.
_SHOWN: Final = {
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16-le",
    "ascii": "cp1252",
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp950": "big5",
    "big5hkscs": "big5",
    "euc_kr": "euc-kr",
    "cp949": "euc-kr",
}
# Names that Python does not know.
_ALSO: Final = {
    "ansi": "cp1252",
    "unicode": "utf-16-le",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "windows-31j": "cp932",
    "x-mac-roman": "mac-roman",
}


def codec(encoding: str) -> str:
    """What reads and writes an encoding of ours."""
    return _CODECS.get(encoding, encoding)


def known_encoding(given: str) -> str | None:
    """The encoding somebody means: `Windows-1252`, `latin1`, `Macintosh`, `sjis`, `GBK`; None: none of ours."""
    plain = given.strip().lower().replace("_", "-")
    try:
        name = codecs.lookup(_ALSO.get(plain, plain)).name
    except (LookupError, ValueError):
        return None
    name = _SHOWN.get(name, name)
    return name if name in ENCODINGS else None
