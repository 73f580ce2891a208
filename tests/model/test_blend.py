from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from palate import ranks
from palate.arrays import Floats, Ragged
from palate.errors import BadRecipe, Refused
from palate.model.blend import Blend, BlendSettings
from palate.model.cooccurrence import Cooccurrence
from palate.model.random_scores import RandomScores
from palate.model.text_kernel import TextKernel
from palate.model.weighted_sums import Coefficients
from palate.stages import FitContext, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training, Vocabulary
from palate.testing.scorer import made_training


def world(seed: int = 0) -> tuple[Training, FitContext]:
    """Users who go on to items that share words with their latest one, so that text is worth
    something.
    """
    training = made_training(seed)
    histories = training.validation.histories
    last = histories.items.values[histories.items.offsets[1:] - 1]
    seen = [set(histories.items[row].tolist()) for row in range(len(histories))]
    group = [
        [i for i in range(4 * (x // 4), 4 * (x // 4) + 4) if i not in s]
        for x, s in zip(last, seen, strict=True)
    ]
    keep = np.array([bool(g) for g in group])
    targets = Ragged.of([[g[0]] if g else [0] for g in group])
    cases = Cases(histories, histories.items, targets).take(keep)
    members: dict[str, Scorer] = {
        "id": Cooccurrence().fit(training),
        "text": TextKernel().fit(training),
    }
    return replace(training, validation=cases), FitContext(seed=seed, members=members)


def test_useful_text_gets_a_weight_and_raises_the_score() -> None:
    training, context = world()
    blend = Blend().fit(training, context)
    assert blend.coefficients_.weights["text"] > 0
    assert blend.steps_[0].question == "add text"
    assert blend.steps_[0].adopted
    assert blend.steps_[0].gain > 0.1


def test_random_members_get_no_weight_and_leave_the_scores_unchanged() -> None:
    training, context = world()
    noise = {**context.members, "noise": RandomScores().fit(training)}
    with_noise = Blend(BlendSettings(("id", "noise"))).fit(
        training, replace(context, members=noise)
    )
    alone = Blend(BlendSettings(("id",))).fit(training, context)
    assert with_noise.coefficients_.weights["noise"] == 0
    histories = training.validation.histories
    assert with_noise.score(histories).tobytes() == alone.score(histories).tobytes()


def gated(training: Training, context: FitContext) -> Blend:
    blend = Blend().fit(training, context)
    weights, scales = {"id": 0.8, "text": 1.3}, {"id": 0.5, "text": 2.0}
    blend.coefficients_ = Coefficients(weights, scales, gate_a=1.2, gate_b=0.7, prior=0.2)
    return blend


def test_the_score_is_the_formula() -> None:
    training, context = world()
    blend, histories = gated(training, context), training.validation.histories
    counts = training.log.item_counts()
    gate = 1 / (1 + np.exp(-(1.2 - 0.7 * np.log1p(counts))))
    identity, text = (context.members[name].score(histories) for name in ("id", "text"))
    wanted = (
        0.8 * identity / 0.5
        + 1.3 * gate * text / 2.0
        + 0.2 * np.log1p(counts) / np.log1p(counts.max())
    )
    np.testing.assert_allclose(blend.score(histories), wanted, rtol=1e-4, atol=1e-6)


def test_contributions_by_member_sum_to_the_score_less_the_prior() -> None:
    training, context = world()
    blend, histories = gated(training, context), training.validation.histories
    counts = training.log.item_counts()
    cases = np.arange(len(histories))
    item = (cases * 7 % 80).astype(np.int32)
    parts = blend.contributions_by_member(histories, item)
    assert set(parts) == {"id", "text"}
    each = sum(parts.values())
    sums = np.bincount(histories.items.row_of_value(), weights=each, minlength=len(histories))
    prior = 0.2 * np.log1p(counts[item]) / np.log1p(counts.max())
    np.testing.assert_allclose(
        sums + prior, blend.score(histories)[cases, item], rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(blend.contributions(histories, item), each)


def test_a_user_without_history_gets_the_items_by_popularity() -> None:
    training, context = world()
    scores = gated(training, context).score(Histories.of_items(Ragged.of([[]])))[0]
    counts = training.log.item_counts()
    np.testing.assert_allclose(scores, np.log1p(counts) / np.log1p(counts.max()), rtol=1e-6)


def test_members_come_from_the_settings_in_their_order() -> None:
    blend = Blend(BlendSettings(("text", "id"))).fit(*world())
    assert list(blend.coefficients_.weights) == ["text", "id"]


def test_a_misspelt_member_names_the_nearest() -> None:
    with pytest.raises(BadRecipe, match='did you mean "text"'):
        Blend(BlendSettings(("id", "txt"))).fit(*world())


def test_without_members_or_validation_it_says_what_is_wanted() -> None:
    training, context = world()
    with pytest.raises(BadRecipe, match="other models"):
        Blend().fit(training)
    none = training.validation.take(np.empty(0, np.int64))
    with pytest.raises(Refused, match="validation"):
        Blend().fit(replace(training, validation=none), context)


class Opaque:
    """A scorer that cannot be taken apart."""

    uses_validation: ClassVar[bool] = False

    def __init__(self, inside: Scorer) -> None:
        self.inside = inside

    def score(self, histories: Histories) -> Floats:
        return self.inside.score(histories)


def test_members_that_cannot_be_taken_apart_are_named() -> None:
    training, context = world()
    members = {**context.members, "opaque": Opaque(context.members["text"])}
    blend = Blend(BlendSettings(("id", "opaque"))).fit(training, FitContext(members=members))  # type: ignore[arg-type]
    histories = training.validation.histories
    with pytest.raises(Refused, match='"opaque"'):
        blend.contributions(histories, np.zeros(len(histories), np.int32))


def test_new_events_reach_the_members_that_can_be_updated_and_the_popularity() -> None:
    training, context = world()
    blend, log = gated(training, context), training.log
    more = log.take(np.arange(0, len(log), 3))
    members = {"id": context.members["id"].updated(more), "text": context.members["text"]}  # type: ignore[attr-defined]
    state = blend.state()
    counts = {"counts": (log.item_counts() + more.item_counts()).astype(np.float64)}
    wanted = Blend().load(Artefact(counts, state.facts), members)
    histories = training.validation.histories
    updated = blend.updated(more).score(histories)
    np.testing.assert_array_equal(updated, wanted.score(histories))
    assert not np.array_equal(updated, blend.score(histories))


class Noted:
    """Scores of items that are known beforehand, the same for every case."""

    uses_validation: ClassVar[bool] = False

    def __init__(self, scores: Floats) -> None:
        self.scores = scores

    def score(self, histories: Histories) -> Floats:
        return np.tile(self.scores, (len(histories), 1))


def test_a_gate_is_measured_against_all_the_items_that_it_lifts() -> None:
    # The right answers are items of few events, no better than three hundred others of few events;
    # of these no member's list holds any but the answers themselves.
    rng = np.random.default_rng(4)
    training = wide_training(rng, n_popular=100, n_rare=300)
    known = training.log.item_counts() > 1
    members: dict[str, Scorer] = {
        "id": Noted((known * rng.random(400)).astype(np.float32)),
        "text": Noted((known * 2 + rng.random(400)).astype(np.float32)),
    }
    blend = Blend(BlendSettings(shortlist=10)).fit(training, FitContext(seed=1, members=members))
    cases = training.validation

    def ndcg(scorer: Scorer) -> float:
        found = ranks.positions(scorer.score(cases.histories), cases.seen, cases.targets)
        return float(np.mean(ranks.ndcg_of_mean_ranks(found, 10)))

    assert blend.coefficients_.gate_b == 0 or ndcg(blend) > ndcg(members["id"])
    kept = [step.ndcg for step in blend.steps_ if step.adopted]
    assert not kept or kept[-1] == pytest.approx(ndcg(blend), abs=0.02)


def wide_training(rng: np.random.Generator, n_popular: int, n_rare: int) -> Training:
    """Popular items of fifty events each and others of one; every answer is one of the latter."""
    n_items, n_users = n_popular + n_rare, 200
    item = np.concatenate([np.repeat(np.arange(n_popular), 50), np.arange(n_popular, n_items)])
    user = rng.permutation(np.arange(len(item)) % n_users)
    log = Interactions(
        Vocabulary.of(f"u{n}" for n in range(n_users)),
        Vocabulary.of(f"i{n}" for n in range(n_items)),
        user.astype(np.int32),
        item.astype(np.int32),
        np.ones(len(item), np.float32),
    )
    targets = Ragged.of([[int(t)] for t in rng.integers(n_popular, n_items, n_users)])
    nothing = Ragged.of([np.empty(0, np.int32)] * n_users)
    histories = Histories.of(log, np.arange(n_users, dtype=np.int32))
    return Training(log, FeatureTable(log.items, {}), Cases(histories, nothing, targets))
