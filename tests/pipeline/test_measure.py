"""Outcomes by hand -> figures by user, rows of the leaderboard, comparisons and their families."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.evaluate.comparisons import holm
from palate.pipeline.measure import Measured, comparisons, leaderboard, measured, unseen_slices
from palate.pipeline.trial import NEW_ITEMS, Outcome, Trial
from palate.recipe.recipe import Recipe, parse
from palate.tables import (
    Cases,
    FeatureTable,
    Histories,
    Interactions,
    Rankings,
    Split,
    TargetRanks,
    Vocabulary,
)
from palate.tables.cases import SealedCases
from palate.tables.variant import Variant

IDS, BOTH = Variant("ids"), Variant("both")
PERMUTED = Variant("both", "permuted", ("words",))
WITHOUT = Variant("both", "without", ("words",))

USERS, ITEMS = Vocabulary.of("uvw"), Vocabulary.of("abcd")
TRAIN = Interactions(
    USERS,
    ITEMS,
    user=np.array([0, 1, 1], np.int32),
    item=np.array([0, 0, 1], np.int32),
    value=np.ones(3, np.float32),
)
"""Items a and b were seen, c and d never."""


def recipe(**evaluate: Any) -> Recipe:
    table = {
        "seed": 5,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            name: {"part": "text.tfidf.v1", "fields": ["title"]} for name in ("words", "more")
        },
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "text": {"part": "model.text_kernel.v1", "block": "words"},
            "text2": {"part": "model.text_kernel.v1", "block": "more"},
            "both": {"part": "model.blend.v1", "members": ["ids", "text", "text2"]},
        },
        "evaluate": {"metrics": ["mrr", "coverage@2"], "primary": "mrr", **evaluate},
        "protocol": {
            "name": "p",
            "bars": [{"model": "Theirs", "metric": "mrr", "value": 0.4, "source": "a paper"}],
        },
    }
    return parse(table, Path())


def trial(users: list[int], targets: list[int], positions: dict[Variant, list[float]]) -> Trial:
    """One target a case, at the given position for each model, which takes 1 and 2 seconds."""
    n = len(users)
    histories = Histories(
        np.array(users, np.int32), Ragged.of([[0]] * n), np.ones(n, np.float32), None
    )
    cases = Cases(histories, histories.items, Ragged.of([[target] for target in targets]))
    none = Cases(histories, histories.items, cases.targets).take(np.empty(0, np.int64))
    lists = Rankings(
        histories.users, np.tile(np.array([0, 1], np.int32), (n, 1)), np.ones((n, 2), np.float32)
    )
    outcomes = [
        Outcome(
            variant,
            TargetRanks(
                np.arange(n, dtype=np.int32),
                np.array(targets, np.int32),
                np.array(position, np.float64),
                np.full(n, 4),
            ),
            lists,
            fit_seconds=1.0,
            score_seconds=2.0,
        )
        for variant, position in positions.items()
    ]
    split = Split(TRAIN, none, SealedCases(cases))
    return Trial(recipe(), split, FeatureTable(ITEMS), {}, tuple(outcomes), ())


def test_figures_are_means_of_a_user_and_users_without_a_case_are_left_out() -> None:
    # u has two cases, v one, w none; the last case is of somebody unknown, a unit of its own
    found = measured([trial([0, 0, 1, -1], [0, 1, 0, 0], {IDS: [1, 2, 4, 1]})], recipe())
    assert found.values[IDS, "all", "mrr"].tolist() == [0.75, 0.25, 1.0]
    assert found.seconds == {IDS: 3.0}


def test_repetitions_are_averaged_within_a_user() -> None:
    first = trial([0, 0, 1], [0, 1, 0], {IDS: [1, 2, 4]})
    second = trial([0], [0], {IDS: [4]})
    found = measured([first, second], recipe())
    # not the mean of 0.75 and 0.25: every case of a user counts alike
    assert found.values[IDS, "all", "mrr"].tolist() == pytest.approx([(1 + 0.5 + 0.25) / 3, 0.25])


def test_a_slice_has_no_figure_for_a_user_without_a_case_in_it() -> None:
    found = measured([trial([0, 0, 1], [0, 2, 2], {IDS: [1, 2, 4]})], recipe())
    assert found.values[IDS, "all", "mrr"].tolist() == [0.75, 0.25]
    np.testing.assert_array_equal(found.values[IDS, "target 1-5", "mrr"], [1.0, np.nan])
    np.testing.assert_array_equal(found.values[IDS, "target 0", "mrr"], [0.5, 0.25])


def test_metrics_of_lists_belong_to_the_whole_alone() -> None:
    found = measured([trial([0, 1], [0, 2], {IDS: [1, 2]})], recipe())
    assert {part for _, part, metric in found.values if metric == "coverage@2"} == {"all"}


def test_a_trial_with_new_items_speaks_of_its_own_slice_and_no_seconds() -> None:
    from dataclasses import replace

    usual = trial([0, 1], [0, 1], {IDS: [1, 2]})
    cold = replace(trial([0, 1], [2, 3], {IDS: [4, 4]}), scope=NEW_ITEMS)
    found = measured([usual, cold], recipe())
    assert found.values[IDS, NEW_ITEMS, "mrr"].tolist() == [0.25, 0.25]
    assert found.values[IDS, "all", "mrr"].tolist() == [1.0, 0.5]
    assert {part for _, part, _ in found.values} >= {"all", NEW_ITEMS}


def test_the_leaderboard_has_means_intervals_and_published_figures_last() -> None:
    values = {
        (IDS, "all", "mrr"): np.array([1.0, 0.5, 0.0, 1.0, 0.0]),
        (PERMUTED, "all", "mrr"): np.array([0.25, np.nan, 0.75, np.nan, np.nan]),
    }
    rows = leaderboard(Measured(values, {IDS: 1.23456, PERMUTED: 2.0}), recipe())
    ids, control, theirs = rows
    assert (ids.model, ids.slice, ids.value, ids.n_users) == ("ids", "all", 0.5, 5)
    assert ids.low < 0.5 < ids.high
    assert (ids.seconds, ids.kind) == (1.235, "model")
    assert (control.value, control.n_users, control.kind) == (0.5, 2, "control")
    assert (theirs.model, theirs.kind, theirs.value, theirs.source, theirs.low) == (
        "Theirs",
        "published",
        0.4,
        "a paper",
        None,
    )


def figures(parts: tuple[str, ...], **means: float) -> Measured:
    """Forty users around the given means; the noise is shared but for a little."""
    random = np.random.default_rng(0)
    user = random.normal(0, 0.1, 40)
    variants = {"ids": IDS, "both": BOTH, "permuted": PERMUTED, "without": WITHOUT}
    values = {
        (variants[name], part, "mrr"): mean + user + random.normal(0, 0.02, 40)
        for name, mean in means.items()
        for part in parts
    }
    return Measured(values, {variants[name]: 1.0 for name in means})


def test_each_purpose_compares_what_it_is_for() -> None:
    measures = figures(("all",), ids=0.3, both=0.4, permuted=0.3, without=0.35)
    rows = comparisons(measures, recipe())
    found = {(row.purpose, row.a, row.b) for row in rows}
    assert found == {
        ("lift", "both", "ids"),
        ("control", "both~permuted", "ids"),
        ("ablation", "both", "both-without-words"),
        ("own control", "both", "both~permuted"),
        ("pair", "ids", "both"),
    }
    by_purpose = {row.purpose: row for row in rows}
    assert by_purpose["lift"].difference == pytest.approx(0.1, abs=0.02)
    assert by_purpose["lift"].p < 1e-6 < by_purpose["control"].p
    assert by_purpose["lift"].a_variant == BOTH
    assert by_purpose["control"].a_variant == PERMUTED


def test_models_that_never_differ_are_known_as_such() -> None:
    measures = figures(("all",), ids=0.3, both=0.4)
    base = np.where(np.arange(40) < 3, np.nan, measures.values[IDS, "all", "mrr"])
    dealt = {(IDS, "all", "mrr"): base, (PERMUTED, "all", "mrr"): base}
    same = Measured({**measures.values, **dealt}, {**measures.seconds, PERMUTED: 1.0})
    rows = {row.purpose: row for row in comparisons(same, recipe())}
    assert (rows["control"].is_same, rows["control"].n_differ) == (True, 0)
    # those whom only one of the two has a figure of are not compared
    assert (rows["lift"].is_same, rows["lift"].n_differ) == (False, 37)


def test_p_values_are_corrected_within_a_purpose_and_not_across() -> None:
    measures = figures(("all", "target 1-5", "target 6-20"), ids=0.3, both=0.307, permuted=0.3)
    rows = comparisons(measures, recipe())
    for purpose, size in (("lift", 2), ("control", 2), ("own control", 2), ("pair", 0)):
        for whole, members in ((True, 1), (False, size)):
            mine = [r for r in rows if r.purpose == purpose and (r.slice == "all") == whole]
            assert len(mine) == members
            assert {row.n_compared for row in mine} <= {members}
            corrected = holm([row.p for row in mine])
            assert [row.p_adjusted for row in mine] == pytest.approx(corrected.tolist(), rel=1e-3)
    (pair,) = (row for row in rows if row.purpose == "pair")
    assert pair.p_adjusted == pair.p  # a family of one
    lifts = [row for row in rows if row.purpose == "lift"]
    assert any(row.p_adjusted > row.p for row in lifts)


@pytest.mark.parametrize("seed", range(30))
def test_an_interval_leaves_zero_out_just_where_the_corrected_p_says_so(seed: int) -> None:
    """Differences on either side of what is clear, few users, and many slices."""
    random = np.random.default_rng(seed)
    parts = ("all", *(f"target {i}-{i + 1}" for i in range(1, 12, 2)))
    n = int(random.choice([5, 12, 40, 200]))
    user = np.clip(random.normal(0.4, 0.1, n), 0, 1)
    values = {
        (variant, part, "mrr"): np.clip(
            user + random.normal(random.normal(0.0, 0.3) / n**0.5, 0.1, n), 0, 1
        )
        for variant in (IDS, BOTH, PERMUTED, WITHOUT)
        for part in parts
    }
    seconds = dict.fromkeys((IDS, BOTH, PERMUTED, WITHOUT), 1.0)
    rows = comparisons(Measured(values, seconds), recipe())
    for row in rows:
        excludes = row.low > 0 or row.high < 0
        assert excludes == (row.p_adjusted < 0.05) == (row.verdict.answer != "no evidence")
        assert row.verdict.answer == (
            "keep" if row.low > 0 else "harmful" if excludes else row.verdict.answer
        )
        if row.lift is not None:
            assert (row.lift_low > 0, row.lift_high < 0) == (row.low > 0, row.high < 0)
        if row.n_compared == 1:
            assert (row.confidence, row.p_adjusted) == (0.95, row.p)
    slices = [row for row in rows if row.purpose == "lift" and row.slice != "all"]
    assert {row.n_compared for row in slices} == {6}
    first = min(slices, key=lambda row: row.p)
    assert first.confidence == pytest.approx(1 - 0.05 / 6)


def test_too_few_users_for_an_interval_are_no_part_of_a_family() -> None:
    measures = figures(("target 1-5", "target 6-20"), ids=0.3, both=0.4)
    values = dict(measures.values)
    for variant in (IDS, BOTH):
        few = values[variant, "target 1-5", "mrr"].copy()
        few[4:] = np.nan
        values[variant, "target 1-5", "mrr"] = few
    rows = comparisons(Measured(values, measures.seconds), recipe())
    found = {row.slice: row for row in rows if row.purpose == "lift"}
    assert (found["target 1-5"].p, found["target 1-5"].low) == (None, None)
    assert (found["target 6-20"].n_compared, found["target 6-20"].confidence) == (1, 0.95)


def test_where_no_target_was_seen_a_fusion_is_compared_with_its_permuted_self() -> None:
    measures = figures(("all", "target 0", "target 1-5"), ids=0.1, both=0.4, permuted=0.3)
    lift = {row.slice: row for row in comparisons(measures, recipe()) if row.purpose == "lift"}
    assert (lift["all"].b, lift["target 0"].b) == ("ids", "both~permuted")
    assert lift["target 0"].difference == pytest.approx(0.1, abs=0.02)
    control = [row for row in comparisons(measures, recipe()) if row.purpose == "control"]
    assert [row.slice for row in control] == [
        "all",
        "target 1-5",
    ]  # a thing is never compared with itself


def test_one_user_is_no_comparison() -> None:
    values = {(v, "all", "mrr"): np.array([0.5, np.nan]) for v in (IDS, BOTH)}
    assert comparisons(Measured(values, {IDS: 1.0, BOTH: 1.0}), recipe()) == ()


@pytest.mark.parametrize(
    ("parts", "unseen"),
    [
        (["all", "target 0", "target 1-5"], {"target 0"}),
        (["all", "target 0"], {"target 0", "all"}),
        (["all", "new items", "target 1-5"], {"new items"}),
        (["all"], set()),
        (["all", "left-handed"], set()),
    ],
)
def test_slices_in_which_no_target_was_seen(parts: list[str], unseen: set[str]) -> None:
    assert unseen_slices(parts) == unseen


def test_a_lift_in_per_cent_is_a_share_of_the_base_and_missing_where_the_base_is_nothing() -> None:
    measures = figures(("all",), ids=0.3, both=0.4, permuted=0.3)
    (row,) = (r for r in comparisons(measures, recipe()) if r.purpose == "lift")
    assert row.lift == pytest.approx(row.difference / 0.3, rel=0.2)
    assert row.lift_low < row.lift < row.lift_high
    assert (row.lift_low > 0) == (row.low > 0)
    values = {(IDS, "all", "mrr"): np.zeros(40), (BOTH, "all", "mrr"): np.full(40, 0.1)}
    (row,) = (
        r
        for r in comparisons(Measured(values, {IDS: 1.0, BOTH: 1.0}), recipe())
        if r.purpose == "lift"
    )
    assert (row.lift, row.lift_low, row.lift_high) == (None, None, None)
