"""Rankers by trees: what they find, what they must not find, and what they refuse."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse

from palate import ranks, store
from palate.arrays import Doubles, Floats, Ragged
from palate.errors import BadRecipe, Refused
from palate.explain.importance.trees import BoosterPredictor
from palate.model.blend import Blend, BlendSettings
from palate.model.candidate_lists import lists_of
from palate.model.candidates import CandidateFeatures
from palate.model.gbdt import Gbdt
from palate.model.lambdamart import LambdaMart
from palate.model.random_scores import RandomScores
from palate.model.tree_growing import TreeRankerSettings
from palate.model.tree_ranker import TreeRanker
from palate.seeding import generator
from palate.stages import FitContext, Scorer
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

pytest.importorskip("lightgbm")

N_USERS, N_ITEMS = 500, 60
QUICK = TreeRankerSettings(candidates=15, trees=80, rate=0.1, leaf_rows=20, patience=15)
BOTH = [LambdaMart, Gbdt]


class Told:
    """Scores of each user and item, drawn once."""

    uses_validation: ClassVar[bool] = False

    def __init__(self, seed: int) -> None:
        self.table = generator(seed, "told").normal(size=(N_USERS, N_ITEMS)).astype(np.float32)

    def score(self, histories: Histories) -> Floats:
        return self.table[histories.users].copy()


def world(planted: bool, seed: int = 0) -> tuple[tuple[Training, FitContext], Cases]:
    """Even users have one event and odd ones four; where planted, odd users obey the second member,
    else nobody does.

    Everybody else takes the item that the first member puts on top, or one of the next.
    """
    random = generator(seed, "tree world")
    lengths = np.where(np.arange(N_USERS) % 2 == 0, 1, 4)
    user = np.repeat(np.arange(N_USERS, dtype=np.int32), lengths)
    item = np.concatenate([random.choice(N_ITEMS, n, replace=False) for n in lengths]).astype(
        np.int32
    )
    items = Vocabulary.of(range(N_ITEMS))
    log = Interactions(
        Vocabulary.of(range(N_USERS)),
        items,
        user,
        item,
        np.ones(len(user), np.float32),
        user * 0 + 5,
    )
    first, second = Told(seed), Told(seed + 1)
    histories = Histories.of(log, np.arange(N_USERS, dtype=np.int32))
    obeyed = np.where((planted & (lengths == 4))[:, None], second.table, first.table)
    obeyed = ranks.masked(obeyed, histories.items)
    wanted = ranks.top(obeyed, 3)[0][np.arange(N_USERS), random.integers(0, 3, N_USERS)]
    cases = Cases(histories, histories.items, Ragged.of([[int(w)] for w in wanted]))
    block = Block(
        "kind",
        np.eye(4, dtype=np.float32)[np.arange(N_ITEMS) % 4],
        np.ones(N_ITEMS, bool),
        Origin("made"),
        ("a", "b", "c", "d"),
    )
    half = np.arange(N_USERS) < N_USERS * 0.7
    members: dict[str, Scorer] = {"first": first, "second": second}  # type: ignore[dict-item]
    training = Training(log, FeatureTable(items, {"kind": block}), cases.take(half))
    return (training, FitContext(seed=seed, members=members)), cases.take(~half)


def ndcg(model: Scorer, cases: Cases) -> Doubles:
    return ranks.ndcg(ranks.positions(model.score(cases.histories), cases.seen, cases.targets), 10)


@pytest.mark.parametrize("kind", BOTH)
def test_finds_an_interaction_that_no_blend_can(kind: type[TreeRanker]) -> None:
    (training, context), test = world(planted=True)
    trees, blend = (
        kind(QUICK).fit(training, context),
        Blend(BlendSettings(evidence=0.0)).fit(training, context),
    )
    assert trees.adopted_
    gain = ndcg(trees, test) - ndcg(blend, test)
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))
    assert gain.mean() > 0.1


@pytest.mark.parametrize("kind", BOTH)
def test_noise_beats_nothing(kind: type[TreeRanker]) -> None:
    adopted = 0
    for seed in range(3):
        (training, context), test = world(planted=False, seed=seed)
        model = kind(QUICK).fit(training, context)
        adopted += model.adopted_
        if not model.adopted_:
            expected = context.members["first"].score(test.histories)
            assert model.score(test.histories).tobytes() == expected.tobytes()
        gain = ndcg(model, test) - ndcg(context.members["first"], test)
        assert gain.mean() < 3 * max(gain.std(), 1e-9) / np.sqrt(len(gain)) + 1e-9
    assert adopted < 3


def test_without_any_signal_the_first_member_stays() -> None:
    (training, context), _ = world(planted=False)
    shuffled = generator(1, "shuffle").permutation(len(training.validation))
    cases = training.validation
    lost = Cases(cases.histories, cases.seen, cases.targets.take(shuffled))
    model = LambdaMart(replace(QUICK, evidence=2.0)).fit(
        replace(training, validation=lost), context
    )
    assert not model.adopted_
    assert model.gain_[1] > 0


def test_others_come_after_the_candidates_in_the_first_members_order() -> None:
    (training, context), test = world(planted=True)
    model = LambdaMart(QUICK).fit(training, context)
    scores, found = model.score(test.histories), model.features_.of(test.histories)
    for row, items, first in zip(scores, found.items, found.first, strict=True):
        own = items[items >= 0]
        others = np.setdiff1d(np.arange(N_ITEMS), own)
        assert row[own].min() > 0 > -1 >= row[others].max()
        assert np.array_equal(np.argsort(row[others]), np.argsort(first[others]))


def test_columns_are_named_and_no_gain_is_told_as_importance() -> None:
    (training, context), test = world(planted=True)
    model = LambdaMart(QUICK).fit(training, context)
    names = model.features_.names()
    assert names[:5] == ("score.first", "share.first", "place.first", "best.first", "score.second")
    assert {"similarity.kind", "popularity", "history", "recency", "kind.a"} < set(names)
    facts = model.state().facts
    assert facts["columns"] == list(names)
    assert "importance" not in str(facts)
    assert (
        "kind.a"
        not in LambdaMart(replace(QUICK, fields=3)).fit(training, context).features_.names()
    )
    rows = model.examples(test)
    assert rows.names == names
    predictions = BoosterPredictor(model.booster_, names)
    parts = predictions.contributions(rows.blocks)
    raw = model.booster_.predict(rows.matrix(), raw_score=True)
    assert np.allclose(sum(parts.values()) + predictions.bias(rows.blocks), raw)
    assert rows.label.sum() == sum(
        t in i
        for t, i in zip(test.targets.values, model.features_.of(test.histories).items, strict=True)
    )


@pytest.mark.parametrize("kind", BOTH)
def test_stored_trees_answer_the_same(kind: type[TreeRanker], tmp_path: Path) -> None:
    (training, context), test = world(planted=True)
    model = kind(QUICK).fit(training, context)
    assert model.adopted_
    state = model.state()
    store.write(tmp_path / "model", state.arrays, state.facts, "safetensors")
    stored = store.read(tmp_path / "model")
    assert stored is not None
    again = kind(QUICK).load(stored, context.members)
    assert again.score(test.histories).tobytes() == model.score(test.histories).tobytes()
    assert again.gain_ == model.gain_


def test_sparse_words_describe_like_dense_ones() -> None:
    (training, context), test = world(planted=True)
    block = training.features.block("kind")
    thin = training.features.replaced(replace(block, matrix=sparse.csr_matrix(block.matrix)))
    whole, other = (
        LambdaMart(QUICK).fit(t, context) for t in (training, replace(training, features=thin))
    )
    assert np.allclose(whole.score(test.histories), other.score(test.histories))
    loaded = LambdaMart(QUICK).load(other.state(), context.members)
    assert loaded.score(test.histories).tobytes() == other.score(test.histories).tobytes()


def test_the_number_of_threads_changes_nothing() -> None:
    script = (
        "import sys; sys.path.insert(0, 'tests/model')\n"
        "from test_tree_ranker import *\n"
        "(training, context), test = world(True)\n"
        "print(LambdaMart(QUICK).fit(training, context).score(test.histories).sum(dtype='f8'))\n"
    )
    predictions = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={"OMP_NUM_THREADS": n, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in ("1", "2")
    ]
    assert predictions[0] == predictions[1] != ""


def test_refusals() -> None:
    (training, context), _ = world(planted=True)
    with pytest.raises(BadRecipe, match='did you mean "first"'):
        LambdaMart(replace(QUICK, members=("frist",))).fit(training, context)
    with pytest.raises(BadRecipe, match="needs other models"):
        LambdaMart(QUICK).fit(training)
    with pytest.raises(Refused, match="validation cases"):
        LambdaMart(QUICK).fit(
            replace(training, validation=training.validation.take(np.arange(5))), context
        )
    noise = {"noise": RandomScores().fit(training)}
    assert (
        LambdaMart(QUICK)
        .fit(training, replace(context, members=noise))
        .score(training.validation.histories)
        .shape[1]
        == 60
    )


def test_trees_may_see_some_of_the_wrong_candidates_alone() -> None:
    training, context = world(planted=True)[0]
    lists = lists_of(
        CandidateFeatures(
            dict(context.members), {}, training.log.item_counts().astype(np.float32), 15
        ),
        training.validation,
        learnable=True,
    )
    some = lists.with_some_wrong(4, generator(3, "wrong"))
    real = some.items >= 0
    assert np.array_equal((some.right & real).sum(axis=1), lists.right.sum(axis=1))
    wrong = (lists.items >= 0).sum(axis=1) - lists.right.sum(axis=1)
    assert np.array_equal((real & ~some.right).sum(axis=1), np.minimum(wrong, 4))
    case = np.nonzero(real)[0]
    for row, item, values in zip(case, some.items[real], some.columns[real], strict=True):
        (found,) = np.flatnonzero(lists.items[row] == item)
        assert np.array_equal(lists.columns[row, found], values)
    assert len({tuple(sorted(row)) for row in some.items.tolist()}) > len(some.items) // 2


def test_trees_on_some_wrong_candidates_find_what_is_planted() -> None:
    (training, context), test = world(planted=True)
    few = replace(QUICK, wrong=10, bins=63)
    for settings in (QUICK, few):
        model = LambdaMart(settings).fit(training, context)
        assert model.adopted_
    found = ranks.positions(model.score(test.histories), test.seen, test.targets)
    first = next(iter(context.members.values())).score(test.histories)
    assert (
        ranks.ndcg(found, 10).mean()
        > 1.1 * ranks.ndcg(ranks.positions(first, test.seen, test.targets), 10).mean()
    )
