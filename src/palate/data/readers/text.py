"""Bytes -> UTF-8 without surprises: byte-order marks, other encodings, NUL bytes."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from palate.data.table import title_of
from palate.errors import BadInput

MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Text:
    """A text file's content.

    Attributes:
        data: Valid UTF-8 without mark and without NUL bytes.
        notes: Sentences about the encoding, where it was not plain UTF-8.
    """

    data: bytes
    notes: tuple[str, ...] = ()


def as_utf8(content: bytes, where: str, encoding: str = "") -> Text:
    """Decode a text file.

    Args:
        content: Its bytes.
        where: Its name, for messages.
        encoding: Its encoding where it is known; empty for UTF-8, or what its byte-order mark says.

    Raises:
        BadInput: The bytes are not of that encoding, or hold NUL; the message says at which line.
    """
    mark, marked = next(((m, e) for m, e in MARKS if content.startswith(m)), (b"", ""))
    body = content[len(mark) :]
    chosen = marked or _known(encoding, where) or "utf-8"
    if chosen == "utf-8":
        _refuse_nul(body, where)
        _decoded(body, "utf-8", where, given=bool(encoding))
        data = body
    else:
        data = _decoded(body, chosen, where, given=bool(encoding)).encode("utf-8", "surrogatepass")
        _refuse_nul(data, where)
    if not data.strip():
        raise BadInput("the file is empty", where=where, next_step="look at what wrote it")
    said = f"{title_of(where)} is written in {chosen}" + (", as its byte-order mark says" if marked else "")
    return Text(data, (f"{said}.",) if chosen != "utf-8" or marked else ())


def _known(encoding: str, where: str) -> str:
    if not encoding:
        return ""
    try:
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as cause:
        raise BadInput(
            f'there is no encoding "{encoding}"',
            where=where,
            allowed="e.g. utf-8, latin-1, cp1252, gb18030, utf-16",
            next_step="leave `encoding` empty for UTF-8",
        ) from cause


def _decoded(body: bytes, encoding: str, where: str, *, given: bool) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as cause:
        line = body.count(b"\n", 0, cause.start) + 1
        byte = body[cause.start : cause.start + 1].hex()
        raise BadInput(
            f"byte {cause.start + 1:,} (0x{byte}) is not {encoding}: {cause.reason}",
            where=f"{where}, line {line:,}",
            next_step='try another `encoding`, e.g. "utf-8"' if given else 'set encoding = "latin-1" (or what it is)',
        ) from cause
    except (UnicodeError, LookupError) as cause:
        raise BadInput(f"the file cannot be read as {encoding}: {cause}", where=where) from cause


def _refuse_nul(data: bytes, where: str) -> None:
    at = data.find(b"\0")
    if at < 0:
        return
    wide = "le" if data[1:2] == b"\0" else "be" if data[:1] == b"\0" else ""
    looks = f'it looks like UTF-16: set encoding = "utf-16-{wide}"' if wide else "it is damaged, or not a text file"
    raise BadInput(
        f"{data.count(0):,} NUL bytes, the first is byte {at + 1:,}",
        where=f"{where}, line {data.count(10, 0, at) + 1:,}",
        next_step=looks,
    )
