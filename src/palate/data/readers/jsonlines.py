"""JSON lines, and one JSON array of objects -> `Table`."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from palate.data.readers.columns import column_of
from palate.data.readers.members import members
from palate.data.readers.options import MAX_COLUMNS, TextOptions
from palate.data.readers.plain_lines import plain_lines
from palate.data.readers.source import Source
from palate.data.readers.text import as_utf8
from palate.data.table import Table, shorten, title_of
from palate.errors import BadInput

_ALLOWED = 'one object a line, such as {"user_id": "7", "item_id": "a"}, or one array of objects'


def read_json(source: Source, options: TextOptions) -> Table:
    """Read JSON lines (`.jsonl`, `.ndjson`) or an array of objects (`.json`), alone or as the only
    one in an object.

    A key that is missing in an object is null. Objects inside a field become columns such as
    "user.id" where they have the same few keys, else their JSON text. NaN and Infinity are read,
    although JSON has no such numbers, and left to the checks.

    Args:
        source: The file.
        options: Its encoding.

    Raises:
        BadInput: A line that is no JSON or no object, a key that comes twice in one object, half of
            a character (a lone surrogate), or no object at all; the message says where.

    Cost: about 300,000 small objects a second and memory some ten times the file; a few times as
    quick, and three times the file, where each is a line of plain values.
    """
    text = as_utf8(source.content(), source.name, options.encoding)
    plain = plain_lines(text.data)
    if plain is not None:
        return Table(source.name, plain, "", tuple(text.notes), 1, (), text.findings)
    array = text.data.lstrip()[:1] == b"["
    key, inside = ("", None) if array else _inside(text.data, source.name)
    if inside is not None:
        rows = inside
    else:
        rows = list(_array(text.data, source.name) if array else _lines(text.data, source.name))
    if not rows:
        raise BadInput("the file holds no object", where=source.name, allowed=_ALLOWED)
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    if len(names) > MAX_COLUMNS:
        raise BadInput(
            f"{len(names):,} different keys", where=source.name, allowed=f"at most {MAX_COLUMNS:,}"
        )
    columns: dict[str, pl.Series] = {}
    notes: list[str] = list(text.notes)
    if inside is not None:
        notes.append(f'The rows of {title_of(source.name)} are those under "{shorten(key, 30)}".')
    objects: list[str] = []
    for field in names:
        for name, values in members(field, [row.get(field) for row in rows]):
            if name in columns:
                raise BadInput(f'two fields are called "{shorten(name)}"', where=source.name)
            columns[name], said = column_of(values, name, source.name)
            notes += said
            objects += [name] if any(isinstance(v, dict) for v in values) else []
    one_a_line = (
        not array and inside is None and len(rows) == text.data.rstrip(b"\n").count(b"\n") + 1
    )
    return Table(
        source.name,
        pl.DataFrame(columns),
        "",
        tuple(notes),
        1 if one_a_line else None,
        tuple(objects),
        text.findings,
    )


def _inside(data: bytes, where: str) -> tuple[str, list[dict[str, Any]] | None]:
    """The rows that lie in the only array of objects of one object, as services send them, and its
    key; None in every other file.
    """
    first, _, rest = data.partition(b"\n")
    if first.rstrip().endswith(b"}") and rest.strip():  # a line is an object
        return "", None
    try:
        whole = json.loads(data, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError):  # several objects, or broken: the reading of lines says it
        return "", None
    lists = {k: v for k, v in whole.items() if _are_rows(v)} if isinstance(whole, dict) else {}
    if len(lists) != 1:
        return "", None
    ((key, values),) = lists.items()
    return key, [_object(v, data, f"{where}, row {n}") for n, v in enumerate(values, start=1)]


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) for v in value)


def _lines(data: bytes, where: str) -> Iterator[dict[str, Any]]:
    row = 0
    for number, line in enumerate(io.BytesIO(data), start=1):
        if not line.strip():
            continue
        row += 1
        yield _object(
            _parsed(line.decode(), where, row, number), line, f"{where}, row {row} (line {number})"
        )


def _array(data: bytes, where: str) -> Iterator[dict[str, Any]]:
    values = _parsed(data.decode(), where, 0, 1)
    for row, value in enumerate(values, start=1):
        yield _object(value, data, f"{where}, row {row}")


def _parsed(text: str, where: str, row: int, line: int) -> Any:
    place = f"{where}, row {row} (line {line})" if row else where
    try:
        return json.loads(text, object_pairs_hook=_no_key_twice)
    except json.JSONDecodeError as cause:
        if not row:
            place = f"{where}, line {cause.lineno}"
        hint = (
            "it looks like Python, not JSON: write it with json.dumps"
            if text.lstrip()[:2] in ("{'", "['")
            else ""
        )
        what = f"broken JSON at column {cause.colno}: {cause.msg}"
        raise BadInput(what, where=place, allowed=_ALLOWED, next_step=hint) from cause
    except RecursionError as cause:
        raise BadInput(
            "objects or arrays inside one another, too deep to read", where=place
        ) from cause
    except ValueError as cause:  # a key twice, or a number with thousands of digits
        what = "a number of thousands of digits" if "digits" in str(cause) else str(cause)
        raise BadInput(f"broken JSON: {what}", where=place) from cause


def _no_key_twice(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(n for i, n in enumerate(names) if n in names[:i])
        raise ValueError(f'the key "{shorten(twice)}" comes twice in one object')
    return built


def _object(value: Any, text: bytes, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        kind = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}.get(
            type(value), "a number"
        )
        raise BadInput(
            f"{kind} where an object should be: {shorten(value, 40)}", where=place, allowed=_ALLOWED
        )
    # Only text with such an escape can hold half a character, so only that is searched; nothing
    # could store it.
    if b"\\ud" in text or b"\\uD" in text:
        _refuse_half_characters(value, place)
    return value


def _refuse_half_characters(value: Any, place: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as cause:
        raise BadInput(
            f"half of a character (the lone surrogate U+{ord(cause.object[cause.start]):04X})",
            where=place,
            next_step="write the file again with a tool that keeps surrogate pairs whole",
        ) from cause
