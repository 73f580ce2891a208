"""Addresses of databases in place of files: what they name, and that no password is in them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from palate.errors import BadInput, BadRecipe

FILES: Final = ("duckdb", "sqlite")
"""Databases that are one file: three slashes before a path that starts from the recipe, four
before one that starts from the root."""

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_VARIABLE: Final = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_WHOLE: Final = re.compile(r"\$(?:(\w+)|\{(\w+)\})(?:#.*)?")
_SECRET: Final = re.compile(r"(?i)pass(word|wd)?|pwd|token|secret|credentials?|(api|secret)_?key")
_HIDDEN: Final = "***"


def is_address(text: str) -> bool:
    """Whether a text names a database rather than a file: `scheme://...`, or a variable of the
    environment that holds that.

    >>> is_address("sqlite:///shop.db#events"), is_address("clicks.csv")
    (True, False)
    """
    if _ADDRESS.match(text):
        return True
    whole = _WHOLE.fullmatch(text)
    return whole is not None and bool(_ADDRESS.match(os.environ.get(_name(whole), "")))


def refuse_secrets(text: str, where: str) -> None:
    """Refuse an address with a password in it, since recipes are copied into run directories.

    Args:
        text: A path or an address, as a recipe has it.
        where: The recipe key.

    Raises:
        BadRecipe: It has a password that is not a variable of the environment; it is not repeated.
    """
    if not _ADDRESS.match(text):
        return
    parts = urlsplit(text.partition("#")[0])
    given = [parts.netloc.rpartition("@")[0].partition(":")[2]]
    given += [value for key, value in parse_qsl(parts.query) if _SECRET.search(key)]
    if any(value and not _VARIABLE.fullmatch(value) for value in given):
        raise BadRecipe(
            "a password stands in the address, and would be kept in every copy of the recipe",
            where=where,
            allowed=f"{parts.scheme}://user:$PASSWORD@host/database, with the password in PASSWORD",
            next_step="put it into a variable of the environment, and name that",
        )


@dataclass(frozen=True)
class Address:
    """A database, and which of its tables.

    Attributes:
        shown: As the recipe has it, without the table; what messages say.
        table: The table behind `#`; empty where none is named.
        url: With the variables' values; never shown.
        secrets: What must not be seen in a message.
    """

    shown: str
    table: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False, default=())

    @property
    def scheme(self) -> str:
        """Which kind of database, e.g. "postgresql"."""
        return self.url.partition(":")[0].lower()

    @property
    def name(self) -> str:
        """What messages call the table."""
        return f"{self.shown}#{self.table}" if self.table else self.shown

    def file(self, base: Path) -> Path:
        """The file of a database that is one.

        Args:
            base: The folder that relative paths start from.
        """
        return base / self.url.partition("://")[2][1:]

    def masked(self, text: str) -> str:
        """A text of the database's own without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return re.sub(r"(//[^/\s:@]*:)[^/\s@]+@", rf"\1{_HIDDEN}@", text)


def parsed(text: str) -> Address:
    """Understand an address.

    Args:
        text: `scheme://...#table`, or `$NAME#table` where NAME holds the former; `$NAME` anywhere
            in it stands for a variable of the environment.

    Raises:
        BadInput: A variable is not set, or no place is named.

    >>> parsed("duckdb:///clicks.duckdb#events").table
    'events'
    """
    shown, _, table = text.partition("#")
    end_of_user = shown.rfind("@")
    secrets: list[str] = []
    whole = _WHOLE.fullmatch(text) is not None

    def value(found: re.Match[str]) -> str:
        """What a variable holds, as an address writes it where it is user or password."""
        held = os.environ.get(_name(found))
        if held is None:
            raise BadInput(
                f"the variable {_name(found)} of the environment is not set",
                where=text,
                next_step=f"export {_name(found)}=...",
            )
        if whole or not (found.start() < end_of_user or "?" in shown[: found.start()]):
            return held
        secrets.append(held)
        return quote(held, safe="")

    url = _VARIABLE.sub(value, shown)
    password = urlsplit(url).netloc.rpartition("@")[0].partition(":")[2]
    secrets += [password, unquote(password)]
    rest = url.partition("://")[2]
    if not rest.strip("/"):
        raise BadInput(
            "the address names no database",
            where=text,
            allowed="duckdb:///clicks.duckdb#events, sqlite:///shop.db#events or"
            " postgresql://user@host/database#events",
        )
    hidden = tuple(sorted({s for s in secrets if s}, key=len, reverse=True))
    return Address(shown, table, url, hidden)


def anchored(text: str, folder: Path) -> str:
    """The same database, named from the root where it is a file that is named from a folder.

    >>> anchored("sqlite:///shop.db#events", Path("/data"))
    'sqlite:////data/shop.db#events'
    """
    scheme, _, rest = text.partition("://")
    if scheme.lower() not in FILES or not rest.startswith("/") or rest[1:2] in ("/", "$", ""):
        return text
    return f"{scheme}:///{folder / rest[1:]}"


def _name(found: re.Match[str]) -> str:
    return str(found[1] or found[2])
