"""Keys of a service: who may read, who may send events, who may change things.

A key is random and is shown once, when it is made; a file holds its digest, or the PostgreSQL that
several processes share. There is nothing to guess in a key of 256 random bits, so the digest is a
plain SHA-256, which costs a request microseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, final, get_args

import msgspec

from palate.errors import BadInput
from palate.serve.documents import Document, FileDocument, Mark
from palate.serve.refusals import NotFound, Unavailable

Role: TypeAlias = Literal["read", "event", "admin"]
"""What a key may do: ask for lists and items; send events; everything."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)

_PREFIX: Final = "palate"
_EVERY: Final = 1.0
_MOST_DAYS: Final = 36_500


@dataclass(frozen=True)
class Key:
    """What the file holds of a key.

    Attributes:
        id: Its name for people and logs; not secret.
        roles: What it may do.
        digest: SHA-256 of the whole key, hex.
        created: Seconds since 1970.
        label: What it is for.
        revoked: Whether it is refused from now on.
        expires: Seconds since 1970 from which on it is refused; 0: never.
    """

    id: str
    roles: tuple[Role, ...]
    digest: str
    created: int
    label: str = ""
    revoked: bool = False
    expires: int = 0

    @property
    def valid(self) -> bool:
        """Whether it is neither revoked nor expired."""
        return not self.revoked and (not self.expires or time.time() < self.expires)

    def may(self, role: Role) -> bool:
        """Whether it has the role; an admin has all."""
        return role in self.roles or "admin" in self.roles


@dataclass(frozen=True)
class KeyFile:
    """`keys.json`."""

    keys: tuple[Key, ...] = ()
    version: Literal[1] = 1


def new_key(
    kept: Path | Document, roles: Sequence[str], label: str = "", days: float = 0.0
) -> tuple[str, Key]:
    """Make a key and keep its digest.

    Args:
        kept: The file of keys, or the document that processes share.
        roles: What it may do.
        label: What it is for.
        days: After which it is refused; 0: never.

    Returns:
        The key itself, which is nowhere else, and what the file holds of it.

    Raises:
        BadInput: There is no such role or no such number of days, or the file is not one of keys.
    """
    chosen = tuple(role for role in ROLES if role in roles)
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not chosen:
        raise BadInput(
            f'there is no role "{unknown[0]}"' if unknown else "a key needs a role",
            where="--role",
            allowed=", ".join(ROLES),
        )
    if not 0 <= days <= _MOST_DAYS:
        raise BadInput(
            f"a key cannot expire after {days:g} days",
            where="--days",
            allowed=f"0 (never) to {_MOST_DAYS}",
        )
    name = secrets.token_hex(4)
    secret = f"{_PREFIX}_{name}_{secrets.token_urlsafe(32)}"
    now = int(time.time())
    expires = now + max(int(days * 86_400), 1) if days else 0
    key = Key(name, chosen, _digest(secret), now, label, expires=expires)
    _change(kept, lambda found: (*found, key))
    return secret, key


def revoke_key(kept: Path | Document, name: str) -> Key:
    """Refuse a key from now on; a running service knows within a second.

    Raises:
        NotFound: There is no such key.
        BadInput: The file is not one of keys.
    """
    revoked: list[Key] = []

    def without(found: tuple[Key, ...]) -> tuple[Key, ...]:
        if name not in {key.id for key in found}:
            raise NotFound(
                f'there is no key "{name}"',
                where=_document(kept).where,
                allowed=", ".join(key.id for key in found) or "none: there are no keys",
                next_step="palate key list",
            )
        revoked[:] = [replace(key, revoked=True) for key in found if key.id == name]
        return tuple(revoked[0] if key.id == name else key for key in found)

    _change(kept, without)
    return revoked[0]


def read_keys(kept: Path | Document) -> KeyFile:
    """The keys; none where there are none yet.

    Raises:
        BadInput: They cannot be read, or it is not a file of keys.
        Unavailable: The server that has them does not answer.
    """
    document = _document(kept)
    try:
        found = document.look()
    except OSError as error:
        raise _unreadable(document, error) from error
    return KeyFile() if found is None else _decoded(document, found.content)


