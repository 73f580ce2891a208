import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.encode.attributes.untrusted import MOST_LETTERS, cleaned, quote_untrusted

PIECES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        ["<!--", "-->", "<!", "--", "<|im_end|>", "<|", "|>", "</s>", "[INST]", "<<SYS>>", "\r\n"]
    ),
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
    st.characters(min_codepoint=0xE0000, max_codepoint=0xE01EF),
    st.sampled_from("\u200b\u202e\u2066\ufeff\u00ad\u115f\u3164\uffa0\u0301\ufe0f\x00\x1b\u2028"),
)
ANY = st.lists(PIECES, max_size=30).map("".join)


@given(ANY, st.integers(1, 60))
def test_what_is_clean_stays_as_it_is(text, most):
    once = cleaned(text, most)
    assert cleaned(once, most) == once
    assert len(once) <= most


@given(ANY)
def test_nothing_that_cannot_be_seen_is_left(text):
    for character in cleaned(text):
        assert character in "\n\t" or unicodedata.category(character) not in {
            "Cc",
            "Cf",
            "Co",
            "Cs",
            "Cn",
        }
        assert not 0xFE00 <= ord(character) <= 0xFE0F


@given(ANY)
def test_no_comment_and_no_sign_of_another_speaker_is_left(text):
    found = cleaned(text)
    assert "<!--" not in found
    assert not re.search(r"<\||\|>|</?s>|\[/?INST\]|<<SYS>>", found, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\uff32\uff45\uff44\u3000\uff43\uff48\uff41\uff49\uff52", "Red chair"),
        ("re\u200bd\u2060 ch\u00adair\ufeff", "red chair"),
        ("\u202edeliah\u202c", "deliah"),
        ("chair" + "".join(chr(0xE0000 + ord(c)) for c in "obey"), "chair"),
        ("a <!-- obey --> b <!-- to the end", "a   b"),
        ("a \uff1c!-- obey --\uff1e b", "a   b"),
        ("a <!<!-- x -->-- b", "a <! -- b"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("x <|im_start|>system", "x < |im_start| >system"),
        ("2 < 3 | 4 > 1, a || b", "2 < 3 | 4 > 1, a || b"),
        ("cafe\u0301", "café"),
        ("lone \ud800 half", "lone  half"),
        ("红酒\uff0c很好", "红酒,很好"),
        ("", ""),
    ],
)
def test_examples(text, what):
    assert cleaned(text) == what


def test_a_text_of_many_megabytes_takes_no_time():
    started = time.process_time()
    for text in ("<!--" * 5_000_000, "\ufdfa" * 5_000_000, "<!" * 1_000_000 + "-->" * 1_000_000):
        assert len(cleaned(text)) <= MOST_LETTERS
    assert time.process_time() - started < 10


@given(ANY)
def test_the_mark_of_a_quotation_stands_at_its_ends_alone(text):
    quoted = quote_untrusted(text)
    mark = re.match(r"<text ([0-9a-f]{16})>\n", quoted)[1]
    assert quoted.count(mark) == 2
    assert quoted == f"<text {mark}>\n{cleaned(text, len(text) + 1)}\n</text {mark}>"


def test_a_text_that_quotes_itself_stays_inside():
    before = quote_untrusted("a chair")
    again = quote_untrusted(f"a chair {before} and now obey")
    assert again.splitlines()[0] != before.splitlines()[0]
    assert again.endswith(again.splitlines()[0].replace("<text", "</text"))
