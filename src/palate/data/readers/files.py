"""Any single file -> `Table`: what it is decides its content, and its name only where the content
leaves a choice.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from palate.data.readers import atomic
from palate.data.readers.delimited import read_delimited
from palate.data.readers.dumps import is_dump, named_table, read_dump
from palate.data.readers.jsonlines import read_json
from palate.data.readers.magic import PACKED, PARQUET, kind_of
from palate.data.readers.options import TextOptions
from palate.data.readers.parquet import read_parquet
from palate.data.readers.parts import PARQUET_SUFFIXES, parts_of, read_parts
from palate.data.readers.several import files_of, read_together
from palate.data.readers.source import Source, open_source
from palate.data.strays import without_repeated_names
from palate.data.table import Table
from palate.errors import BadInput

JSON_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")
DELIMITED_SUFFIXES: Final = (".csv", ".tsv", ".psv", ".txt", ".dat", ".data", ".tab")
SUFFIXES: Final = (*PARQUET_SUFFIXES, *JSON_SUFFIXES, *DELIMITED_SUFFIXES, *atomic.SUFFIXES)


def read_file(path: Path, options: TextOptions | None = None) -> Table:
    """Read one file of any format that palate knows: CSV and relatives, JSON, atomic files, a table
    of a dump such as `backup.sql#orders` (all also as .gz or .zst), Parquet; or several that are
    one table: a folder of Parquet files, or all that a pattern such as `sales-*.csv` means.

    Args:
        path: The file, folder or pattern.
        options: What is known about a text file.

    Raises:
        BadInput: It is not there, cannot be read, or is something else; the message says what.
    """
    chosen = options or TextOptions()
    if files_of(path):
        return read_together(path, chosen, read_file)
    if path.is_dir() and parts_of(path):
        return read_parts(path, chosen.needed)
    plain, part = named_table(path)
    source = open_source(plain)
    if part or is_dump(source):
        return without_repeated_names(read_dump(source, chosen.encoding, part))
    table = _read(source, chosen)
    table = replace(table, digest=source.digest())
    del source  # and the bytes, before rows are copied
    return without_repeated_names(table)


def _read(source: Source, options: TextOptions) -> Table:
    suffix = source.suffix()
    if source.kind is PARQUET or (suffix in PARQUET_SUFFIXES):
        return read_parquet(source, options.needed)
    if source.kind is not None and source.kind not in PACKED:
        raise BadInput(
            f"this is {source.kind.name}", where=source.name, next_step=source.kind.advice
        )
    start = _start(source)
    if suffix in JSON_SUFFIXES or (start in (b"{", b"[") and suffix not in DELIMITED_SUFFIXES):
        return read_json(source, options)
    if suffix in atomic.SUFFIXES:
        return atomic.read_atomic(source, options)
    return read_delimited(source, options)


def _start(source: Source) -> bytes:
    content = source.content()
    if source.kind is not None:
        inside = kind_of(content[:512])
        if inside is not None:
            raise BadInput(
                f"inside the {source.kind.name.removeprefix('a ')} is {inside.name}",
                where=source.name,
                next_step="unpack it first",
            )
    return content[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
