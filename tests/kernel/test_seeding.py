from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from palate.seeding import generator, seed_of

identities = st.lists(st.one_of(st.text(max_size=4), st.integers(-5, 5)), max_size=4)


@given(st.integers(0, 3), identities, st.integers(0, 3), identities)
def test_seeds_are_equal_exactly_for_the_same_purpose(
    seed: int, one: list[str | int], other_seed: int, other: list[str | int]
) -> None:
    same = seed == other_seed and one == other
    assert (seed_of(seed, *one) == seed_of(other_seed, *other)) == same


def test_text_and_number_are_different_purposes_and_nothing_runs_together() -> None:
    assert seed_of(1, "7") != seed_of(1, 7)
    assert seed_of(1, "a", "b") != seed_of(1, "ab")
    assert seed_of(1, "a\x1fb") != seed_of(1, "a", "b")
    assert seed_of(1, "\ud800") != seed_of(1, "\ud801")


def test_numpy_numbers_count_as_numbers() -> None:
    assert seed_of(int(np.int64(3)), np.int32(7)) == seed_of(3, 7)


def test_seeds_stay_the_same_between_versions() -> None:
    # A changed seed changes every result of every recipe: that is a new major version, not a
    # refactoring.
    assert seed_of(1, "split", "user", 7) == SEED
    assert generator(1, "split", "user", 7).integers(1000, size=3).tolist() == DRAWN


def test_seeds_are_spread_over_63_bits() -> None:
    seeds = np.array([seed_of(0, "spread", i) for i in range(2000)])
    assert seeds.min() >= 0
    assert seeds.max() < 2**63
    ones = ((seeds[:, None] >> np.arange(63)) & 1).mean(axis=0)
    assert np.abs(ones - 0.5).max() < 0.06  # five standard errors


def test_neighbouring_purposes_give_unrelated_numbers() -> None:
    draws = np.array([generator(0, "user", i).normal(size=50) for i in range(40)])
    related = np.corrcoef(draws)[np.triu_indices(40, 1)]
    assert abs(related.mean()) < 0.02
    assert np.abs(related).max() < 0.65


SEED = 4677496267336814821
DRAWN = [923, 134, 248]
