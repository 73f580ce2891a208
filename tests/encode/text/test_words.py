import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.encode.text.words import word_runs, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'Oréal Paris Mascara", ["loréal", "paris", "mascara"]),
        ("SPF 30+, 1.7-Ounce (Pack of 2)", ["spf", "30", "1.7", "ounce", "pack", "of", "2"]),
        ("1,000 mg a day", ["1,000", "mg", "day"]),
        ("\uff26\uff35\uff2c\uff2c width", ["full", "width"]),
        ("snake_case-word", ["snake", "case", "word"]),
        ("红楼", ["红", "楼", "红楼"]),
        ("iPhone手机壳", ["iphone", "手", "机", "壳", "手机", "机壳"]),
        ("こんにちは", ["こ", "ん", "に", "ち", "は", "こん", "んに", "にち", "ちは"]),
        ("한국 소설", ["한국", "소설"]),
        ("Война и мир", ["война", "мир"]),
        ("", []),
        ("!!! — …", []),
        ("a b 7", ["7"]),
    ],
)
def test_words_of_many_scripts(text, expected):
    assert words(text) == expected


def test_runs_stay_inside_one_text():
    assert word_runs("red wine glass", 3) == [
        "red",
        "wine",
        "glass",
        "red wine",
        "wine glass",
        "red wine glass",
    ]
    assert word_runs("red", 3) == ["red"]


@given(st.text())
def test_any_text_gives_words_without_blanks(text):
    assert all(
        word and not word.isspace() and word == word.lower()
        for word in words(text)
        if word.isascii()
    )
