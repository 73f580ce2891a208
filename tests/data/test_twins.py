"""Fields that say the same are found, and those that only look alike are left alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from palate.data.fields import field_kinds
from palate.data.twins import Twin, twins_of
from palate.tables import Catalogue, Vocabulary

N = 80
WORDS = np.array(
    [
        "amber",
        "birch",
        "cedar",
        "daisy",
        "elder",
        "fern",
        "grape",
        "hazel",
        "iris",
        "jade",
        "kelp",
        "lime",
        "moss",
    ]
)


def _phrases(seed: int, length: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(w.title() for w in rng.choice(WORDS, length)) for _ in range(N)]


def found(**fields: object) -> dict[str, tuple[str, ...]]:
    shop = Catalogue(Vocabulary.of(range(N)), pl.DataFrame(fields))
    return {twin.field: twin.kept for twin in twins_of(shop, field_kinds(shop))}


TITLE = [f"{t} {i}" for i, t in enumerate(_phrases(0, 4))]
BRAND = [f"Brand{i % 9}" for i in range(N)]
PRICE = np.random.default_rng(1).uniform(1, 99, N).round(2)


@pytest.mark.parametrize(
    ("fields", "twins"),
    [
        ({"title": TITLE, "lower": [t.lower() + "!" for t in TITLE]}, {"lower": ("title",)}),
        ({"title": [f"{t} (1999)" for t in TITLE], "clean": TITLE}, {"clean": ("title",)}),
        (
            {
                "title": TITLE,
                "brand": BRAND,
                "all": [f"{b}: {t}" for b, t in zip(BRAND, TITLE, strict=True)],
            },
            {"all": ("title", "brand")},
        ),
        ({"price": PRICE, "cents": (PRICE * 100).round()}, {"cents": ("price",)}),
        ({"price": PRICE, "scaled": (PRICE - 50) / 20}, {"scaled": ("price",)}),
        (
            {
                "shelf": [f"shelf {i % 6}" for i in range(N)],
                "code": [f"s{i % 6}" for i in range(N)],
            },
            {"code": ("shelf",)},
        ),
    ],
)
def test_a_field_that_says_the_same_is_left_out(
    fields: dict[str, object], twins: dict[str, tuple[str, ...]]
) -> None:
    assert found(**fields) == twins


@pytest.mark.parametrize("seed", range(10))
def test_unlike_fields_are_all_kept(seed: int) -> None:
    """The negative control: fields of the same words, correlated numbers, labels of one size."""
    rng = np.random.default_rng(seed)
    assert not found(
        title=_phrases(seed, 4),
        other=_phrases(seed + 100, 4),
        plot=[
            f"{t} {' '.join(p)}"
            for t, p in zip(
                _phrases(seed, 4), rng.choice([f"w{i}" for i in range(400)], (N, 20)), strict=True
            )
        ],
        price=PRICE,
        weight=PRICE + rng.normal(0, 1, N),
        colour=rng.choice(["red", "blue", "green"], N),
        size=rng.choice(["S", "M", "L"], N),
    )


def test_it_is_said_as_a_sentence() -> None:
    twin = Twin("all", ("title", "brand"), "is put together of")
    assert twin.sentence() == (
        'In nearly all items "all" is put together of "title" and "brand", so it is not encoded'
        " again."
    )


def test_small_and_empty_catalogues_have_no_twins() -> None:
    assert not found(a=[None] * N, b=[None] * N)
    shop = Catalogue(Vocabulary.of("ab"), pl.DataFrame({"a": ["x", "y"], "b": ["x", "y"]}))
    assert twins_of(shop, field_kinds(shop)) == ()
    nothing = Catalogue(Vocabulary(()), pl.DataFrame())
    assert twins_of(nothing, ()) == ()
