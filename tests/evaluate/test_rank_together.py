"""Several models ranked in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from palate.arrays import Floats
from palate.errors import BadInput
from palate.evaluate import ranking
from palate.evaluate.ranking import rank, rank_together
from palate.model.blend import Blend, BlendSettings
from palate.model.cooccurrence import Cooccurrence
from palate.model.lambdamart import LambdaMart
from palate.model.popularity import Popularity
from palate.model.text_kernel import TextKernel
from palate.model.tree_growing import TreeRankerSettings
from palate.shared_scores import score_of, shared_scores
from palate.stages import FitContext, Scorer
from palate.tables import Histories
from palate.testing.scorer import made_training

TRAINING = made_training()
CASES = TRAINING.validation


@dataclass(eq=False)
class Counted:
    """A model that counts how many cases it was asked for."""

    inner: Scorer
    asked: int = 0
    most: int = 0
    uses_validation: ClassVar[bool] = False

    def score(self, histories: Histories) -> Floats:
        self.asked += len(histories)
        self.most = max(self.most, len(histories))
        return self.inner.score(histories)


@pytest.fixture
def models() -> dict[str, Scorer]:
    members: dict[str, Scorer] = {
        "ids": Counted(Cooccurrence().fit(TRAINING)),
        "words": Counted(TextKernel().fit(TRAINING)),
        "popular": Counted(Popularity().fit(TRAINING)),
    }
    context = FitContext(members=members)
    blend = Blend(BlendSettings(evidence=0.0)).fit(TRAINING, context)
    trees = LambdaMart(TreeRankerSettings(blocks=(), evidence=0.0, trees=5))
    return {**members, "blend": blend, "trees": trees.fit(TRAINING, context)}


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_the_answers_are_those_of_each_model_alone(models: dict[str, Scorer], chunk: int) -> None:
    together = rank_together(models, CASES, 10, chunk)
    assert list(together) == list(models)
    for name, scorer in models.items():
        ranks, lists = rank(scorer, CASES, 10)
        own = together[name]
        np.testing.assert_array_equal(own.ranks.position, ranks.position)
        np.testing.assert_array_equal(own.ranks.case, ranks.case)
        np.testing.assert_array_equal(own.ranks.tied, ranks.tied)
        np.testing.assert_array_equal(own.lists.items, lists.items)
        np.testing.assert_array_equal(own.lists.scores, lists.scores)
        assert own.seconds > 0


def test_members_are_asked_once_for_each_case(models: dict[str, Scorer]) -> None:
    counted = [model for model in models.values() if isinstance(model, Counted)]
    for model in counted:
        model.asked = 0
    rank_together(models, CASES, 10, 16)
    assert [model.asked for model in counted] == [len(CASES)] * 3


def test_no_chunk_holds_more_scores_than_there_may_be(
    models: dict[str, Scorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = [model for model in models.values() if isinstance(model, Counted)]
    for model in counted:
        model.most = 0
    n_items = TRAINING.log.n_items
    monkeypatch.setattr(ranking, "_HELD", 7 * n_items * len(models))
    rank_together(models, CASES, 10)
    # from the first chunk on; nobody has seen or asks for the last items, which are not known yet
    assert all(4 <= model.most <= 7 * n_items // highest_row() for model in counted)


def highest_row() -> int:
    return max(int(part.values.max()) for part in (CASES.seen, CASES.targets))


def test_no_case_and_no_model() -> None:
    nobody = CASES.take(np.array([], np.int64))
    found = rank_together({"popular": Popularity().fit(TRAINING)}, nobody, 5)
    assert found["popular"].lists.items.shape == (0, 5)
    assert rank_together({}, CASES, 5) == {}


def test_a_broken_model_is_named() -> None:
    class Broken(Popularity):
        def score(self, histories: Histories) -> Floats:
            return np.full_like(super().score(histories), np.nan)

    models = {"fine": Popularity().fit(TRAINING), "mine": Broken().fit(TRAINING)}
    with pytest.raises(BadInput, match="mine"):
        rank_together(models, CASES, 5)


def test_shared_scores_are_made_once_and_cannot_be_written() -> None:
    model = Counted(Popularity().fit(TRAINING))
    histories = CASES.histories
    with shared_scores():
        first = score_of(model, histories)
        assert score_of(model, histories) is first
        with pytest.raises(ValueError, match="read-only"):
            first[0, 0] = 1
        score_of(model, CASES.take(np.arange(3)).histories)
        assert score_of(model, histories) is not first
    assert score_of(model, histories).flags.writeable
    assert model.asked == 3 * len(histories) + 3
