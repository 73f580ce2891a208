"""Bytes -> UTF-8 without surprises: byte-order marks, other encodings, NUL bytes."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from palate.data.readers.encodings import guessed_encoding, is_utf8_in_fact
from palate.data.table import title_of
from palate.errors import BadInput
from palate.tables import Finding

MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_LOOKS = ", as its bytes look like"


@dataclass(frozen=True)
class Text:
    """A text file's content.

    Attributes:
        data: Valid UTF-8 without mark and without NUL bytes.
        notes: Sentences about the encoding, where it was not plain UTF-8.
        findings: That the encoding was guessed.
    """

    data: bytes
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def as_utf8(content: bytes, where: str, encoding: str = "", *, names: bool = False) -> Text:
    """Decode a text file.

    Args:
        content: Its bytes.
        where: Its name, for messages.
        encoding: Its encoding where it is known; empty for UTF-8, what its byte-order mark says, or
            what its bytes look like.
        names: Whether its first line holds names of columns and is no row.

    Raises:
        BadInput: The bytes are not of that encoding, or hold NUL; the message says in which row.
    """
    mark, marked = next(((m, e) for m, e in MARKS if content.startswith(m)), (b"", ""))
    chosen = marked or _known(encoding, where) or "utf-8"
    body, how = content[len(mark) :], ", as its byte-order mark says" if marked else ""
    if encoding and not marked and is_utf8_in_fact(body, chosen):
        chosen, how = "utf-8", f", and was read so rather than as {encoding}"
    elif chosen == "utf-8" and not marked and not encoding:
        if is_plain_utf8(body):
            return _given(Text(body), where)
        guess = "" if _is_utf8(body) else guessed_encoding(body)
        chosen, how = guess or chosen, _LOOKS if guess else ""
    file = _File(where, body, chosen, bool(encoding or marked), names)
    if chosen == "utf-8":
        file.refuse_nul(file.body)
        file.decoded()
        data = file.body
    else:
        data = file.decoded().encode("utf-8", "surrogatepass")
        file.refuse_nul(data)
    said = f"{title_of(where)} is written in {chosen}{how}."
    found = (_guessed(where, chosen),) if how == _LOOKS else ()
    return _given(Text(data, (said,) if chosen != "utf-8" or how else (), found), where)


def is_plain_utf8(body: bytes) -> bool:
    """Whether these are valid UTF-8 and no byte is NUL.

    Cost: 5 GB/s where all is ASCII, 1 GB/s elsewhere.
    """
    if b"\0" in body:
        return False
    if body.isascii():
        return True
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _given(text: Text, where: str) -> Text:
    """The text; one of blanks alone is refused."""
    if not text.data or text.data.isspace():
        raise BadInput("the file is empty", where=where, next_step="look at what wrote it")
    return text


def _guessed(where: str, encoding: str) -> Finding:
    what = f"it is no UTF-8; its bytes look like {encoding}, and it was read so"
    advice = f'if texts look wrong, set encoding = "..."; else set encoding = "{encoding}"'
    return Finding("guessed-encoding", "warning", what, where, 1, (), advice)


def _is_utf8(body: bytes) -> bool:
    """Whether these are UTF-8, or were until the file was cut off."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as cause:
        return cause.reason == "unexpected end of data" and cause.end >= len(body)
    return b"\0" not in body


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


@dataclass(frozen=True)
class _File:
    where: str
    body: bytes
    encoding: str
    given: bool
    names: bool

    def at(self, data: bytes, byte: int) -> str:
        """The row and line of a byte."""
        line = data.count(b"\n", 0, byte) + 1
        row = line - 1 if self.names else line
        return f"{self.where}, row {row:,} (line {line:,})" if row else f"{self.where}, line 1"

    def decoded(self) -> str:
        """The text; a byte that is none of this encoding is refused."""
        try:
            return self.body.decode(self.encoding)
        except UnicodeDecodeError as cause:
            byte = self.body[cause.start : cause.start + 1].hex()
            raise BadInput(
                f"byte {cause.start + 1:,} (0x{byte}) is not {self.encoding}: {cause.reason}",
                where=self.at(self.body, cause.start),
                next_step=self.advice(cause),
            ) from cause
        except (UnicodeError, LookupError) as cause:
            raise BadInput(
                f"the file cannot be read as {self.encoding}: {cause}", where=self.where
            ) from cause

    def advice(self, cause: UnicodeDecodeError) -> str:
        """What to do about a byte that cannot be decoded."""
        if cause.end >= len(self.body) and cause.reason in (
            "unexpected end of data",
            "truncated data",
        ):
            return "the file seems to be cut off: fetch or write it again"
        return (
            "look at what wrote the file"
            if self.given
            else 'set encoding = "latin-1" (or what it is)'
        )

    def refuse_nul(self, data: bytes) -> None:
        """NUL is no text in any encoding."""
        byte = data.find(b"\0")
        if byte < 0:
            return
        wide = "le" if data[1:2] == b"\0" else "be" if data[:1] == b"\0" else ""
        count = data.count(0)
        raise BadInput(
            (
                f"{count:,} NUL bytes, the first is byte {byte + 1:,}"
                if count > 1
                else f"byte {byte + 1:,} is NUL"
            ),
            where=self.at(data, byte),
            next_step=(
                f'it looks like UTF-16: set encoding = "utf-16-{wide}"'
                if wide
                else "the file is damaged, or no text"
            ),
        )
