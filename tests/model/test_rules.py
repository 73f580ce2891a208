"""Rules change another model's scores, and what people did changes the rules."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from palate.arrays import Ragged
from palate.encode.rules.hits import Hits, HitsSettings
from palate.errors import BadRecipe
from palate.model.popularity import Popularity
from palate.model.rule_weights import Choices, learnt
from palate.model.rules import Rules, RulesSettings
from palate.stages import FitContext
from palate.tables import (
    Block,
    Cases,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Training,
    Vocabulary,
)

N_ITEMS, N_USERS = 40, 60


def block(rule: str) -> Block:
    """Even items are toys; every fourth is dear."""
    fields = pl.DataFrame(
        {
            "kind": ["toys" if i % 2 == 0 else "books" for i in range(N_ITEMS)],
            "price": [9.0 if i % 4 == 0 else 1.0 for i in range(N_ITEMS)],
        }
    )
    shop = Catalogue(Vocabulary.of(range(N_ITEMS)), fields)
    made = Hits(HitsSettings(rule)).fit(shop, np.arange(N_ITEMS, dtype=np.int32)).encode(shop)
    return replace(made, name="rule.x")


def training(rule: str, share_of_toys: float = 0.5, n_cases: int = N_USERS) -> Training:
    """Everybody is asked for one item, a toy with so much probability; users below 30 are
    adults.
    """
    rng = np.random.default_rng(0)
    users = np.arange(N_USERS, dtype=np.int32)
    item = rng.integers(0, N_ITEMS, N_USERS).astype(np.int32)
    log = Interactions(
        Vocabulary.of(f"u{u}" for u in users),
        Vocabulary.of(range(N_ITEMS)),
        users,
        item,
        np.ones(N_USERS, np.float32),
    )
    asking = rng.integers(0, N_USERS, n_cases).astype(np.int32)
    histories = Histories.of(log, asking)
    wanted = 2 * rng.integers(0, N_ITEMS // 2, n_cases) + (rng.random(n_cases) >= share_of_toys)
    cases = Cases(histories, histories.items, Ragged.of(wanted[:, None].astype(np.int32)))
    age = ["adult" if u < 30 else "child" for u in users]
    people = pl.DataFrame({"age": age, "city": ["x"] * N_USERS})
    made = block(rule)
    return Training(log, FeatureTable(log.items, {made.name: made}), cases, people)


def fitted(given: Training, **settings: object) -> Rules:
    context = FitContext(members={"popular": Popularity().fit(given)})
    return Rules(RulesSettings(**settings)).fit(given, context)  # type: ignore[arg-type]


def added(model: Rules, histories: Histories) -> np.ndarray:
    return model.score(histories) - model.member().score(histories)


def test_a_rule_about_items_and_users_moves_those_items_for_those_users() -> None:
    given = training('if item.kind == "toys" and user.age == "adult" then down 0.2')
    model = fitted(given, learn=False)
    histories = Histories.of(given.log, np.array([3, 40, -1], np.int32))
    moved = added(model, histories)
    assert (moved[0, ::2] < 0).all()
    np.testing.assert_allclose(moved[0, ::2], np.log(0.8) / model.slope_, rtol=1e-4)
    assert not moved[0, 1::2].any()
    assert not moved[1:].any()


def test_a_rule_about_the_history_looks_at_any_of_its_items() -> None:
    given = training('if item.kind == "toys" and not history.price > 5 then up 1')
    histories = Histories.of_items(Ragged.of([[1, 4], [1, 3], []]))
    moved = added(fitted(given, learn=False), histories)
    assert not moved[0].any()
    assert (moved[1:, ::2] > 0).all()
    assert not moved[1:, 1::2].any()


def test_never_comes_after_all_others_whatever_people_do() -> None:
    given = training('if item.kind == "toys" then never', share_of_toys=1.0, n_cases=3000)
    scores = fitted(given).score(Histories.of_items(Ragged.of([[1]])))
    assert scores[0, ::2].max() < scores[0, 1::2].min()


def test_few_cases_follow_the_rule_and_many_overrule_it() -> None:
    rule = 'if item.kind == "toys" then down 0.5'
    few = fitted(training(rule, share_of_toys=0.75, n_cases=15))
    many = fitted(training(rule, share_of_toys=0.75, n_cases=5000))
    assert few.weights_["rule.x"] < 0
    assert many.weights_["rule.x"] == pytest.approx(np.log(3), abs=0.2)
    assert many.errors_["rule.x"] < few.errors_["rule.x"]
    letter = fitted(training(rule, share_of_toys=0.75, n_cases=5000), learn=False)
    assert letter.weights_["rule.x"] == pytest.approx(np.log(0.5))


def test_strength_is_counted_in_cases() -> None:
    rng = np.random.default_rng(1)
    hits = (rng.random((400, 50, 1)) < 0.5).astype(float)
    choices = Choices(np.zeros((400, 50)), hits)
    free = learnt(choices, np.array([-1.0]), 0.0, 1.0).sizes[0]
    half = learnt(choices, np.array([-1.0]), 400.0, 1.0).sizes[0]
    assert half == pytest.approx((free - 1) / 2, abs=0.1)


def test_without_cases_and_where_a_rule_never_applies_it_counts_as_it_says() -> None:
    none = learnt(Choices(np.zeros((0, 1)), np.zeros((0, 1, 1))), np.array([0.4]), 100, 2.0)
    assert (none.slope, none.sizes.tolist()) == (0.5, [0.4])
    unmet = learnt(Choices(np.ones((9, 5)), np.zeros((9, 5, 1))), np.array([0.4]), 100, 1.0)
    assert unmet.sizes[0] == pytest.approx(0.4)


def test_the_learnt_weights_are_the_top_of_the_posterior() -> None:
    """No step in any direction is uphill."""
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(80, 9)) + 0.7 * (np.arange(9) == 0)
    choices = Choices(scores, (rng.random((80, 9, 2)) < 0.3).astype(float))
    found = learnt(choices, np.array([0.0, 0.0]), 0.0, 1.0)

    def height(slope: float, sizes: np.ndarray) -> float:
        logits = slope * choices.scores + choices.hits @ sizes
        return float((logits[:, 0] - np.log(np.exp(logits).sum(axis=1))).sum())

    top = height(found.slope, found.sizes)
    for step in (1e-2, -1e-2):
        assert height(found.slope + step, found.sizes) < top
        for direction in np.eye(2):
            assert height(found.slope, found.sizes + step * direction) < top


def test_the_effects_explain_the_difference_to_the_member() -> None:
    given = training('if item.kind == "toys" and user.age == "child" then up 0.3')
    model = fitted(given)
    histories = Histories.of(given.log, np.array([2, 50, 50], np.int32))
    item = np.array([4, 4, 5], np.int32)
    effects = model.rule_effects(histories, item)
    assert set(effects) == {"rule.x"}
    np.testing.assert_allclose(
        effects["rule.x"], added(model, histories)[np.arange(3), item], atol=1e-6
    )
    assert effects["rule.x"][0] == 0


def test_what_cannot_be_answered_is_refused() -> None:
    given = training('if item.kind == "toys" and user.age == "adult" then up 1')
    with pytest.raises(BadRecipe, match="nothing is known of the users"):
        fitted(replace(given, people=None))
    wrong = training('if item.kind == "toys" and user.age == "adlt" then up 1')
    with pytest.raises(BadRecipe, match='did you mean "adult"'):
        fitted(wrong)
    with pytest.raises(BadRecipe, match="there is none"):
        Rules().fit(given)
    with pytest.raises(BadRecipe, match='did you mean "kind"'):
        block('if item.kin == "toys" then up 1')
