"""Which scripts the texts are written in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from palate.data.checks.view import View
from palate.tables import Finding

SCRIPTS: Final[dict[str, str]] = {
    "Latin": r"[A-Za-z\u{c0}-\u{24f}\u{1e00}-\u{1eff}]",
    "Greek": r"[\u{370}-\u{3ff}\u{1f00}-\u{1fff}]",
    "Cyrillic": r"[\u{400}-\u{52f}]",
    "Hebrew": r"[\u{590}-\u{5ff}]",
    "Arabic": r"[\u{600}-\u{6ff}\u{750}-\u{77f}\u{8a0}-\u{8ff}]",
    "Indic": r"[\u{900}-\u{dff}]",
    "Thai": r"[\u{e00}-\u{e7f}]",
    "Chinese": r"[\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{f900}-\u{faff}]",
    "Japanese": r"[\u{3040}-\u{30ff}\u{31f0}-\u{31ff}]",
    "Korean": r"[\u{1100}-\u{11ff}\u{ac00}-\u{d7af}]",
}
"""Script -> its letters. Kana mark a text as Japanese even among Chinese characters."""

_SAMPLE: Final = 5_000
_CHARACTERS: Final = 400
_LEAST: Final = 0.01


def script_shares(texts: pl.Series) -> dict[str, float]:
    """Share of the texts that are mainly in each script, largest first; texts without letters are
    left out.

    >>> script_shares(pl.Series(["hello", "мир", "мир и дом", "Bach и мир вам"]))
    {'Cyrillic': 0.75, 'Latin': 0.25}
    """
    given = texts.drop_nulls().head(_SAMPLE).str.slice(0, _CHARACTERS)
    if not len(given):
        return {}
    counts = pl.DataFrame(
        {name: given.str.count_matches(letters) for name, letters in SCRIPTS.items()}
    )
    counts = counts.with_columns(
        Japanese=pl.when(pl.col("Japanese") > 0)
        .then(pl.col("Japanese") + pl.col("Chinese"))
        .otherwise(0)
    )
    names = pl.Series(list(SCRIPTS))
    # Japanese text has kana and Chinese characters; counted together they outweigh the Chinese ones
    # alone.
    most = counts.select(pl.concat_list(pl.all()).list.arg_max()).to_series()
    main = names.gather(most).filter(counts.sum_horizontal() > 0)
    shares = main.value_counts(sort=True)
    return {
        name: n / len(main) for name, n in sorted(shares.iter_rows(), key=lambda r: (-r[1], r[0]))
    }


def language_mix(view: View) -> Iterator[Finding]:
    """A note where texts of one field are in several scripts, which one word list or one encoder
    may not cover.
    """
    if view.items is None:
        return
    for name in view.items.text_fields():
        shares = script_shares(view.items.texts(name))
        others = {s: share for s, share in list(shares.items())[1:] if share >= _LEAST}
        if others:
            listed = ", ".join(
                f"{script} {share:.1%}" for script, share in shares.items() if share >= _LEAST
            )
            yield Finding(
                "language-mix",
                "note",
                f"the texts are in several scripts: {listed}",
                view.items.place.column(name),
                len(others) + 1,
                advice="choose an encoder for many languages",
            )
