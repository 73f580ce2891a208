"""A recipe that says only what differs from another one: `extends = "other.toml"`.

Tables are merged key by key, lists and values are replaced. A table that names another `part` than
the one it inherits replaces it whole, because settings belong to their part. `drop` takes inherited
keys away before the recipe's own are put in. The run's name is never inherited: it names a folder.
"""

from __future__ import annotations

import copy
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from palate import registry
from palate.data.address import anchored, is_address
from palate.data.knowledge.settings import FILES
from palate.data.settings import PATHS
from palate.errors import BadRecipe, PalateError, SeveralProblems, nearest, raise_all
from palate.recipe.blocks import file_settings
from palate.recipe.keys import dotted, key_parts

EXTENDS, DROP = "extends", "drop"
OWN = ("name", "reasons", EXTENDS, DROP)
"""Keys that a recipe never hands on."""
_BARE = re.compile(r"""\s*([^\s"'#=\[{]+)\s*=""")
"""A line that gives a value to a key without quotation marks."""


@dataclass(frozen=True)
class Layered:
    """A recipe's table with all that it inherits, and which file said what.

    Attributes:
        table: The sections, merged; without `extends` and `drop`.
        files: Each file and what it says itself, the recipe first, the oldest ancestor last.
    """

    table: dict[str, Any]
    files: tuple[tuple[Path, Mapping[str, Any]], ...]

    @contextmanager
    def naming_files(self, overrides: Sequence[str] = ()) -> Iterator[None]:
        """Problems that are raised inside name the file of their key, and how it came in.

        Args:
            overrides: `key=value` texts of the command line; keys that they set are of no file.

        Raises:
            PalateError: What was raised inside.
        """
        try:
            yield
        except PalateError as error:
            if len(self.files) == 1:
                raise
            problems = error.problems if isinstance(error, SeveralProblems) else (error,)
            keys = [".".join(key_parts(o.partition("=")[0].strip())) for o in overrides]
            raise_all([self._located(problem, keys) for problem in problems])

    def _located(self, problem: PalateError, set_outside: Sequence[str]) -> PalateError:
        index = self._speaker(problem.where)
        if index is None or any(
            _inside(*pair)
            for key in set_outside
            for pair in ((key, problem.where), (problem.where, key))
        ):
            return problem
        path = self.files[index][0]
        how = (
            f"which extends {self.files[1][0].name}"
            if index == 0
            else f"which {self.files[index - 1][0].name} extends"
        )
        return type(problem)(
            problem.what,
            where=f"{problem.where} in {path}, {how}",
            allowed=problem.allowed,
            next_step=problem.next_step,
        )

    def _speaker(self, where: str) -> int | None:
        """Which file says the key: the one that knows most of it, the youngest of those."""
        known = [_known(where, table) for _, table in self.files]
        return known.index(max(known)) if max(known) else None


def read(path: Path) -> Layered:
    """Read a recipe file and all that it extends.

    Raises:
        BadRecipe: A file is missing or not TOML, recipes extend each other in a circle, or `drop`
            names what is not inherited. The message names both files.
    """
    return _read(path, ())


def _read(path: Path, younger: tuple[Path, ...]) -> Layered:
    table = _toml(path, younger)
    parent_path = _parent(table, path)
    if parent_path is None:
        return Layered(table, ((path, table),))
    if parent_path.resolve() in {p.resolve() for p in (*younger, path)}:
        circle = [p.name for p in (*younger, path, parent_path)]
        raise BadRecipe(
            f"recipes extend each other in a circle: {' -> '.join(circle)}",
            where=f"{path}: {EXTENDS}",
            next_step="take one of the lines away",
        )
    parent = _read(parent_path, (*younger, path))
    inherited = {k: v for k, v in copy.deepcopy(parent.table).items() if k not in OWN}
    if parent_path.resolve().parent != path.resolve().parent:
        anchor(inherited, parent_path.resolve().parent)
    for key in _dropped(table, path):
        _drop(inherited, key, f"{path}: {DROP}", parent_path)
    own = {k: v for k, v in table.items() if k not in (EXTENDS, DROP)}
    return Layered(merged(inherited, own), ((path, own), *parent.files))


