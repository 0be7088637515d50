"""Fields that several request bodies share, and what is wrong with a bad one. Knows no noun of the customer."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.access.passwords import MAX_CHARACTERS, MIN_CHARACTERS, is_common
from app.texts import languages
from app.web.problems import InvalidValue


def _strong(value: str) -> str:
    if len(value) < MIN_CHARACTERS:
        raise InvalidValue("password_too_short", limit=MIN_CHARACTERS)
    if len(value) > MAX_CHARACTERS:
        raise InvalidValue("password_too_long", limit=MAX_CHARACTERS)
    if any("\ud800" <= character <= "\udfff" for character in value):  # JSON can say half a character, UTF-8 cannot
        raise InvalidValue("characters_not_allowed")
    if is_common(value):
        raise InvalidValue("password_common")
    return value


def _installed(value: str) -> str:
    if value not in languages():
        raise InvalidValue("language_unknown", value=value[:35], languages=", ".join(languages()))
    return value


NewPassword = Annotated[
    str,
    AfterValidator(_strong),
    Field(
        description=f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters; none of the most common ones, "
        "not one's name or address."
    ),
]
"""A password that is to be set."""
Language = Annotated[str, AfterValidator(_installed), Field(examples=["nl"])]
"""An installed language."""
Token = Annotated[str, Field(max_length=500)]
"""The token of a link."""
