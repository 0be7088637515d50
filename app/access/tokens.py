"""Signed values: links in mails and list cursors. Pure: nothing is stored, so nothing usable lies in a database dump.

A token is `key id . base64url(payload ‖ HMAC-SHA256(key, purpose ‖ payload))`. The first key signs, all verify.
"""

import base64
import binascii
import hashlib
import hmac
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_LINK = struct.Struct(">I16sI")  # platform id, id, generation
_MAC_BYTES = 32


class Purpose(StrEnum):
    """What a signature is for; one made for another purpose is not valid."""

    INVITATION = "rollcall/invitation/v1"
    RESET = "rollcall/reset/v1"
    CURSOR = "rollcall/cursor/v1"
    PSEUDONYM = "rollcall/pseudonym/v1"


class BadToken(Exception):  # noqa: N818 a token is bad; nothing is wrong with us
    """Not a token of ours, not for this purpose, or of a key we no longer have."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the link in a mail stands for: an invitation or a user, in one generation."""

    platform_id: int
    id: uuid.UUID
    generation: int


NOTHING = Link(0, uuid.UUID(int=0), 0)
"""What a token that is none stands for: it is looked up all the same, so that time tells nothing."""


class Keyring:
    """The secrets of the installation."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = {_key_id(secret): secret.encode() for secret in secrets}
        self._signing = _key_id(secrets[0])

    def sign(self, purpose: Purpose, payload: bytes) -> str:
        """A token for a payload; URL-safe."""
        return self._token(self._signing, purpose, payload)

    def open(self, purpose: Purpose, token: str) -> bytes:
        """The payload of a token. Raises BadToken."""
        key_id, _, encoded = token.partition(".")
        if key_id not in self._keys or not encoded.isascii():
            raise BadToken
        try:
            body = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except binascii.Error:
            raise BadToken from None
        payload = body[:-_MAC_BYTES]
        # The whole token is compared: of all the ways to spell the same bytes in base64 one is ours.
        if not hmac.compare_digest(token, self._token(key_id, purpose, payload)):
            raise BadToken
        return payload

    def sign_link(self, purpose: Purpose, link: Link) -> str:
        """The token that stands behind the `#` of a link in a mail."""
        return self.sign(purpose, _LINK.pack(link.platform_id, link.id.bytes, link.generation))

    def open_link(self, purpose: Purpose, token: str) -> Link:
        """What a link stands for. Raises BadToken."""
        payload = self.open(purpose, token)
        if len(payload) != _LINK.size:
            raise BadToken
        platform_id, raw_id, generation = _LINK.unpack(payload)
        return Link(platform_id, uuid.UUID(bytes=raw_id), generation)

    def pseudonym(self, *parts: str) -> str:
        """A name for something that may be known to nobody who reads the database: an address, a network."""
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.digest(self._keys[self._signing], Purpose.PSEUDONYM.encode() + b"\0" + text, "sha256").hex()[:32]

    def _token(self, key_id: str, purpose: Purpose, payload: bytes) -> str:
        mac = hmac.digest(self._keys[key_id], purpose.encode() + b"\0" + payload, "sha256")
        return f"{key_id}.{base64.urlsafe_b64encode(payload + mac).rstrip(b'=').decode()}"


def _key_id(secret: str) -> str:
    return hashlib.sha256(b"rollcall/key-id/v1\0" + secret.encode()).hexdigest()[:8]
