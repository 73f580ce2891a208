"""CSV, TSV and their relatives -> `Table`; every field stays text until its meaning is known."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from threading import RLock
from typing import Literal

import numpy as np
import polars as pl

from palate.data.readers.broken_lines import BrokenLines, Sound, sound_lines, without_quotes
from palate.data.readers.escapes import as_meant, with_doubled_quotes
from palate.data.readers.even import even_lines, even_records
from palate.data.readers.header import Header, header_of
from palate.data.readers.heading import without_heading
from palate.data.readers.options import TextOptions
from palate.data.readers.sniff import USUAL, refuse_statements, separator_of, spoken
from palate.data.readers.sound import Csv
from palate.data.readers.source import Source
from palate.data.readers.text import as_utf8
from palate.data.table import Table, shorten, title_of
from palate.errors import BadInput
from palate.tables import Finding

_BATCH = 1 << 16
_HEAD = 1 << 16
_STAND_IN = "\x1f"
_LIMIT = RLock()
_BLANK_ABOVE = re.compile(rb"[\r\n]*")
_BLANK_LINES = re.compile(rb"\n(?:[ ]*\n)+")


@dataclass(frozen=True)
class _Text:
    where: str
    data: bytes
    separator: str
    notes: tuple[str, ...]


def read_delimited(source: Source, options: TextOptions) -> Table:
    """Read a delimited file.

    Fields may be quoted as in RFC 4180; in files separated by tabs, quotes that do not work as
    quotes are taken for ordinary characters. Empty fields are null. Blank lines are passed over.

    Args:
        source: The file.
        options: What is known about it.

    Returns:
        A table whose columns are all text.

    Raises:
        BadInput: Wrong encoding, NUL bytes, no separator, ragged rows, quotes that never close, two
            columns of one name, or no row at all; the message says where.

    Cost: about 100 MB/s without quotes, 30 MB/s with them, on one core; memory some five times the
        file.
    """
    text = as_utf8(source.content(), source.name, options.encoding, names=not options.columns)
    refuse_statements(text.data, source.name)
    data, heading = (text.data, "") if options.columns else without_heading(text.data, options)
    separator = options.separator or separator_of(data, source.name, source.suffix())
    usual = USUAL.get(source.suffix()) == separator
    said = (
        ()
        if usual
        else (f"{title_of(source.name)} was read with {spoken(separator)} between the fields.",)
    )
    above = (f"{title_of(source.name)}: {heading}",) if heading else ()
    notes = (*text.notes, *said, *above)
    opened = _Text(source.name, data, separator, notes)
    try:
        table = _parsed(opened, options)
    except BrokenLines as problem:
        if not options.drop_ragged:
            raise
        table = _without_broken_lines(opened, options, problem)
    if not len(table):
        raise BadInput("the file has a line of names and no row", where=source.name)
    return replace(table, findings=(*text.findings, *table.findings))


def _parsed(text: _Text, options: TextOptions) -> Table:
    if not options.quotes or b'"' not in text.data:
        return _plain(text, options)
    return _with_quotes(text, options)


def _sound(text: _Text, n_fields: int, *, quotes: bool) -> Sound:
    whole = text.data.decode().replace("\r\n", "\n").replace("\r", "\n")
    with _long_fields(len(whole)):
        return sound_lines(whole, text.separator, n_fields, quotes=quotes)


def _without_broken_lines(text: _Text, options: TextOptions, problem: BrokenLines) -> Table:
    """The rows of a file of which some lines are none; these are left out, and it is said."""
    sound = _sound(text, problem.n_fields, quotes=problem.quotes)
    table = _parsed(replace(text, data=sound.text.encode()), options)
    n, lines = len(sound.dropped), ", ".join(f"{line:,}" for line in sound.dropped[:3])
    more = f" and {n - 3:,} more" if n > 3 else ""
    title = title_of(text.where)
    said = (
        f"Left out: {n:,} of {sound.n_lines:,} lines of {title} that are no rows of"
        f" {problem.n_fields} fields: line{'s' if n > 1 else ''} {lines}{more}."
        if n
        else f"Lines of {title} that end in empty fields beyond the last column are read without."
    )
    severity: Literal["error", "warning"] = "warning" if problem.few else "error"
    advice = 'mend the file, or leave such lines out: drop = ["ragged-rows"]'
    found = Finding("ragged-rows", severity, problem.what, problem.where, n, (), advice)
    table = table.replaced(table.frame, [said])
    return replace(table, findings=(*table.findings, found), first_line=None)


def _with_quotes(text: _Text, options: TextOptions) -> Table:
    if len(text.separator) > 1:  # no tool that writes "::" quotes
        return _plain(text, options)
    sound = _sound_csv(text, options)
    if sound is not None:
        return _table(text, sound, options)
    try:
        with _long_fields(len(text.data)):
            return _quoted(text, options)
    except BadInput as problem:
        doubled = with_doubled_quotes(text.data)
        if doubled != text.data:
            with suppress(BadInput):
                table = _with_quotes(replace(text, data=doubled), options)
                return replace(table, findings=(*table.findings, _escaped_quotes(problem)))
        try:
            table = _plain(text, options)
        except BadInput:
            raise problem from None
        if text.separator == "\t":
            frame, found = table.frame, table.findings
        elif isinstance(problem, BrokenLines) and problem.quotes_fail:
            table = as_meant(table.replaced(without_quotes(table.frame)), text.data)
            frame = table.frame
            found = (*table.findings, _odd_quotes(problem))
        else:
            raise
        note = (
            f"Quotes in {title_of(text.where)} are taken for ordinary characters, because they do"
            " not come in pairs."
        )
        return replace(table.replaced(frame, [note]), findings=found)


def _escaped_quotes(problem: BadInput) -> Finding:
    what = 'a quote inside of a field is written with a backslash before it (\\"), and was read so'
    advice = "look at the texts of this row; most tools write such a quote twice"
    return Finding("escaped-quotes", "warning", what, problem.where, 1, (), advice)


def _odd_quotes(problem: BrokenLines) -> Finding:
    advice = "look at the texts of these rows; a quote inside of a quoted field is written twice"
    return Finding("odd-quotes", "warning", problem.what, problem.where, 1, (), advice)


@contextmanager
def _long_fields(length: int) -> Iterator[None]:
    """Let the csv module read fields of any length.

    Its limit (131,072 characters) belongs to the process. It is raised for as long as it is needed
    and put back; a reader in another thread may meet a larger limit meanwhile, never a smaller one.
    """
    if length <= csv.field_size_limit():
        yield
        return
    with _LIMIT:
        before = csv.field_size_limit()
        csv.field_size_limit(max(before, length))
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _plain(text: _Text, options: TextOptions) -> Table:
    data, separator = _one_line_a_row(text)
    header = _first_lines(text, data, separator, options)
    n_fields = len(header.names)
    n_lines = even_lines(data, separator, n_fields) if n_fields > 1 and separator != " " else None
    if n_lines is not None:
        return _table(text, Csv(data, separator, header, n_lines, 1 + header.in_file), options)
    data = data.rstrip(b"\n") + b"\n"
    above = _blank_above(data)
    lines = data.count(b"\n") - above
    data = _BLANK_LINES.sub(b"\n", data).lstrip(b"\n")
    header = _first_lines(text, data, separator, options)
    _refuse_ragged(text, data, separator, header, above)
    n_lines = data.count(b"\n")
    first_line = above + 1 + header.in_file if n_lines == lines else None
    return _table(text, Csv(data, separator, header, n_lines, first_line), options)


def _blank_above(data: bytes) -> int:
    start = _BLANK_ABOVE.match(data)
    return start.group().count(b"\n") if start else 0


def _first_lines(text: _Text, data: bytes, separator: str, options: TextOptions) -> Header:
    first = data[: data.find(b"\n") % (len(data) + 1)].decode().split(separator)
    # What follows the last line end is nothing, or a line that the cut goes through.
    sample = [line.decode().split(separator) for line in data[:65536].split(b"\n")[1:-1][:5]]
    return header_of(text.where, first, sample, options)


def _table(text: _Text, csv: Csv, options: TextOptions) -> Table:
    return csv.table(text.where, text.notes, text.data, options.needed)


def _one_line_a_row(text: _Text) -> tuple[bytes, str]:
    data, separator = text.data, text.separator
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        data = data.replace(b"\r", b"\n") if b"\r" in data else data
    if len(separator) > 1:
        if _STAND_IN.encode() in data:
            raise BadInput(f"the file holds the control character {_STAND_IN!r}", where=text.where)
        data, separator = data.replace(separator.encode(), _STAND_IN.encode()), _STAND_IN
    return data, separator


def _refuse_ragged(text: _Text, data: bytes, separator: str, header: Header, above: int) -> None:
    bytes_ = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(bytes_ == ord("\n"))
    positions = np.flatnonzero(bytes_ == ord(separator))
    fields = np.diff(np.searchsorted(positions, ends), prepend=0) + 1
    wrong = np.flatnonzero(fields != len(header.names))
    if len(wrong):
        line = int(wrong[0])
        row = line + 1 - header.in_file
        counted = (len(wrong), len(fields))
        raise _ragged(text, row, f"line {above + line + 1}", int(fields[line]), header, counted)


def _sound_csv(text: _Text, options: TextOptions) -> Csv | None:
    """A text whose quotes and records are all as they should be; None where that is not so, or not
    seen at a glance.
    """
    data = text.data.replace(b"\r\n", b"\n") if b"\r" in text.data else text.data
    above = _blank_above(data[:_HEAD])
    data = data[above:]
    if b"\r" in data or text.separator == " ":
        return None
    head = data[:_HEAD].decode("utf-8", "ignore")
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=text.separator, strict=True)
    try:
        first = next(reader, [])
        one_line = reader.line_num == 1
        sample = list(islice(reader, 6 if len(data) > _HEAD else 5))
    except csv.Error:
        return None
    if not one_line or len(first) < 2 or (len(data) > _HEAD and len(sample) < 6):
        return None
    header = header_of(text.where, first, sample[:5], options)
    found = even_records(data, text.separator, len(header.names))
    if found is None or (len(data) + above < len(text.data) and not found.line_each):
        return None
    first_line = above + 1 + header.in_file if found.line_each else None
    return Csv(data, text.separator, header, found.n, first_line, '"')


def _quoted(text: _Text, options: TextOptions) -> Table:
    records = _Records(text)
    rows = iter(records)
    first = next(rows, [])
    sample = list(islice(rows, 5))
    header = header_of(text.where, first, sample, options)
    ahead = [*([] if header.in_file else [first]), *sample]
    frames: list[pl.DataFrame] = []
    while batch := [*ahead, *islice(rows, _BATCH)]:
        n_before = sum(f.height for f in frames)
        wrong = [i for i, row in enumerate(batch) if len(row) != len(header.names)]
        if wrong:
            row, counted = n_before + wrong[0] + 1, (len(wrong), n_before + len(batch))
            raise _ragged(text, row, "", len(batch[wrong[0]]), header, counted, quotes=True)
        columns = zip(header.names, zip(*batch, strict=True), strict=True)
        frames.append(
            pl.DataFrame(
                {n: pl.Series([v or None for v in c], dtype=pl.String) for n, c in columns}
            )
        )
        ahead = []
    frame = (
        pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(header.names, pl.String))
    )
    above = _blank_above(text.data)
    whole = records.lines == frame.height + header.in_file + above
    first_line = above + 1 + header.in_file if whole else None
    notes = (*text.notes, *header.notes)
    return as_meant(Table(text.where, frame, "", notes, first_line), text.data)


class _Records:
    # The rows of a quoted text; what is wrong with its quotes becomes a BadInput that names the
    # row's first line.
    def __init__(self, text: _Text) -> None:
        self.text = text
        self.lines = 0
        self.n_fields = 0

    def __iter__(self) -> Iterator[list[str]]:
        stream = io.StringIO(self.text.data.decode(), newline="")
        reader = csv.reader(stream, delimiter=self.text.separator, strict=True)
        row = 0
        while True:
            self.lines = reader.line_num
            try:
                fields = next(reader, None)
            except csv.Error as cause:
                raise self._broken(row, reader.line_num, cause) from cause
            if fields is None:
                return
            if fields:
                self.n_fields = self.n_fields or len(fields)
                row += 1
                yield fields

    def _broken(self, row: int, line: int, cause: csv.Error) -> BadInput:
        if not self.n_fields:  # the line of names itself
            self.n_fields = 1
        start = self.lines + 1
        sound = _sound(self.text, self.n_fields, quotes=True)
        on = f" and runs on to line {line:,}" if line > start else ""
        problem = BrokenLines(
            f"a quote is opened{on}, but not closed as it should be ({cause})",
            where=f"{self.text.where}, row {max(row, 1)} (line {start})",
            allowed=(
                'a quoted field ends with one quote, and a quote inside it is written twice: "say'
                ' ""hi"""'
            ),
            next_step=(
                "close the quote, write the file with a tool that quotes, or leave such lines out:"
                ' drop = ["ragged-rows"]'
            ),
        )
        problem.count, problem.n_lines = len(sound.dropped), sound.n_lines
        problem.n_fields, problem.quotes, problem.quotes_fail = self.n_fields, True, True
        return problem


def _ragged(
    text: _Text,
    row: int,
    line: str,
    got: int,
    header: Header,
    counted: tuple[int, int],
    *,
    quotes: bool = False,
) -> BrokenLines:
    """Refuse rows of another number of fields; `counted` are such rows and rows seen."""
    count = counted[0]
    names = ", ".join(shorten(n, 20) for n in header.names[:6]) + (
        ", ..." if len(header.names) > 6 else ""
    )
    more = f"; {count:,} rows are like that" if count > 1 else ""
    problem = BrokenLines(
        f"{got} field{'s' if got > 1 else ''}, and the file has {len(header.names)} columns{more}",
        where=f"{text.where}, row {row}" + (f" ({line})" if line else ""),
        allowed=f"{len(header.names)} fields: {names}",
        next_step=(
            'put quotes around fields that hold the separator, set separator = "...", or leave such'
            ' rows out: drop = ["ragged-rows"]'
        ),
    )
    problem.count, problem.n_lines = counted
    problem.n_fields, problem.quotes = len(header.names), quotes
    return problem