def merged(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables as one; inherited keys keep their place in the order.

    >>> merged({"ease": {"part": "a", "l2": 1}, "x": 1}, {"ease": {"l2": 2}, "y": [3]})
    {'ease': {'part': 'a', 'l2': 2}, 'x': 1, 'y': [3]}
    >>> merged({"ease": {"part": "a", "l2": 1}}, {"ease": {"part": "b"}})
    {'ease': {'part': 'b'}}
    """
    table = dict(inherited)
    for key, value in own.items():
        before = table.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and _same(before, value):
            table[key] = merged(before, value)
        else:
            table[key] = copy.deepcopy(value)
    return table


def _same(before: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Whether two tables are about the same part, or at most one of them names any."""
    return "part" not in before or "part" not in value or before["part"] == value["part"]


def _toml(path: Path, younger: tuple[Path, ...]) -> dict[str, Any]:
    where = f"{younger[-1]}: {EXTENDS}" if younger else str(path)
    if not path.is_file():
        near = ""
        if path.parent.is_dir():
            near = nearest(path.stem, [p.stem for p in path.parent.glob("*.toml")])
        if younger:
            raise BadRecipe(
                f"there is no recipe {path}",
                where=where,
                allowed="a path relative to the file that extends",
                next_step=near,
            )
        raise BadRecipe(
            "there is no such recipe",
            where=where,
            next_step=near or "palate init FILES... writes one",
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        extended = f" (extended by {younger[-1]})" if younger else ""
        raise BadRecipe(
            f"not TOML: {cause}", where=f"{path}{extended}", next_step=_quote_step(path)
        ) from cause


def _quote_step(path: Path) -> str:
    """What to do where a key without quotation marks has letters that TOML takes only in them; of
    the first such key. Empty where there is none.
    """
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    found = (match for line in lines if (match := _BARE.match(line)))
    key = next((one[1].strip() for one in found if not one[1].isascii()), "")
    return f'letters other than A to Z need quotation marks in a key: "{key}" = ...' if key else ""


def _parent(table: Mapping[str, Any], path: Path) -> Path | None:
    if EXTENDS not in table:
        if DROP in table:
            raise BadRecipe(
                "nothing is inherited that could be dropped",
                where=f"{path}: {DROP}",
                next_step=f'add {EXTENDS} = "other.toml", or delete the line',
            )
        return None
    named = table[EXTENDS]
    if not isinstance(named, str) or not named:
        raise BadRecipe(
            f"{named!r} names no recipe",
            where=f"{path}: {EXTENDS}",
            allowed="the path of one TOML file, relative to this one",
        )
    return path.parent / Path(os.path.expandvars(named)).expanduser()


def _dropped(table: Mapping[str, Any], path: Path) -> list[str]:
    keys = table.get(DROP, [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise BadRecipe(
            f"{keys!r} is not a list of keys",
            where=f"{path}: {DROP}",
            allowed="""["models.ease", 'blocks."text.tfidf"']""",
        )
    return keys


def _drop(table: dict[str, Any], key: str, where: str, parent: Path) -> None:
    *path, last = key_parts(key, where)
    place: Any = table
    for i, name in enumerate([*path, last]):
        if not isinstance(place, Mapping) or name not in place:
            known = list(place) if isinstance(place, Mapping) else []
            inside = f" under {dotted(path[:i])}" if i else ""
            raise BadRecipe(
                f'"{name}"{inside} is not inherited from {parent}',
                where=f"{where}, {key}",
                allowed=", ".join(known),
                next_step=nearest(name, known),
            )
        if i < len(path):
            place = place[name]
    del place[last]


def anchor(table: dict[str, Any], folder: Path) -> None:
    """Name the files that are read from the folder of the recipe that names them.

    Args:
        table: A recipe's sections; changed in place.
        folder: The folder of that recipe.
    """
    data = table.get("data")
    _anchor_keys(data, PATHS, folder)
    knowledge = data.get("knowledge") if isinstance(data, dict) else None
    for graph in knowledge.values() if isinstance(knowledge, dict) else ():
        _anchor_keys(graph, FILES, folder)
    blocks = table.get("blocks")
    for block in blocks.values() if isinstance(blocks, dict) else ():
        part = block.get("part") if isinstance(block, dict) else None
        if part in registry.names():  # an unknown one is refused when the recipe is parsed
            _anchor_keys(block, file_settings(part), folder)


def _anchor_keys(section: Any, keys: Sequence[str], folder: Path) -> None:
    for key in keys if isinstance(section, dict) else ():
        text = section.get(key)
        # what begins with a variable or a home says its folder itself
        if isinstance(text, str) and text and not text.startswith(("$", "~")):
            section[key] = anchored(text, folder) if is_address(text) else str(folder / text)


def _inside(place: str, outer: str) -> bool:
    rest = place.removeprefix(outer)
    return place.startswith(outer) and (not rest or rest[0] in ".[")


def _known(where: str, table: Mapping[str, Any]) -> int:
    """How many characters of a place, such as `blocks.text.tfidf.fields[0]`, a table knows."""
    best = 0
    for key, value in table.items():
        if _inside(where, key):
            inner = _known(where[len(key) + 1 :], value) if isinstance(value, Mapping) else 0
            best = max(best, len(key) + (inner + 1 if inner else 0))
    return best
