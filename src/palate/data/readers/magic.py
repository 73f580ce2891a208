"""What a file really is, from its first bytes, whatever its name says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of file that is recognised by its first bytes.

    Attributes:
        name: With its article, e.g. "a PNG picture".
        advice: What the reader can do with such a file.
    """

    name: str
    advice: str = "give a table: CSV, TSV, Parquet, JSON lines or atomic files"


PARQUET = Kind("a Parquet file", "")
GZIP = Kind("a gzip file", "")
ZSTD = Kind("a zstd file", "")
PACKED = (GZIP, ZSTD)
"""Files that hold another, which is read."""

_UNPACK = "unpack it first"
_EXPORT = "export it as CSV or Parquet first"

_SHEETS = Kind(
    "a spreadsheet or another document of an office program",
    'save each sheet as a file of its own: "Save as", "CSV UTF-8"',
)
_OFFICE = (
    *(b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"mimetypeapplication/vnd.oasis"),
    *(b"Index/", b"preview"),
)
"""How the first file in such an archive is called."""

SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"PAR1", PARQUET),
    (b"PARE", Kind("an encrypted Parquet file", "write it without encryption")),
    (b"\x1f\x8b", GZIP),
    (b"PK\x03\x04", Kind("a zip archive", _UNPACK)),
    (b"PK\x05\x06", Kind("an empty zip archive", _UNPACK)),
    (b"BZh", Kind("a bzip2 file", _UNPACK)),
    (b"\xfd7zXZ\x00", Kind("an xz file", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", _UNPACK)),
    (b"Rar!", Kind("a RAR archive", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", ZSTD),
    (b"\x89PNG", Kind("a PNG picture")),
    (b"\xff\xd8\xff", Kind("a JPEG picture")),
    (b"GIF8", Kind("a GIF picture")),
    (b"%PDF", Kind("a PDF document")),
    (b"{\\rtf", Kind("a rich-text document")),
    (b"\x7fELF", Kind("a program")),
    (b"MZ\x90", Kind("a program")),
    (b"SQLite format 3", Kind("an SQLite database", _EXPORT)),
    (b"\x89HDF", Kind("an HDF5 file", _EXPORT)),
    (b"ARROW1", Kind("an Arrow file", _EXPORT)),
    (b"FEA1", Kind("a Feather file", _EXPORT)),
    (b"ORC", Kind("an ORC file", _EXPORT)),
    (b"Obj\x01", Kind("an Avro file", _EXPORT)),
    (b"\x93NUMPY", Kind("a numpy array", _EXPORT)),
    (b"\xd0\xcf\x11\xe0", _SHEETS),
    (b"\x80\x02", Kind("a pickle, which palate never loads", _EXPORT)),
    (b"\x80\x03", Kind("a pickle, which palate never loads", _EXPORT)),
    (b"\x80\x04", Kind("a pickle, which palate never loads", _EXPORT)),
    (b"\x80\x05", Kind("a pickle, which palate never loads", _EXPORT)),
)

_WEB_PAGE = Kind(
    "a web page, perhaps the error page of a failed download",
    "download the file again and look at it",
)


def kind_of(head: bytes) -> Kind | None:
    r"""The kind of a file from its first bytes; None for what may be text.

    >>> kind_of(b"\x89PNG...").name
    'a PNG picture'
    """
    if head.startswith(b"PK\x03\x04") and head[30:].startswith(_OFFICE):
        return _SHEETS
    for start, kind in SIGNATURES:
        if head.startswith(start):
            return kind
    if head[257:262] == b"ustar":
        return Kind("a tar archive", _UNPACK)
    start_of_text = head[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return _WEB_PAGE if start_of_text.startswith((b"<!doctype html", b"<html")) else None