@final
class Keyring:
    """The keys of a running service; what happens to them is known within a second.

    Args:
        kept: The file of keys, or the document that processes share. A file is looked at when a key
            is used; a document when `look_again` is called, so that no request waits for a server:
            while that is away, the keys hold that were there last.

    Raises:
        BadInput: It cannot be read.
        Unavailable: The server that has them does not answer.

    Attributes:
        required: Whether there were keys at the start: then every request needs one, also when all
            of them are revoked.
    """

    def __init__(self, kept: Path | Document) -> None:
        self._kept = _document(kept)
        self._keys: dict[str, Key] = {}
        self._mark: Mark = ()
        self._changing = threading.Lock()
        self._unreadable: Exception | None = None
        self._refresh()
        if self._unreadable is not None:
            raise self._unreadable
        self.required = bool(self._keys)

    @property
    def where(self) -> str:
        """Where the keys are kept."""
        return self._kept.where

    def look_again(self) -> None:
        """Take up what other processes made or revoked."""
        if self._kept.shared:
            self._refresh()

    def find(self, secret: str) -> Key | None:
        """The key, if it is one, was not revoked and has not expired.

        Raises:
            Unavailable: The file of keys cannot be read, so that it is not known which are valid.
        """
        self._refresh_at_times()
        parts = secret.split("_", 2)
        key = self._keys.get(parts[1]) if len(parts) == 3 else None
        if self._unreadable is not None:
            raise Unavailable(
                "the file of keys cannot be read",
                where="header Authorization",
                next_step="the service's operator has to restore it",
            ) from self._unreadable
        if key is None or not key.valid:
            return None
        return key if hmac.compare_digest(key.digest, _digest(secret)) else None

    def valid(self, name: str) -> bool:
        """Whether the key of that id is still one: for answers that take long."""
        self._refresh_at_times()
        key = self._keys.get(name)
        return key is not None and key.valid

    def known(self) -> list[Key]:
        """All keys, revoked ones too, oldest first."""
        return list(read_keys(self._kept).keys)

    def make(self, roles: Sequence[str], label: str) -> tuple[str, Key]:
        """`new_key`, and the next request may use it."""
        with self._changing:
            made = new_key(self._kept, roles, label)
            self._refresh()
            return made

    def revoke(self, name: str) -> Key:
        """`revoke_key`, and the next request cannot use it."""
        with self._changing:
            key = revoke_key(self._kept, name)
            self._refresh()
            return key

    def _refresh_at_times(self) -> None:
        if not self._kept.shared and time.monotonic() - self._looked >= _EVERY:
            self._refresh()

    def _refresh(self) -> None:
        self._looked = time.monotonic()
        try:
            found = self._kept.look(self._mark)
            if found is not None:
                keys = _decoded(self._kept, found.content).keys
                self._keys, self._mark = {key.id: key for key in keys}, found.mark
            self._unreadable = None
        except (OSError, BadInput) as error:  # a key that was revoked in it may not count as one
            bad = error if isinstance(error, BadInput) else _unreadable(self._kept, error)
            self._unreadable, self._mark = bad, ()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _document(kept: Path | Document) -> Document:
    return FileDocument(kept, private=True) if isinstance(kept, Path) else kept


def _change(kept: Path | Document, decide: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
    document = _document(kept)

    def changed(content: bytes | None) -> bytes:
        found = _decoded(document, content)
        new = replace(found, keys=decide(found.keys))
        return msgspec.json.format(msgspec.json.encode(new), indent=1)

    document.change(changed)


def _decoded(document: Document, content: bytes | None) -> KeyFile:
    if content is None:
        return KeyFile()
    try:
        return msgspec.json.decode(content, type=KeyFile)
    except msgspec.MsgspecError as error:
        raise _unreadable(document, error) from error


def _unreadable(document: Document, error: Exception) -> BadInput:
    return BadInput(
        f"the file of keys cannot be read: {error}",
        where=document.where,
        next_step="make keys with palate key new",
    )
