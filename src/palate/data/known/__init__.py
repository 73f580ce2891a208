"""Data sets that palate knows by name: one TOML file each, beside this one."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

from palate import config
from palate.errors import BadRecipe, nearest


@dataclass(frozen=True)
class Layout:
    """One way in which the files of a set may lie in a folder."""

    format: Literal["tables", "movielens", "atomic"] = "tables"
    """`tables`: the files named below; the others know their own names."""

    interactions: str = ""
    """File of the log."""

    items: str = ""
    """File of the catalogue."""

    users: str = ""
    """File of the users."""

    log_columns: Mapping[str, str] = field(default_factory=dict)
    """Columns of the log: ours = theirs; those not named keep their names."""

    item_columns: Mapping[str, str] = field(default_factory=dict)
    """Columns of the catalogue: ours = theirs; where given, only these are kept, in this order."""

    item_numbers: tuple[str, ...] = ()
    """Columns of the catalogue (our names) that are numbers; what is none in the source becomes
    null."""

    user_columns: Mapping[str, str] = field(default_factory=dict)
    """Columns of the users: ours = theirs; those not named keep their names."""

    sha256: Mapping[str, str] = field(default_factory=dict)
    """File name -> SHA-256 of its bytes; all must match."""


@dataclass(frozen=True)
class Download:
    """Where a set can be had when it is not there already."""

    url: str = ""
    """A zip archive at the publisher's."""

    sha256: str = ""
    """SHA-256 of the archive."""

    wheel: str = ""
    """A project of the package index whose wheel holds a copy, with its exact version:
    "name==version"."""

    folder: str = ""
    """Folder inside the archive or wheel."""


@dataclass(frozen=True)
class KnownSet:
    """A data set that palate knows."""

    name: str
    """What recipes call it; also the name of its folder in PALATE_DATA."""

    title: str
    """Its name for people."""

    about: str
    """A sentence or two: what it is, and what to mind."""

    licence: str
    """What its publisher allows."""

    publisher: str = ""
    """Where it is published."""

    layout: tuple[Layout, ...] = ()
    """The ways its files may lie in a folder."""

    download: tuple[Download, ...] = ()
    """Where to get it, best first."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keys of `[data]` that hold for this set unless the recipe says otherwise."""


def names() -> list[str]:
    """All known names."""
    folder = files(__name__)
    return sorted(
        p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")
    )


@functools.cache
def load(name: str) -> KnownSet:
    """The description of a set.

    Raises:
        BadRecipe: There is no known set of that name.

    >>> load("ml-100k").title
    'MovieLens 100K'
    """
    if name not in names():
        raise BadRecipe(
            f'there is no known data set "{name}"',
            where="data.set",
            allowed=", ".join(names()),
            next_step=nearest(name, names()) or 'name your own files: interactions = "clicks.csv"',
        )
    table = tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
    return config.parse(KnownSet, {"name": name, **table}, f"known/{name}.toml")
