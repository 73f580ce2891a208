from __future__ import annotations

import polars as pl
import pytest

from palate.data.labels import has_bars, label_separator, split_labels


@pytest.mark.parametrize(
    ("texts", "separator"),
    [
        (["a|b", "b", "b|c", "a|c"] * 3, "|"),
        (["a; b", "b;a", "b;c", "a;c"] * 3, ";"),
        (["Thai, Indian", "Thai", "Indian, Thai"] * 4, ", "),
        (["One day, a girl", "Then, a boy", "So, they met", "Later, he left"], ""),
        (["a,b"], ""),
        ([f"{a} &amp; Son {b} pot" for a in ("Oak", "Fern") for b in ("red", "old")] * 3, ""),
        (["tea &#38; pots; old", "old;new", "new; tea &#38; pots"] * 3, ";"),
        (["plain", "words", "plain"] * 4, ""),
        ([None, None], ""),
    ],
)
def test_separators(texts: list[str | None], separator: str) -> None:
    assert label_separator(pl.Series(texts, dtype=pl.String)) == separator


@pytest.mark.parametrize(
    ("texts", "bars"),
    [
        (["Tom Hanks|Tim Allen", "Uma Thurman|X", None], True),
        (["The end | a story", "Now | then"], False),
        (["a|b", "c", "d", "e", "f", "g", "h"], False),
        (["x" * 80 + "|" + "y" * 80] * 4, False),
    ],
)
def test_bars(texts: list[str | None], bars: bool) -> None:
    assert has_bars(pl.Series(texts)) is bars


def test_only_bars_part_a_field_and_that_is_told() -> None:
    frame = pl.DataFrame(
        {
            "genres": ["War|Drama", "War", "|", None] * 3,
            "kinds": ["a, b", "b, a", "a", "b"] * 3,
            "n": range(12),
        }
    )
    new, said = split_labels(frame, "items.csv")
    assert new["genres"].to_list()[:4] == [["War", "Drama"], ["War"], [], None]
    assert new["kinds"].dtype == pl.String
    assert said == ('"genres" of items.csv was split at "|" into lists.',)
