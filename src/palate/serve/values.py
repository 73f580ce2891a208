"""Values on their way into a store and back: as they are, or encrypted.

Who can read a store's disk or its backups reads what was said of people: contexts of events,
fields of users, states. A codec stands between, in every store. Names (ids of users, items and
events) stay readable, since stores look them up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, final

from palate.errors import BadInput, DamagedArtefact
from palate.optional import need

_MARK: Final = b"\xc1"
"""First byte of what is encrypted: neither JSON nor MessagePack ever begins with it."""
_KEY_ID_BYTES, _NONCE_BYTES, _KEY_BYTES = 4, 12, 32
VARIABLE: Final = "PALATE_VALUE_KEY"
"""The variable of the environment that may hold the keys in place of a file."""


class ValueCodec(Protocol):
    """What a store does with a value before it is kept, and after it was read."""

    def encode(self, value: bytes, about: str) -> bytes:
        """The value as it is kept.

        Args:
            value: As it is.
            about: Whose value it is. What was kept for one cannot be read for another.
        """
        ...

    def decode(self, stored: bytes, about: str) -> bytes:
        """The value as it was.

        Raises:
            BadInput: It is encrypted with a key that is not there.
            DamagedArtefact: It is not what was kept, or was kept for another.
        """
        ...


@final
class Plain:
    """Values as they are."""

    def encode(self, value: bytes, about: str) -> bytes:
        """The same."""
        return value

    def decode(self, stored: bytes, about: str) -> bytes:
        """The same; see `ValueCodec`."""
        if stored.startswith(_MARK):
            raise _no_key("none is given")
        return stored


PLAIN: Final = Plain()


@final
class Encrypted:
    """AES-256-GCM-SIV (RFC 8452), each value for itself.

    Its nonces are random. Two that are the same, which plain AES-GCM must not have and which a
    service that writes thousands of values a second may draw within weeks, reveal here no more than
    whether two values are equal.

    Args:
        keys: 32 bytes each. The first one encrypts; all of them decrypt, so that a new key is put
            before the old one. Values that were kept before there was a key are read as well.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        aead = need(
            "cryptography.hazmat.primitives.ciphers.aead",
            extra="cluster",
            purpose="encrypt values",
        )
        self._ciphers = {_key_id(key): aead.AESGCMSIV(key) for key in keys}
        self._first = _key_id(keys[0])

    def encode(self, value: bytes, about: str) -> bytes:
        """Marker, id of the key, nonce, and what is encrypted with its tag."""
        nonce = os.urandom(_NONCE_BYTES)
        hidden = self._ciphers[self._first].encrypt(nonce, value, about.encode())
        return _MARK + self._first + nonce + bytes(hidden)

    def decode(self, stored: bytes, about: str) -> bytes:
        """The value as it was; see `ValueCodec`."""
        from cryptography.exceptions import InvalidTag

        if not stored.startswith(_MARK):
            return stored
        nonce_at = 1 + _KEY_ID_BYTES
        cipher = self._ciphers.get(stored[1:nonce_at])
        if cipher is None:
            raise _no_key("it is none of those that are given")
        nonce, hidden = stored[nonce_at:][:_NONCE_BYTES], stored[nonce_at + _NONCE_BYTES :]
        try:
            return bytes(cipher.decrypt(nonce, hidden, about.encode()))
        except (InvalidTag, ValueError) as error:
            raise DamagedArtefact(
                "a value cannot be decrypted",
                where=about,
                next_step="restore the store from a backup",
            ) from error


def stored_text(codec: ValueCodec, text: str, about: str) -> str:
    """JSON of an object as a column of texts keeps it: as it is, or encrypted and in base64, which
    never begins as such JSON does.
    """
    stored = codec.encode(text.encode(), about)
    return base64.b64encode(stored).decode() if stored.startswith(_MARK) else stored.decode()


def text_of(codec: ValueCodec, stored: str, about: str) -> str:
    """What `stored_text` was given."""
    if stored.startswith("{"):
        return stored
    try:
        return codec.decode(base64.b64decode(stored, validate=True), about).decode()
    except binascii.Error as error:
        raise DamagedArtefact("a value cannot be decoded", where=about) from error


def codec_of(key_file: Path | None = None) -> ValueCodec:
    """Encrypt with the keys of a file, or of the environment; without either, values stay as they
    are.

    Args:
        key_file: Keys of 32 bytes in base64, one a line, the newest first.

    Raises:
        BadInput: The file cannot be read, or has no such keys.
        MissingExtra: The library that encrypts is not installed.
    """
    where = VARIABLE if key_file is None else str(key_file)
    try:
        text = os.environ.get(VARIABLE, "") if key_file is None else key_file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the file of keys cannot be read: {error}", where=where) from error
    if key_file is None and not text.strip():
        return PLAIN
    keys = [_key(word) for word in text.split()]
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise BadInput(
            "there is no key to encrypt with",
            where=where,
            allowed=f"keys of {_KEY_BYTES} bytes in base64, one a line, the newest first",
            next_step=f"openssl rand -base64 {_KEY_BYTES} > value.key",
        )
    return Encrypted(keys)


def _key(word: str) -> bytes:
    try:
        return base64.b64decode(word, validate=True)
    except binascii.Error:
        return b""


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"palate value key" + key).digest()[:_KEY_ID_BYTES]


def _no_key(which: str) -> BadInput:
    return BadInput(
        f"a value is encrypted, and the key is missing: {which}",
        where="--value-key",
        next_step=f"give the file of keys, or their text in {VARIABLE}",
    )
