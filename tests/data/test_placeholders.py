"""A value that stands for "no rating" is told from ratings, counts, prices and weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Doubles
from palate.data.placeholders import placeholder_of

Draw = Callable[[np.random.Generator, int], Doubles]
N = 2000


def _stars(random: np.random.Generator, n: int) -> Doubles:
    return random.choice(np.arange(1.0, 6.0), n, p=[0.06, 0.09, 0.2, 0.3, 0.35])


def _half_stars(random: np.random.Generator, n: int) -> Doubles:
    return np.clip(np.round(random.normal(3.5, 1.0, n) * 2) / 2, 0.5, 5.0)


def _tens(random: np.random.Generator, n: int) -> Doubles:
    return np.clip(np.round(random.normal(7, 2, n)), 1.0, 10.0)


def _jokes(random: np.random.Generator, n: int) -> Doubles:
    return np.round(np.clip(random.normal(1, 5, n), -9.95, 9.95), 2)


SCALES = {"stars": _stars, "half stars": _half_stars, "tens": _tens, "jokes": _jokes}


def _mixed(ratings: Doubles, value: float, share: float, random: np.random.Generator) -> Doubles:
    return np.where(random.random(len(ratings)) < share, value, ratings)


@pytest.mark.parametrize("share", [0.03, 0.3, 0.9])
@pytest.mark.parametrize(
    ("scale", "value"),
    [
        ("jokes", 99.0),
        ("jokes", -99.0),
        ("stars", 99.0),
        ("stars", 9999.0),
        ("stars", -1.0),
        ("half stars", -1.0),
        ("half stars", 99.0),
        ("tens", -1.0),
        ("tens", 999.0),
    ],
)
def test_a_value_far_from_the_scale_or_below_it_is_found(
    scale: str, value: float, share: float
) -> None:
    random = np.random.default_rng(0)
    ratings = SCALES[scale](random, N)
    found = placeholder_of(_mixed(ratings, value, share, random))
    assert found is not None
    assert (found.value, found.n_events) == (value, N)
    assert abs(found.count - share * N) < 100
    assert ratings.min() <= found.low < found.high <= ratings.max()
    bound = f"max_value = {found.high:g}" if value > 0 else f"min_value = {found.low:g}"
    assert bound in found.advice
    assert f"{found.count:,} of 2,000 events have the value {value:g}" in found.sentence


@pytest.mark.parametrize(("scale", "share"), [("stars", 0.2), ("stars", 0.6), ("tens", 0.6)])
def test_a_zero_below_a_scale_from_one_on_is_found_where_it_is_frequent(
    scale: str, share: float
) -> None:
    random = np.random.default_rng(1)
    found = placeholder_of(_mixed(SCALES[scale](random, N), 0.0, share, random))
    assert found is not None
    assert found.value == 0.0
    assert "min_value = 1" in found.advice


def _prices(random: np.random.Generator, n: int) -> Doubles:
    return np.round(random.lognormal(2.5, 1.0, n)) - 0.01


def _price_points(random: np.random.Generator, n: int) -> Doubles:
    return random.choice([0.99, 1.99, 2.99, 4.99, 9.99, 59.99], n)


def _capped(random: np.random.Generator, n: int) -> Doubles:
    return np.minimum(random.zipf(1.5, n), 1000).astype(np.float64)


NO_SCALES: dict[str, Draw] = {
    "ones": lambda random, n: np.ones(n),
    "clicks": lambda random, n: random.integers(0, 2, n).astype(float),
    "votes": lambda random, n: random.choice([-1.0, 1.0], n),
    "votes and abstentions": lambda random, n: random.choice([-1.0, 0.0, 1.0], n),
    "weights of actions": lambda random, n: random.choice([1.0, 2.0, 10.0], n),
    "more weights of actions": lambda random, n: random.choice([1.0, 2.0, 3.0, 5.0, 50.0], n),
    "counts": lambda random, n: random.geometric(0.3, n).astype(float),
    "counts from zero": lambda random, n: random.poisson(0.8, n).astype(float),
    "many zeros among counts": lambda random, n: random.poisson(0.2, n).astype(float),
    "plays": lambda random, n: random.zipf(1.7, n).astype(float),
    "plays, capped": _capped,
    "amounts with refunds": lambda random, n: np.round(random.lognormal(1, 1, n) * 12) - 3,
    "seconds": lambda random, n: np.round(random.exponential(200, n)),
    "shares watched": lambda random, n: np.clip(np.round(random.normal(0.8, 0.4, n), 2), 0, 1),
    "prices": _prices,
    "price points": _price_points,
    "percent": lambda random, n: random.choice(np.arange(0.0, 101.0, 10.0), n),
    "zero to five": lambda random, n: random.integers(0, 6, n).astype(float),
    "zero to ten": lambda random, n: np.clip(np.round(random.normal(6, 2.5, n)), 0, 10),
    "minus two to two": lambda random, n: random.integers(-2, 3, n).astype(float),
}


@pytest.mark.parametrize("name", [*SCALES, *NO_SCALES])
@pytest.mark.parametrize("seed", range(5))
def test_other_values_are_what_they_are(name: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    assert placeholder_of((SCALES | NO_SCALES)[name](random, N)) is None


def test_a_slip_is_no_placeholder() -> None:
    random = np.random.default_rng(2)
    ratings = np.append(_stars(random, N), [99.0] * 9)
    assert placeholder_of(ratings) is None
    found = placeholder_of(np.append(ratings, np.repeat(99.0, 20)))
    assert found is not None
    assert found.count == 29


@given(st.lists(st.floats(-1e6, 1e6), max_size=60))
def test_any_numbers_can_be_looked_at(values: list[float]) -> None:
    found = placeholder_of(np.array(values))
    if found is not None:
        assert found.value in values
        assert not found.low <= found.value <= found.high
