"""Changed copies of histories, and a model that learns from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate import config
from palate.arrays import Ragged
from palate.errors import PalateError
from palate.model.neural.augment import CHANGES, ChangesHistories, HistoryAugmentation
from palate.testing.scorer import made_training

TRAINING = made_training()
N_ITEMS = TRAINING.log.n_items
HISTORIES = st.lists(
    st.lists(st.integers(0, N_ITEMS - 1), min_size=2, max_size=15), min_size=1, max_size=8
)


def changes(**settings) -> ChangesHistories:
    return ChangesHistories.of(HistoryAugmentation(**{"share": 1.0, **settings}), TRAINING.log)


BY_KIND = {kind: changes(kinds=(kind,)) for kind in CHANGES}


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def of(rows: list[list[int]]) -> Ragged:
    return Ragged.of([np.array(row, np.int32) for row in rows])


@given(HISTORIES, st.sampled_from(CHANGES), st.integers(0, 99))
def test_each_stays_a_history_and_keeps_its_promise(rows, kind: str, seed: int) -> None:
    found = BY_KIND[kind].changed(of(rows), np.random.default_rng(seed))
    assert len(found) == len(rows)
    assert found.lengths().min() >= 2
    assert found.values.dtype == np.int32
    for before, after in zip(rows, (found[j].tolist() for j in range(len(rows))), strict=True):
        if kind == "crop":
            assert any(before[s : s + len(after)] == after for s in range(len(before)))
        elif kind == "mask":
            left = iter(before)
            assert all(item in left for item in after)
        elif kind == "reorder":
            assert sorted(before) == sorted(after)
        else:
            assert len(before) == len(after)
            moved = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
            alike = BY_KIND[kind].alike
            assert all(b in alike[a].indices for a, b in moved)


def test_a_share_is_changed_and_nothing_by_default() -> None:
    rows = of([list(range(2, 12))] * 400)
    some = changes(share=0.3, kinds=("crop",)).changed(rows, rng())
    assert (some.lengths() == 8).mean() == pytest.approx(0.3, abs=0.07)
    none = ChangesHistories.of(HistoryAugmentation(), TRAINING.log)
    assert none.changed(rows, rng()) is rows
    assert none.alike is None


def test_the_same_rng_gives_the_same_copies() -> None:
    rows = of([list(range(2, 12))] * 30)
    one, two = (changes().changed(rows, rng()) for _ in range(2))
    assert np.array_equal(one.values, two.values)


@pytest.mark.parametrize(
    "table", [{"share": 1.5}, {"part": 0.0}, {"kinds": []}, {"kinds": ["flip"]}, {"simlar": 3}]
)
def test_settings_that_cannot_be_meant_are_refused(table) -> None:
    with pytest.raises(PalateError):
        config.parse(HistoryAugmentation, table, "augment")


def test_a_model_learns_from_them_and_not_without() -> None:
    pytest.importorskip("torch")
    from palate.gradient.loop import Schedule
    from palate.model.neural.sasrec import Sasrec, SasrecSettings

    settings = SasrecSettings(width=8, schedule=Schedule(epochs=2))
    histories = TRAINING.validation.histories
    plain = Sasrec(settings).fit(TRAINING).score(histories)
    off = replace(settings, augment=HistoryAugmentation(share=0.0, part=0.5))
    on = replace(settings, augment=HistoryAugmentation(share=0.5))
    assert np.array_equal(Sasrec(off).fit(TRAINING).score(histories), plain)
    changed = Sasrec(on).fit(TRAINING).score(histories)
    assert not np.array_equal(changed, plain)
    assert np.array_equal(Sasrec(on).fit(TRAINING).score(histories), changed)
