"""Rankers of candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate import ranks
from palate.arrays import Floats, Ragged
from palate.errors import BadRecipe, Refused
from palate.gradient.engine import tensor
from palate.gradient.loop import Schedule
from palate.model.neural.dcn import DeepCross
from palate.model.neural.deepfm import DeepFm
from palate.model.neural.fm import FactorisationMachine, machine
from palate.model.neural.ranker import NeuralRanker, RankerSettings
from palate.model.random_scores import RandomScores
from palate.stages import FitContext
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

N = 40
QUICK = RankerSettings(candidates=12, schedule=Schedule(epochs=20, batch=50, rate=0.01, patience=6))
EVERY = [FactorisationMachine, DeepFm, DeepCross]


class Half:
    """Knows in which half of the catalogue the answer lies, and nothing more."""

    uses_validation = False

    def score(self, histories: Histories) -> Floats:
        newest = histories.items.values[np.maximum(histories.items.offsets[1:] - 1, 0)]
        noise = ((np.arange(N)[None, :] * 7919 + newest[:, None] * 104729) % 97) / 97
        return np.asarray(
            (np.arange(N)[None, :] % 2 == newest[:, None] % 2) * 2 + noise, np.float32
        )


def world(informative: bool = True) -> tuple[Training, FitContext]:
    """The answer is of the parity of the newest item, and of its content where that is
    informative.
    """
    random = np.random.default_rng(0)
    X = np.zeros((N, 5), np.float32)
    X[np.arange(N), (np.arange(N) // 2) % 5] = 1
    if not informative:
        X = X[random.permutation(N)]
    users = 400
    first = random.integers(0, N, users)
    alike = [[i for i in range(N) if i % 10 == f % 10 and i != f] for f in first]
    targets = [[int(random.choice(a))] for a in alike]
    items = Vocabulary.of(range(N))
    user = np.arange(users, dtype=np.int32)
    log = Interactions(
        Vocabulary.of(range(users)), items, user, first.astype(np.int32), np.ones(users, np.float32)
    )
    histories = Histories.of(log, user)
    cases = Cases(histories, histories.items, Ragged.of(targets))
    features = FeatureTable(items, {"text": Block("text", X, np.ones(N, bool), Origin("made"))})
    members = {"half": Half(), "random": RandomScores().fit(Training(log, features, cases))}
    return Training(log, features, cases), FitContext(seed=1, members=members)  # type: ignore[arg-type]


def ndcg(model: NeuralRanker, training: Training) -> float:
    cases = training.validation
    return float(
        np.mean(
            ranks.ndcg(ranks.positions(model.score(cases.histories), cases.seen, cases.targets), 10)
        )
    )


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("objective", ["list", "point"])
def test_content_lifts_the_right_candidates(kind: type[NeuralRanker], objective: str) -> None:
    settings = replace(QUICK, objective=objective)
    good = ndcg(kind(settings).fit(*world()), world()[0])
    bad = ndcg(kind(settings).fit(*world(informative=False)), world(informative=False)[0])
    assert good > bad + 0.15


def test_candidates_stand_above_all_others() -> None:
    training, context = world()
    model = FactorisationMachine(QUICK).fit(training, context)
    scores = model.score(training.validation.histories)
    found = model.features_.of(training.validation.histories)
    for row, items in zip(scores, found.items, strict=True):
        own = items[items >= 0]
        assert row[own].min() > np.delete(row, own).max()


def test_the_machine_by_hand() -> None:
    random = np.random.default_rng(0)
    x, w, V = (
        random.standard_normal((3, 4)),
        random.standard_normal(4),
        random.standard_normal((4, 2)),
    )
    expected = x @ w
    for c in range(4):
        for e in range(c + 1, 4):
            expected += V[c] @ V[e] * x[:, c] * x[:, e]
    assert machine(
        {"fm.weights": tensor(w), "fm.factors": tensor(V)}, tensor(x)
    ).numpy() == pytest.approx(expected)


def test_refusals() -> None:
    training, context = world()
    with pytest.raises(BadRecipe, match="no model"):
        DeepFm(replace(QUICK, members=("hafl",))).fit(training, context)
    with pytest.raises(BadRecipe, match="needs other models"):
        DeepFm(QUICK).fit(training)
    with pytest.raises(Refused, match="validation cases"):
        DeepFm(QUICK).fit(
            replace(training, validation=training.validation.take(np.arange(5))), context
        )
