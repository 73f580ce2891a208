"""One table in several files of the same columns, such as one a month, named by a pattern."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import polars as pl

from palate.data.address import is_address
from palate.data.readers.heading import without_heading
from palate.data.readers.options import TextOptions
from palate.data.table import Table, title_of
from palate.errors import BadInput

_LONGEST: Final = 1 << 16
_SHOWN: Final = 3
_NAMED: Final = re.compile(r"\w\W*[,;\t|]\W*\w")
_COMMENTS: Final = ("--", "/*", "#")
_NUMBERS: Final = re.compile(
    r"(?i)\d+|(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
)


def files_of(pattern: Path) -> list[Path]:
    """The files that a path with `*` in its name means, in the order of their names; none where
    there is no `*`, or a file of that very name.
    """
    if "*" not in pattern.name or pattern.exists():
        return []
    return sorted(path for path in pattern.parent.glob(pattern.name) if path.is_file())


def with_patterns(files: Sequence[Path | str]) -> list[Path | str]:
    """The files in which the first and those behind it that have the same columns are one, named by
    a pattern.

    Args:
        files: The log, perhaps in several files one after the other; then the catalogue and the
            users.

    Raises:
        BadInput: Several are one log, and no pattern means them alone.
    """
    if len(files) < 2 or any(is_address(str(file)) for file in files[:2]):
        return list(files)
    first = _start(Path(files[0]))
    n = 1
    while first and n < len(files) and _start(Path(files[n])) == first:
        n += 1
    if n == 1:
        return list(files)
    parts = [Path(file) for file in files[:n]]
    pattern = _pattern(parts)
    if len({p.parent for p in parts}) > 1 or files_of(pattern) != sorted(parts):
        names = ", ".join(p.name for p in parts[:_SHOWN]) + (", ..." if n > _SHOWN else "")
        raise BadInput(
            f"{n} files have the same columns, as one log in parts: {names}",
            where=str(files[0]),
            allowed="one log, its catalogue, its users",
            next_step="put the parts into a folder of their own and name them all:"
            f' palate init "FOLDER/*{parts[0].suffix}" ...',
        )
    return [pattern, *files[n:]]


def are_numbered(names: Sequence[str]) -> bool:
    """Whether several names differ in numbers or months alone, as those of parts do; "train" and
    "test" are no parts.

    >>> are_numbered(["sales-2024-01.csv", "sales-2024-02.csv"]), are_numbered(["jan.csv", "b.csv"])
    (True, False)
    """
    return len(names) > 1 and len({_NUMBERS.sub("#", name) for name in names}) == 1


def n_kinds(files: Sequence[Path]) -> int:
    """How many tables files are, where those that differ in numbers alone and begin with the same
    line are one.
    """
    starts = [(_NUMBERS.sub("#", file.name), _start(file)) for file in files]
    return len({start for start in starts if start[1]}) + sum(not start[1] for start in starts)


def read_together(
    pattern: Path, options: TextOptions, read: Callable[[Path, TextOptions], Table]
) -> Table:
    """The rows of all files of a pattern, one file below the other.

    Args:
        pattern: Such as `sales-*.csv`.
        options: What is known about them.
        read: Reads one.

    Raises:
        BadInput: One cannot be read, or has other columns than the first.
    """
    files = files_of(pattern)
    first = read(files[0], options)
    names = first.frame.columns
    alike = replace(options, needed=None if options.needed is None else lambda _: names)
    rest = [read(file, alike) for file in files[1:]]
    return stacked(str(pattern), [first, *rest])


def stacked(name: str, tables: Sequence[Table]) -> Table:
    """Tables of the same columns, one below the other.

    Args:
        name: Of the whole.
        tables: At least one.

    Raises:
        BadInput: One has other columns than the first.
    """
    first = tables[0]
    for table in tables[1:]:
        if set(table.first.columns) != set(first.first.columns):
            raise BadInput(
                f"its columns are not those of {first.title}",
                where=table.name,
                allowed=", ".join(first.first.columns[:20]),
                next_step="name only files of the same columns",
            )
    columns = [c for c in first.frame.columns if all(c in t.frame.columns for t in tables)]
    frame = pl.concat([t.frame.select(columns) for t in tables], how="vertical_relaxed")
    digest = hashlib.sha256("\n".join(f"{t.title}\0{t.digest}" for t in tables).encode())
    said = (
        f"{title_of(name)} is one table in {len(tables):,} files, read in the order of their names."
    )
    notes = dict.fromkeys([said, *(note for t in tables for note in t.notes)])
    return Table(
        name,
        frame,
        digest.hexdigest(),
        tuple(notes),
        None,
        tuple(dict.fromkeys(o for t in tables for o in t.objects)),
        tuple(f for t in tables for f in t.findings),
        first.head,
    )


def _pattern(parts: Sequence[Path]) -> Path:
    """What the names have in common, with `*` in place of the rest."""
    names = [p.name for p in parts]
    before = _shared(names)
    behind = _shared([name[len(before) :][::-1] for name in names])[::-1]
    return parts[0].with_name(f"{before}*{behind}")


def _shared(texts: Sequence[str]) -> str:
    """What texts begin with alike."""
    columns = takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False))
    return "".join(letters[0] for letters in columns)


def _start(path: Path) -> tuple[str, ...]:
    """What tells the columns of a file: its line of names, or the keys of its first object; nothing
    where it is no text, or a dump of a database.
    """
    opened: Callable[[Path, str], Any] = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            data = without_heading(file.read(_LONGEST), TextOptions())[0]
        line = data.lstrip().partition(b"\n")[0].decode().strip()
    except (OSError, UnicodeDecodeError, EOFError):
        return ()
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except ValueError:
            return ()
        return tuple(sorted(found)) if isinstance(found, dict) else ()
    return (line,) if _NAMED.search(line) and not line.startswith(_COMMENTS) else ()
