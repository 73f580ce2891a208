"""The headline says what the rows say: what features add, who is clearly ahead, by which blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from palate.recipe.recipe import Recipe, parse
from palate.recipe.references import LANGUAGE_MODEL
from palate.report.headline import summary
from palate.runs.documents import Summary
from palate.runs.rows import Comparison, MemberWeight, Purpose, Score, Validated
from palate.tables.findings import Finding
from palate.tables.variant import Kind, Variant

ALL = ("words", "small", "large")
FUSION, BASE = Variant("all"), Variant("all", "counterpart", ALL)
POPULARITY, IDS = Variant("popularity"), Variant("ids")


def recipe(**evaluate: Any) -> Recipe:
    kernels = {f"by {b}": {"part": "model.text_kernel.v1", "block": b} for b in ALL}
    return parse(
        {
            "split": {"part": "split.leave_last_out.v1"},
            "blocks": {
                "words": {"part": "text.tfidf.v1"},
                "small": {"part": "text.transformer.v1"},
                "large": {"part": "text.http.v1"},
            },
            "models": {
                "popularity": {"part": "model.popularity.v1"},
                "ids": {"part": "model.cooccurrence.v1"},
                "knn": {"part": "model.item_knn.v1"},
                **kernels,
                "all": {"part": "model.blend.v1", "members": ["ids", "knn", *kernels]},
            },
            "evaluate": {"metrics": ["mrr"], "primary": "mrr", **evaluate},
        },
        Path(),
    )


BOARD = [
    Score(v.name, part, "mrr", value, None, None, 90, 1.0, v.role, v)
    for part in ("all", "target 1-5")
    for v, value in ((FUSION, 0.12), (BASE, 0.10), (IDS, 0.09), (POPULARITY, 0.13))
]


def row(
    a: Variant, b: Variant, purpose: Purpose, difference: float = 0.0, **more: Any
) -> Comparison:
    """Clear unless it is said otherwise."""
    numbers = (difference, difference - 0.001, difference + 0.001, 0.95, 0.0001, 0.001, 90)
    made = Comparison(a.name, b.name, "mrr", "all", *numbers, purpose, a, b, 1)
    return replace(made, **more)


def control(kind: Kind) -> Variant:
    return Variant("all", kind, ALL)


GAIN = row(FUSION, BASE, "lift", 0.02, lift=0.2, lift_low=0.1, lift_high=0.3)
QUIET = [row(control(k), BASE, "control", 0.0, p_adjusted=1.0) for k in ("permuted", "random")]
OWN = [row(FUSION, control(k), "own control", 0.02) for k in ("permuted", "random")]
UNCLEAR = {"low": -0.01, "high": 0.03, "p_adjusted": 0.4}


def without(*blocks: str, clear: bool = True) -> Comparison:
    more: dict[str, Any] = {} if clear else UNCLEAR
    return row(FUSION, Variant("all", "without", blocks), "ablation", 0.01, **more)


def weights(**more: float) -> list[MemberWeight]:
    found = {"ids": 1.0, "knn": 0.5, "by words": 0.7, "by small": 0.2, "by large": 0.1, **more}
    blocks = {f"by {b}": (b,) for b in ALL}
    return [MemberWeight("all", m, w, blocks.get(m, ())) for m, w in found.items()]


def told(
    *rows: Comparison, best: str = "all", weighed: list[MemberWeight] | None = None
) -> Summary:
    return summary(
        recipe(best=best), BOARD, rows, [], weights=weights() if weighed is None else weighed
    )


def test_a_gain_is_told_with_the_blocks_that_earned_it() -> None:
    found = told(
        GAIN,
        *QUIET,
        *OWN,
        without("words"),
        without("small", clear=False),
        without("large", clear=False),
        without("small", "large", clear=False),
    )
    assert found.features == "gain"
    assert found.headline == (
        "The features raise mrr over all test users: +20.0 %. Earned by block words;"
        " nothing shows that the language model adds to it."
    )
    assert [e.verdict for e in found.earned] == ["keep", *["no evidence"] * 3]
    assert [e.language_model for e in found.earned] == [False, True, True, True]


def test_language_models_that_are_needed_together_are_named_together() -> None:
    found = told(
        GAIN,
        *OWN,
        without("words", clear=False),
        without("small", clear=False),
        without("large", clear=False),
        without("small", "large"),
    )
    assert found.headline.endswith("Earned by the language model (blocks small and large).")
    assert found.earned[-1].claim == LANGUAGE_MODEL


def test_blocks_that_stand_in_for_each_other_earn_it_together() -> None:
    rows = [without(b, clear=False) for b in ALL]
    found = told(GAIN, *OWN, *rows)
    assert found.headline.endswith(
        "The blocks earn it together; none alone is shown to add to the others."
    )


def test_features_without_weight_add_nothing_whatever_the_figures_say() -> None:
    weighed = weights(**{f"by {b}": 0.0 for b in ALL})
    found = told(GAIN, *OWN, *[without(b) for b in ALL], weighed=weighed)
    assert found.features == "no weight"
    assert found.headline == (
        "No use was found for the features: all gave them no weight on the validation cases."
    )
    assert "the fusion gave the features no weight" in found.details[0]


def test_who_beats_the_best_model_is_said_behind_what_the_features_did() -> None:
    lost = row(POPULARITY, FUSION, "pair", 0.01)
    found = told(GAIN, *OWN, lost)
    assert found.headline.startswith("The features raise")
    assert found.headline.endswith(
        " On the test popularity beats all, the best by validation, by mrr 0.1300 against 0.1200"
        " (95 % interval of the difference +0.0090 to +0.0110): use popularity."
    )
    (beaten,) = found.beaten_by
    assert (beaten.model, beaten.difference, beaten.clear) == ("popularity", 0.01, True)


def test_who_is_merely_ahead_is_no_news_of_the_headline() -> None:
    ahead = row(FUSION, IDS, "pair", -0.002, low=-0.004, high=0.001, p_adjusted=0.3)
    found = told(GAIN, *OWN, ahead)
    assert found.headline == told(GAIN, *OWN).headline
    assert found.details[-1] == (
        "ids is ahead, though not clearly, of all on the test: +0.0020 of mrr, 95 % interval of the"
        " difference -0.0010 to +0.0040: ids is simpler and may well do."
    )
    (beaten,) = found.beaten_by
    assert (beaten.low, beaten.high, beaten.clear) == (-0.001, 0.004, False)


def test_a_model_that_is_more_complicated_and_reads_features_does_not_beat_it() -> None:
    ahead = row(FUSION, IDS, "pair", 0.01)
    assert told(GAIN, ahead, best="ids").beaten_by == ()


def test_the_best_model_may_read_no_features_and_the_lift_is_still_told() -> None:
    found = summary(
        recipe(),
        BOARD,
        [GAIN, *OWN],
        [],
        [
            Validated("ids", "mrr", 0.2, 0.0, 0.0, 0.0, 0.1, 90),
            Validated("all", "mrr", 0.1, 0.1, 0.01, 0.0, 0.1, 90),
        ],
    )
    assert (found.best_model, found.fusion) == ("ids", "all")
    assert found.headline == "The features of all raise mrr over all test users: +20.0 %."
    assert found.base_model == BASE.name


def test_at_equal_quality_the_simpler_model_is_the_best() -> None:
    rows = [
        Validated("all", "mrr", 0.2, 0.0, 0.0, 0.0, 0.1, 90),
        Validated("popularity", "mrr", 0.18, 0.02, 0.01, 0.0, 0.1, 90),
        Validated("ids", "mrr", 0.195, 0.005, 0.01, 0.0, 0.1, 90),
    ]
    assert summary(recipe(), BOARD, [GAIN], [], rows).best_model == "ids"


def test_a_gain_that_the_own_controls_reach_is_no_evidence_and_the_reason_is_in_the_sentence() -> (
    None
):
    own = [replace(OWN[0], **UNCLEAR), OWN[1]]
    found = told(GAIN, *QUIET, *own)
    assert found.features == "no evidence"
    assert found.headline == (
        "No evidence that the features help: mrr +20.0 %, 95 % interval +10.0 % to +30.0 %,"
        " not clearly ahead of the same model with permuted texts, over all test users."
    )


def test_an_interval_that_is_corrected_is_said_to_be() -> None:
    part = replace(GAIN, slice="target 1-5", **UNCLEAR, lift_low=-0.1, n_compared=4)
    words = replace(without("words"), n_compared=3)
    lost = row(POPULARITY, FUSION, "pair", 0.01, n_compared=6)
    found = told(replace(GAIN, **UNCLEAR, lift_low=-0.1), part, words, without("small"), lost)
    ends = "+0.0090 to +0.0110"
    assert f"difference, corrected for 6 comparisons, {ends}): use popularity" in found.headline
    # over all test users there is one comparison, and nothing to correct for
    assert "mrr +20.0 %, 95 % interval -10.0 % to +30.0 %, over all test users" in found.headline
    assert "95 % interval, corrected for 4 comparisons, -10.0 % to +30.0 %" in found.details[1]
    assert f"the difference, corrected for 3 comparisons, {ends}." in found.details[2]
    assert f"the difference {ends}." in found.details[3]
    assert (found.beaten_by[0].n_compared, found.earned[0].n_compared) == (6, 3)


def test_a_block_that_seems_to_know_the_test_withdraws_it() -> None:
    part = replace(GAIN, slice="target 1-5")
    rows = [GAIN, part, *OWN, *(replace(r, slice="target 1-5") for r in OWN), without("words")]
    leak = Finding(
        "column-knows-targets",
        "warning",
        'A column of block "words" knows.',
        "blocks.words",
        advice="Drop it.",
    )
    other = replace(leak, where="blocks.unused")
    found, clean = (
        summary(recipe(best="all"), BOARD, rows, [], weights=weights(), findings=[f])
        for f in (leak, other)
    )
    assert (clean.features, clean.gains_in) == ("gain", ("target 1-5",))
    assert (found.features, found.gains_in) == ("not evidence", ())
    assert [e.verdict for f in (clean, found) for e in f.earned] == ["keep", "no evidence"]
    assert found.headline == 'Not evidence: A column of block "words" knows. Drop it.'
    assert not any("target 1-5" in figure.label for figure in found.figures)


def test_a_control_that_gains_withdraws_it() -> None:
    found = told(GAIN, *OWN, replace(QUIET[0], difference=0.01, low=0.005, p_adjusted=0.001))
    assert found.features == "not evidence"
    assert found.headline.startswith(
        "Not evidence: all with permuted texts gains over all without features as well"
    )


def test_a_loss_is_called_a_loss() -> None:
    worse = row(FUSION, BASE, "lift", -0.02)
    found = told(worse, *OWN)
    assert found.features == "loss"
    assert found.headline.startswith("The features lower mrr")
    assert found.details[0].startswith("All test users: loss")


@pytest.mark.parametrize("gated", [True, False])
def test_a_slice_is_named_only_where_it_is_clear_of_its_controls(gated: bool) -> None:
    nothing = replace(GAIN, **UNCLEAR, lift_low=-0.1)
    part = replace(GAIN, slice="target 1-5")
    own = [replace(r, slice="target 1-5", **({} if gated else UNCLEAR)) for r in OWN]
    found = told(nothing, part, *OWN, *own)
    assert found.gains_in == (("target 1-5",) if gated else ())
    assert ("items seen 1-5 times" in found.headline) == gated
    assert found.features == ("gain in slices" if gated else "no evidence")


def test_a_percentage_is_printed_only_where_the_base_allows_it() -> None:
    bare = replace(GAIN, lift=None, lift_low=None, lift_high=None)
    assert "0.1000 to 0.1200" in told(bare, *OWN).headline
    assert "%" not in told(bare, *OWN).headline


def test_of_one_block_the_lift_is_what_it_earned_and_no_more_than_that() -> None:
    table = recipe().resolved()
    table["models"]["all"]["members"] = ["ids", "knn", "by words"]
    table["evaluate"]["best"] = "all"
    lift = row(FUSION, Variant("all", "counterpart", ("words",)), "lift", 0.02)
    found = summary(parse(table, Path()), BOARD, [lift], [])
    assert [(e.claim, e.verdict) for e in found.earned] == [("words", "keep")]
    assert found.headline.endswith("Earned by block words.")
    behind = row(FUSION, control("permuted"), "own control", **UNCLEAR)
    doubtful = summary(parse(table, Path()), BOARD, [lift, behind], [])
    assert doubtful.features == "no evidence"
    assert [(e.claim, e.verdict) for e in doubtful.earned] == [("words", "no evidence")]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.])\s+(?=[A-Z(])", text)


@pytest.mark.parametrize("best", ["all", "ids"])
@pytest.mark.parametrize("clear", [True, False])
def test_the_headline_is_three_sentences_at_most(best: str, clear: bool) -> None:
    other = POPULARITY if best == "ids" else IDS
    lost = row(other, Variant(best), "pair", 0.01, **({} if clear else UNCLEAR))
    part = replace(GAIN, slice="target 1-5", lift=0.9)
    own = [replace(r, slice="target 1-5") for r in OWN]
    blocks = [without("words"), without("small", clear=False), without("large", clear=False)]
    found = told(GAIN, part, *QUIET, *OWN, *own, *blocks, lost, best=best)
    assert len(sentences(found.headline)) == (3 if clear else 2)
    assert "most for items seen 1-5 times (+90.0 %)" in found.headline
    gone = told(replace(GAIN, **UNCLEAR), part, *OWN, *own, lost, best=best)
    assert len(sentences(gone.headline)) == (2 if clear else 1)


def test_a_lift_over_permuted_texts_is_said_to_be_one() -> None:
    nothing = replace(GAIN, **UNCLEAR, lift=0.01, lift_low=-0.1)
    itself = row(FUSION, control("permuted"), "lift", 0.02, slice="new items", lift=0.909)
    own = [replace(r, slice="new items") for r in OWN]
    found = told(nothing, itself, *OWN, *own)
    assert found.headline.startswith(
        "The features pay for new items: mrr +90.9 % against the same with permuted texts;"
    )
    figure = next(f for f in found.figures if f.label == "Lift, new items")
    assert figure.note.endswith(" against the same with permuted texts")
    assert "against the same with permuted texts, +90.9 %" in found.details[1]
    assert "permuted" not in told(GAIN, itself, *OWN, *own).headline


def test_models_that_never_differ_have_no_interval_but_are_called_the_same() -> None:
    same = replace(QUIET[0], n_differ=0, lift=0.0, lift_low=-0.022, lift_high=0.022)
    found = told(replace(GAIN, difference=0.0, n_differ=0, p_adjusted=1.0), same)
    assert "the same for every user" in found.details[0]
    assert "interval" not in found.details[0]
    assert found.details[1] == (
        "Control, permuted texts: +0.0 % against all without features, the same for every user; it"
        " should be near zero."
    )


def test_without_an_interval_the_reason_is_said() -> None:
    few = replace(GAIN, low=None, high=None, p=None, p_adjusted=None, lift=None, n_users=4)
    lost = row(POPULARITY, FUSION, "pair", 0.01, low=None, high=None, p_adjusted=None)
    found = told(few, without("words"), replace(without("small"), low=None), lost)
    assert "+0.0100 of mrr, too few users for an interval" in found.details[-1]
    assert "0.1000 to 0.1200, too few users for an interval" in found.headline
    assert " - to " not in " ".join([found.headline, *found.details])
    assert "too few users for an interval" in [f.note for f in found.figures]


def test_without_validation_cases_nothing_is_called_the_best_by_them() -> None:
    lost = row(POPULARITY, FUSION, "pair", 0.01)
    found = told(GAIN, *OWN, lost, best="")
    assert not found.validated
    assert "popularity beats all, the model that this run reports, by" in found.headline
    assert "validation" not in found.headline + str(found.figures)


def test_a_model_that_reads_features_is_not_overlooked_where_another_is_the_best() -> None:
    table = recipe(best="ids").resolved()
    del table["models"]["all"]
    read = summary(parse(table, Path()), BOARD, [], [])
    assert read.headline == (
        "ids reaches mrr 0.0900; no model is measured with and without features."
    )
    table["models"] = {name: table["models"][name] for name in ("popularity", "ids")}
    assert summary(parse(table, Path()), BOARD, [], []).headline.endswith("no model uses features.")
