"""Keys of a service: who may read, who may send events, who may change things.

A key is random and is shown once, when it is made; the file holds its digest. There is nothing to
guess in a key of 256 random bits, so the digest is a plain SHA-256, which costs a request
microseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, final, get_args

import msgspec

from palate.data.writers.whole import whole_file
from palate.errors import BadInput
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
    path: Path, roles: Sequence[str], label: str = "", days: float = 0.0
) -> tuple[str, Key]:
    """Make a key and keep its digest.

    Args:
        path: The file of keys.
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
    found = read_keys(path)
    name = secrets.token_hex(4)
    secret = f"{_PREFIX}_{name}_{secrets.token_urlsafe(32)}"
    now = int(time.time())
    expires = now + max(int(days * 86_400), 1) if days else 0
    key = Key(name, chosen, _digest(secret), now, label, expires=expires)
    _write(path, replace(found, keys=(*found.keys, key)))
    return secret, key


def revoke_key(path: Path, name: str) -> Key:
    """Refuse a key from now on; a running service knows within a second.

    Raises:
        NotFound: There is no such key.
        BadInput: The file is not one of keys.
    """
    found = read_keys(path)
    if name not in {key.id for key in found.keys}:
        raise NotFound(
            f'there is no key "{name}"',
            where=str(path),
            allowed=", ".join(key.id for key in found.keys) or "none: there are no keys",
            next_step="palate key list",
        )
    keys = tuple(replace(key, revoked=True) if key.id == name else key for key in found.keys)
    _write(path, replace(found, keys=keys))
    return next(key for key in keys if key.id == name)


def read_keys(path: Path) -> KeyFile:
    """The keys of a file; none where there is no file.

    Raises:
        BadInput: It cannot be read, or is not a file of keys.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except FileNotFoundError:
        return KeyFile()
    except (OSError, msgspec.MsgspecError) as error:
        raise BadInput(
            f"the file of keys cannot be read: {error}",
            where=str(path),
            next_step="make keys with palate key new",
        ) from error


@final
class Keyring:
    """The keys of a running service; what happens to the file is known within a second.

    Args:
        path: The file of keys.

    Raises:
        BadInput: The file is there and cannot be read.

    Attributes:
        required: Whether there were keys at the start: then every request needs one, also when all
            of them are revoked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: dict[str, Key] = {}
        self._version = (0, 0)
        self._changing = threading.Lock()
        self._unreadable: Exception | None = None
        self._refresh()
        if self._unreadable is not None:
            raise self._unreadable
        self.required = bool(self._keys)

    def find(self, secret: str) -> Key | None:
        """The key, if it is one, was not revoked and has not expired.

        Raises:
            Unavailable: The file of keys cannot be read, so that it is not known which are valid.
        """
        if time.monotonic() - self._looked >= _EVERY:
            self._refresh()
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
        if time.monotonic() - self._looked >= _EVERY:
            self._refresh()
        key = self._keys.get(name)
        return key is not None and key.valid

    def known(self) -> list[Key]:
        """All keys, revoked ones too, oldest first."""
        return list(read_keys(self.path).keys)

    def make(self, roles: Sequence[str], label: str) -> tuple[str, Key]:
        """`new_key`, and the next request may use it."""
        with self._changing:
            made = new_key(self.path, roles, label)
            self._refresh()
            return made

    def revoke(self, name: str) -> Key:
        """`revoke_key`, and the next request cannot use it."""
        with self._changing:
            key = revoke_key(self.path, name)
            self._refresh()
            return key

    def _refresh(self) -> None:
        self._looked = time.monotonic()
        try:
            found = self.path.stat()
            version = (found.st_mtime_ns, found.st_ino)
            if version != self._version:
                self._keys = {key.id: key for key in read_keys(self.path).keys}
                self._version = version
            self._unreadable = None
        except FileNotFoundError:
            self._keys, self._version, self._unreadable = {}, (0, 0), None
        except (OSError, BadInput) as error:  # a key that was revoked in it may not count as one
            self._unreadable = error
            self._version = (0, 0)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _write(path: Path, content: KeyFile) -> None:
    with whole_file(path) as file:
        file.write(msgspec.json.format(msgspec.json.encode(content), indent=1))
    os.chmod(path, 0o600)
