from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Ragged, dense
from palate.encode.geometry.choose import Choose, ChooseSettings
from palate.errors import BadRecipe, Refused
from palate.tables import (
    Block,
    Cases,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Training,
    Vocabulary,
)

N, USERS, FAMILIES = 80, 200, 4


def world(seed: int = 0) -> Training:
    """Everybody has six items of one family; the seventh is what validation asks for."""
    random = np.random.default_rng(seed)
    rows = [
        random.choice(np.arange(u % FAMILIES, N, FAMILIES), 7, replace=False) for u in range(USERS)
    ]
    user = np.repeat(np.arange(USERS, dtype=np.int32), 6)
    item = np.concatenate([r[:6] for r in rows]).astype(np.int32)
    names = Vocabulary.of(f"i{i}" for i in range(N))
    log = Interactions(
        Vocabulary.of(f"u{u}" for u in range(USERS)),
        names,
        user,
        item,
        np.ones(len(user), np.float32),
    )
    histories = Histories.of(log, np.arange(USERS, dtype=np.int32))
    cases = Cases(histories, histories.items, Ragged.of([r[6:] for r in rows]))
    return Training(log, FeatureTable(names), cases)


def loud(seed: int = 0) -> Block:
    """Families in narrow directions, drowned by wide ones that say nothing: whitening brings them
    out.
    """
    random = np.random.default_rng(seed)
    X = np.zeros((N, 12))
    X[np.arange(N), np.arange(N) % FAMILIES] = 1.0
    X[:, :4] += 0.1 * random.normal(size=(N, 4))
    X[:, 4:] = 30 * random.normal(size=(N, 8)) * np.array(
        [1, 1, 1, 1, 0, 0, 0, 0]
    ) + 0.01 * random.normal(size=(N, 8))
    return Block("b", X.astype(np.float32), np.ones(N, bool), Origin("made"))


def quiet(seed: int = 0) -> Block:
    """Families in wide directions beside many narrow ones of noise: whitening makes the noise as
    loud.
    """
    random = np.random.default_rng(seed)
    X = 0.05 * random.normal(size=(N, 44))
    X[np.arange(N), np.arange(N) % FAMILIES] += 1.0
    return Block("b", X.astype(np.float32), np.ones(N, bool), Origin("made"))


@pytest.mark.parametrize("judged", ["alone", "fused", "both"])
def test_whitening_where_it_helps(judged: str) -> None:
    part = Choose(ChooseSettings(judged=judged, dims=12)).fit(loud(), world())  # type: ignore[arg-type]
    estimate = {t.label: t.alone for t in part.tried_}
    assert part.chosen_ in ("zca", "pca-whiten", "shrink 10")
    assert estimate[part.chosen_] > estimate["none"] + 0.05


def test_no_whitening_where_it_hurts() -> None:
    part = Choose(ChooseSettings(dims=44)).fit(quiet(), world())
    estimate = {t.label: t.alone for t in part.tried_}
    assert part.chosen_ not in ("zca", "pca-whiten")
    assert estimate[part.chosen_] > estimate["pca-whiten"] + 0.05


def test_the_origin_tells_what_was_tried() -> None:
    block, training = quiet(), world()
    part = Choose(ChooseSettings(candidates=("none", "zca"))).fit(block, training)
    step = part.transform(block).origin.steps[-1]
    assert step["chosen"] == part.chosen_
    assert [t["label"] for t in step["tried"]] == ["none", "zca"]
    assert all(0 <= t["alone"] <= 1 and 0 <= t["fused"] <= 1 for t in step["tried"])


def test_rows_of_length_one() -> None:
    block = loud()
    shaped = dense(
        Choose(ChooseSettings(candidates=("centre",))).fit(block, world()).transform(block).matrix
    )
    assert np.allclose(np.linalg.norm(shaped, axis=1), 1, atol=1e-5)


def test_of_equals_the_first_is_taken() -> None:
    corners = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)
    block = replace(loud(), matrix=np.tile(corners, (N // 4, 1)))
    assert (
        Choose(ChooseSettings(candidates=("none", "centre"))).fit(block, world()).chosen_ == "none"
    )


def test_a_wide_sparse_block_stays_sparse_or_is_refused() -> None:
    wide = sparse.csr_matrix(
        (np.ones(N, np.float32), (np.arange(N), np.arange(N) % FAMILIES)), shape=(N, 5000)
    )
    block = Block("b", wide, np.ones(N, bool), Origin("made"))
    part = Choose(ChooseSettings(candidates=("none", "zca"))).fit(block, world())
    assert [t.label for t in part.tried_] == ["none"]
    assert sparse.issparse(part.transform(block).matrix)
    with pytest.raises(BadRecipe, match="too wide"):
        Choose(ChooseSettings(candidates=("zca",))).fit(block, world())


def test_without_validation_there_is_nothing_to_choose_on() -> None:
    training = world()
    empty = replace(training, validation=training.validation.take(np.empty(0, np.int64)))
    with pytest.raises(Refused, match="validation"):
        Choose().fit(loud(), empty)
    with pytest.raises(Refused, match="fit"):
        Choose().transform(loud())
