"""What a file is by its first bytes."""

from __future__ import annotations

import io
import zipfile

import pytest

from palate.data.readers.magic import kind_of


def packed(first: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(first, "application/vnd.oasis.opendocument.spreadsheet")
    return out.getvalue()


@pytest.mark.parametrize(
    "first", ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "mimetype", "Index/a.iwa"]
)
def test_a_spreadsheet_is_saved_as_csv(first: str) -> None:
    kind = kind_of(packed(first))
    assert kind is not None
    assert "spreadsheet" in kind.name
    assert "CSV UTF-8" in kind.advice


def test_an_archive_is_unpacked() -> None:
    kind = kind_of(packed("log.csv"))
    assert kind is not None
    assert (kind.name, kind.advice) == ("a zip archive", "unpack it first")
