from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.markup import has_markup, without_markup


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>One</p><p>Two</p>", "One  Two "),
        ("a<br/>b", "a b"),
        ("<b>bold</b>ly", "boldly"),
        ("x<script>y = 1 < 2; '</p>'</script>z", "x z"),
        ("<STYLE>p { }", ""),
        ("x<script src='a.js'>document.write('<b>y</b>')", "x "),
        ("<svg><path d='M0'/><text>y</text></svg>x", "x"),
        ("&lt;p&gt;Soft &amp;amp; &lt;b&gt;warm&lt;/b&gt;&lt;/p&gt;", "Soft & warm "),
        ("see http://a.b/?c=1&copy=2 <b>now</b>", "see http://a.b/?c=1&copy=2 now"),
        ("<td>a<td>b", "a b"),
        ("a<!-- hidden > -->b", "ab"),
        ("Salt &amp; Pepper&#39;s &#x2122;", "Salt & Pepper's ™"),
        ("&amp;amp; &amp;lt;", "& <"),
        ("&nosuch; &copy 2020", "&nosuch; &copy 2020"),
        ("3 < 4 and 5 > 2, <3", "3 < 4 and 5 > 2, <3"),
        ("<a href='x>y'>z</a>", "z"),
    ],
)
def test_what_stays(text: str, plain: str) -> None:
    assert without_markup(text) == plain


def test_finding_it() -> None:
    texts = pl.Series(
        ["<b>x</b>", "a &amp; b", "AT&T; a < b", "I <3 U", None, "<!-- x -->", "<br>"]
    )
    assert has_markup(texts).to_list() == [True, True, False, False, False, True, True]


@given(st.text(alphabet="abc <&;", max_size=30))
def test_text_without_markup_is_left_alone(text: str) -> None:
    if not has_markup(pl.Series([text]))[0]:
        assert without_markup(text) == text
