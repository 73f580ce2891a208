# ruff: noqa: RUF001 - letters that look alike are what these tests are about
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
    content = "user_id,item_id\né,ü\nc,".encode() + b"\xe9\n"
    with pytest.raises(BadInput) as caught:
        as_utf8(content, "x.csv", names=True)
    assert caught.value.where == "x.csv, row 2 (line 3)"
    assert "byte 25 (0xe9)" in caught.value.what
    with pytest.raises(BadInput) as caught:
        as_utf8(content, "x.csv")
    assert caught.value.where == "x.csv, row 3 (line 3)"
    with pytest.raises(BadInput, match=r"x\.csv, line 1"):
        as_utf8("é".encode() + b"\xe9\n", "x.csv", names=True)


def test_the_advice_fits_the_fault() -> None:
    def advice(content: bytes, encoding: str = "") -> str:
        with pytest.raises(BadInput) as caught:
            as_utf8(content, "x", encoding)
        return caught.value.next_step

    assert "latin-1" in advice("aé".encode() + b"\xe9b")
    assert "cut off" in advice("aé".encode()[:-1])
    assert "what wrote" in advice(b"a\x81", "cp1252")
    assert "damaged" in advice(b"a,\0\n", "utf-8")


def test_nul_is_refused_whatever_the_encoding() -> None:
    with pytest.raises(BadInput, match="NUL"):
        as_utf8(b"a\0b", "x", "latin-1")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_nothing_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="empty"):
        as_utf8(content, "x")


FRENCH = "article,titre\n1,théière émaillée à fleurs\n2,gâteau de Noël\n3,forêt\n"
CHINESE = "用户,商品,标题\n张三,1,红色茶壶和杯子\n李四,2,花园里的耙子\n"
RUSSIAN = "товар,название\n1,красный чайник с цветами\n2,садовые грабли\n3,новая книга\n"
JAPANESE = "商品,題名\n1,赤いティーポットとカップ\n2,庭の熊手です\n"
KOREAN = "상품,제목\n1,빨간 찻주전자와 컵\n2,정원에 있는 갈퀴\n"
TURKISH = "id,ad\n1,kırmızı çaydanlık\n2,bahçe tırmığı şişe\n"
GREEK = "id,τίτλος\n1,κόκκινη τσαγιέρα\n2,κήπος\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "latin-1"),
        (FRENCH, "cp1252"),
        ("id,t\n1,It\u2019s \u201cfine\u201d\n2,ok \u2013 yes\n", "cp1252"),
        (CHINESE, "gb18030"),
        (CHINESE, "gbk"),
        ("商品,標題\n1,紅色茶壺\n2,花園耙子\n", "big5"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (KOREAN, "euc_kr"),
        (TURKISH, "cp1254"),
        ("id,nazwa\n1,żółty czajnik\n2,grabie ogrodowe łąka\n", "cp1250"),
        (RUSSIAN, "koi8_r"),
        ("usuario,titulo\n1,El niño y la montaña\n3,Corazón español\n", "latin-1"),
        ("id;titel;preis\n1;Müller Gläser größe;5 €\n", "cp1252"),
        ("id,nafn\n1,smørrebrød på Åland\n", "latin-1"),
        (GREEK, "cp1253"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
    ],
)
def test_each_file_is_read_as_what_its_bytes_look_like(text: str, encoding: str) -> None:
    found = as_utf8(text.encode(encoding), "x.csv")
    assert found.data.decode() == text
    assert "as its bytes look like" in found.notes[0]


def test_utf8_is_read_as_such_whatever_one_byte_encoding_is_named() -> None:
    text = as_utf8(FRENCH.encode(), "x.csv", "latin-1")
    assert text.data.decode() == FRENCH
    assert "utf-8, and was read so rather than as latin-1" in text.notes[0]
    assert as_utf8(b"a,b\n", "x.csv", "latin-1").notes == ("x.csv is written in iso8859-1.",)


def test_a_few_broken_bytes_are_no_other_encoding() -> None:
    with pytest.raises(BadInput, match="0xff"):
        as_utf8(FRENCH.encode() + b"\xff\n", "x.csv")


SHORT = {
    "gb18030": "龙井茶 钢笔 笔记本 炒锅 菜刀 围巾 积木 手套 帽子 砧板",
    "big5": "龍井茶 鋼筆 筆記本 炒鍋 菜刀 圍巾 積木 手套 帽子 砧板",
    "cp949": "녹차 만년필 공책 냄비 칼 모자 장갑 물병 의자 그림책",
    "euc_jp": "緑茶 万年筆 ノート 鍋 包丁 帽子 手袋 水筒 絵本 椅子",
    "cp932": "緑茶 万年筆 ノート 鍋 包丁 帽子 手袋 水筒 絵本 椅子",
    "cp1251": "Чайник Ручка Тетрадь Сковорода Нож Шарф Кубики Стул Лампа Перчатки",
    "cp1252": "Küchenmesser Gießkanne Blumenkübel Schöpflöffel Füller Stühle Théière Écharpe",
    "cp1250": "Czajnik żółty Pióro Nóż Łyżka Świeca Kołdra Poduszka Książka",
    "mac_roman": "Küchenmesser Gießkanne Blumenkübel Schöpflöffel Füller Stühle Größe",
}
"""Encoding -> words of a small shop in it."""


@pytest.mark.parametrize("encoding", list(SHORT))
def test_a_catalogue_of_a_few_rows_is_read_rightly(encoding: str) -> None:
    rows = "".join(f"{n},{name}\n" for n, name in enumerate(SHORT[encoding].split(" ")))
    text = f"item_id,title\n{rows}"
    assert as_utf8(text.encode(encoding), "x", names=True).data.decode() == text
