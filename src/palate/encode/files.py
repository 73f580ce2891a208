"""Pictures and sounds of a catalogue: names of files, or their bytes, read within limits and never
trusted.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from palate.arrays import Rows
from palate.errors import BadInput, BadRecipe
from palate.tables import Catalogue

_SAMPLE = 1000
_MOST_LETTERS = 4096


@dataclass(frozen=True)
class FileContent:
    """The content of one file; two are equal if their bytes are.

    Attributes:
        digest: SHA-256 (hex) of the bytes.
        name: What messages call it.
        path: Where it lies; None where the catalogue itself holds the bytes.
        data: The bytes that the catalogue holds.
    """

    digest: str
    name: str = field(compare=False, default="")
    path: str | None = field(compare=False, default=None)
    data: bytes | None = field(compare=False, default=None, repr=False)


def named_files(catalogue: Catalogue, fields: Sequence[str]) -> Iterator[str | bytes | None]:
    """What the first field that an item has says: a file's name, its bytes, or None.

    Of a list the first entry counts; of an object its `bytes`, else its `path`.

    Raises:
        BadRecipe: The catalogue has no such field, or one can hold no files.
    """
    columns = [_entries(catalogue.column(f)) for f in fields]
    for values in zip(*columns, strict=True):
        yield next((v for v in values if v is not None), None)


def file_fields(
    catalogue: Catalogue, fields: Sequence[str], rows: Rows, endings: Sequence[str]
) -> tuple[str, ...]:
    """The named fields, or, where none is named, the only one that holds such files among the items
    `rows`.

    Args:
        catalogue: The items.
        fields: Those that are named.
        rows: The items that are looked at.
        endings: How names of such files end, in small letters, e.g. ".jpg".

    Raises:
        BadRecipe: A named field does not exist; or none is named and none, or more than one, holds
            such names.
    """
    for name in fields:
        _entries(catalogue.column(name))
    if fields:
        return tuple(fields)
    table = catalogue.fields[np.unique(rows)]
    found = tuple(c.name for c in table.get_columns() if are_names(c, tuple(endings)))
    if len(found) == 1:
        return found
    what = (
        f"the fields {', '.join(found)} all hold such files"
        if found
        else f"no field names {endings[0]} files"
    )
    raise BadRecipe(
        f"no field is named, and {what}",
        where="fields",
        allowed=", ".join(catalogue.fields.columns) or "none: no catalogue was given",
        next_step=f'name one: fields = ["{(found or ("poster",))[0]}"]',
    )


def open_named(value: str | bytes, folder: Path, max_bytes: int) -> FileContent:
    """Find a file and digest it; its bytes are not kept.

    Args:
        value: A name, absolute or from `folder` on, or the bytes themselves.
        folder: Where names start from.
        max_bytes: Larger files are refused.

    Raises:
        BadInput: It is an address, is not there, is no plain file, may not be read, is empty or too
            large.
    """
    if isinstance(value, bytes):
        name = f"{len(value):,} bytes in the catalogue"
        _refuse_size(len(value), name, max_bytes)
        return FileContent(hashlib.sha256(value).hexdigest(), name, data=value)
    path = path_of(value, folder)
    return FileContent(hashlib.sha256(_read(path, max_bytes)).hexdigest(), path, path)


def data_of(content: FileContent, max_bytes: int) -> bytes:
    """The bytes.

    Raises:
        BadInput: The file cannot be read any more, or has other bytes than when it was digested.
    """
    if content.data is not None:
        return content.data
    if content.path is None:
        raise BadInput("there are neither bytes nor a path", where=content.name or content.digest)
    data = _read(content.path, max_bytes)
    if hashlib.sha256(data).hexdigest() != content.digest:
        # Vectors are kept under the digest: those of other bytes must not get there.
        raise BadInput(
            "the file changed while it was read", where=content.name, next_step="run again"
        )
    return data


def path_of(name: str, folder: Path) -> str:
    """Where a name leads; the disk is looked at only for a name with a backslash.

    Raises:
        BadInput: It is an address, or nothing that could be a file's name.
    """
    head, colon, _ = name[:32].partition(":")
    if name.startswith("data:") or (colon and name[len(head) :].startswith("://")):
        raise BadInput(
            "this is an address, and encoders fetch nothing",
            where=f"{name[:80]}...",
            allowed="a file's name or path",
            next_step="download the files first and name them in this field",
        )
    if "\0" in name or len(name) > _MOST_LETTERS:
        raise BadInput("this cannot be the name of a file", where=ascii(name[:80]))
    # Not a Path: a hundred thousand of those take longer to make than to look up.
    path = os.path.join(folder, name)
    if "\\" in name and os.sep != "\\" and not os.path.exists(path):
        # written on Windows; a name on this system may hold a backslash, though hardly any does
        return os.path.join(folder, name.replace("\\", "/"))
    return path


def _read(path: str, max_bytes: int) -> bytes:
    try:
        # Asked before it is opened: opening a pipe would wait for ever, and a device never ends.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a plain file"
            raise BadInput(f"this is {kind}", where=path)
        _refuse_size(status.st_size, path, max_bytes)
        with open(path, "rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as cause:
        raise BadInput("there is no such file", where=path) from cause
    except OSError as cause:
        raise BadInput(f"the file cannot be read: {cause.strerror or cause}", where=path) from cause
    _refuse_size(len(data), path, max_bytes)
    return data


def _refuse_size(size: int, name: str, max_bytes: int) -> None:
    if size == 0:
        raise BadInput("the file is empty", where=name)
    if size > max_bytes:
        raise BadInput(
            f"{size:,} bytes are too many", where=name, allowed=f"max_bytes = {max_bytes:,}"
        )


def _entries(column: pl.Series) -> list[str | bytes | None]:
    dtype = column.dtype
    if isinstance(dtype, (pl.List, pl.Array)) and dtype.inner in (pl.String, pl.Binary):
        column = column.cast(pl.List(dtype.inner)).list.first()
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        text = column.cast(pl.String).str.strip_chars()
        return text.set(text == "", None).to_list()
    if column.dtype == pl.Binary:
        return [v or None for v in column.to_list()]
    if isinstance(column.dtype, pl.Struct):
        return [_of_object(v) for v in column.to_list()]
    if column.dtype == pl.Null:
        return [None] * len(column)
    raise BadRecipe(
        f'the field "{column.name}" holds {dtype}, which can name no file',
        where="fields",
        allowed="names of files, bytes, lists of them, or objects with bytes or path",
    )


def _of_object(value: dict[str, Any] | None) -> str | bytes | None:
    for key, kind in (("bytes", bytes), ("path", str)):
        found = (value or {}).get(key)
        if isinstance(found, kind) and found:
            return found
    return None


def are_names(column: pl.Series, endings: tuple[str, ...]) -> bool:
    """Whether most of the first values of a field [n_items] are names that end so (in small
    letters, e.g. ".jpg"); bytes are no names.
    """
    try:
        sample = [v for v in _entries(column.drop_nulls().head(_SAMPLE)) if v is not None]
    except BadRecipe:
        return False
    named = sum(1 for v in sample if isinstance(v, str) and v.lower().endswith(endings))
    return bool(sample) and 2 * named > len(sample)
