"""Decoding: what is harmless reads right, what is wrong says where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.readers.text import as_utf8
from palate.errors import BadInput

TEXT = "naïve,日本\n1,2\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (b"\xff\xfe\x00\x00" + TEXT.encode("utf-32-le"), "utf-32-le"),
        (b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"), "utf-32-be"),
    ],
)
def test_marks_are_understood_and_told(content: bytes, encoding: str) -> None:
    text = as_utf8(content, "x.csv")
    assert text.data == TEXT.encode()
    plain = content == TEXT.encode()
    assert (text.notes == ()) == plain
    assert plain or encoding in text.notes[0]


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
)
def test_every_text_survives_every_encoding(text: str) -> None:
    if not text.strip() or text.startswith("\ufeff"):
        return
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert as_utf8(text.encode(encoding), "x").data.decode() == text


def test_a_named_encoding_is_used() -> None:
    assert as_utf8("é".encode("latin-1"), "x", "latin-1").data == "é".encode()
    assert as_utf8("語".encode("gb18030"), "x", "GB18030").notes == ("x is written in gb18030.",)


def test_a_mark_goes_before_a_named_encoding() -> None:
    assert as_utf8(TEXT.encode("utf-16"), "x", "latin-1").data == TEXT.encode()


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot", "zlib"])
def test_what_is_no_encoding_of_text_is_refused(encoding: str) -> None:
    with pytest.raises(BadInput, match=encoding):
        as_utf8(b"abc", "x", {"rot": "rot13"}.get(encoding, encoding))


def test_the_place_of_a_wrong_byte_is_told() -> None:
    content = b"user_id,item_id\na,b\nc,\xe9\n"
    with pytest.raises(BadInput) as caught:
        as_utf8(content, "x.csv", names=True)
    assert caught.value.where == "x.csv, row 2 (line 3)"
    assert "byte 23 (0xe9)" in caught.value.what
    with pytest.raises(BadInput) as caught:
        as_utf8(content, "x.csv")
    assert caught.value.where == "x.csv, row 3 (line 3)"
    with pytest.raises(BadInput, match=r"x\.csv, line 1"):
        as_utf8(b"\xe9", "x.csv", names=True)


def test_the_advice_fits_the_fault() -> None:
    def advice(content: bytes, encoding: str = "") -> str:
        with pytest.raises(BadInput) as caught:
            as_utf8(content, "x", encoding)
        return caught.value.next_step

    assert "latin-1" in advice(b"a\xe9b")
    assert "cut off" in advice("aé".encode()[:-1])
    assert "what wrote" in advice(b"a\x81", "cp1252")
    assert "utf-16-be" in advice("a,b".encode("utf-16-be"))
    assert "damaged" in advice(b"a,\0\n")


def test_nul_is_refused_whatever_the_encoding() -> None:
    with pytest.raises(BadInput, match="NUL"):
        as_utf8(b"a\0b", "x", "latin-1")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_nothing_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="empty"):
        as_utf8(content, "x")
