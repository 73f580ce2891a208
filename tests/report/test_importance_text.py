"""Sentences about what a block is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from palate.explain.importance.verdict import BlockVerdict
from palate.report.importance_text import block_advice
from palate.runs.importance_rows import BlockAdvice
from palate.tables.estimate import Estimate
from palate.tables.importance_problem import ImportanceEstimate
from palate.tables.verdict import Answer, Verdict, of_difference

OWN, PLAIN, FAIR = "conditional permutation", "permutation", "shapley"


def _row(
    method: str, value: float, found: Answer, answer: Answer, reach: float = 0.001
) -> BlockVerdict:
    mean = Estimate(value, value - reach, value + reach, 0.01, reach / 2, 90)
    estimate = ImportanceEstimate("text", method, "?", "ndcg@10", mean, 0.0)
    alone, together = Verdict("paired comparison", found), Verdict("all methods", answer)
    return BlockVerdict(estimate, 0.01, alone, together, 1.0, 8)


def _explained(*rows: BlockVerdict) -> BlockAdvice:
    (one,) = block_advice(rows, "ndcg@10")
    return one


def test_what_is_kept_tells_the_loss_of_the_question_that_decided() -> None:
    one = _explained(
        _row(OWN, 0.002, "keep", "keep"), _row("drop and refit", 0.004, "keep", "keep")
    )
    assert "falls by 0.0040" in one.sentence
    assert one.value == 0.004
    alone = _explained(_row(OWN, 0.002, "keep", "keep"))
    assert "permuted, ndcg@10 falls by 0.0020" in alone.sentence


def test_a_block_of_weight_zero_is_said_not_to_be_used() -> None:
    found = of_difference(0.0, 0.0, 0.0, 1.0)
    none = replace(_row(PLAIN, 0.0, "no evidence", "no evidence", reach=0.0), found=found)
    one = _explained(none, _row("drop and refit", 0.001, "no evidence", "no evidence"))
    assert one.sentence.startswith("The model does not use it: ndcg@10 stays exactly as it is")
    assert one.verdict == "no evidence"


def test_what_harms_tells_the_rise() -> None:
    assert "rises by 0.0030" in _explained(_row(OWN, -0.003, "harmful", "harmful")).sentence


def test_what_can_be_replaced_says_whether_the_model_uses_it() -> None:
    used = _explained(
        _row(OWN, 0.0, "no evidence", "replaceable"), _row(PLAIN, 0.01, "keep", "replaceable")
    )
    assert used.sentence.startswith("The model leans on it")
    assert used.sentence.endswith("At most 0.0010 of ndcg@10 is at stake.")
    alone = _explained(
        _row(OWN, 0.0, "no evidence", "replaceable", reach=0.0),
        _row(PLAIN, 0.0, "no evidence", "replaceable", reach=0.0),
        _row(FAIR, 0.01, "keep", "replaceable"),
    )
    assert alone.sentence.startswith("It helps where the others are missing")
    assert "at stake" not in alone.sentence


@pytest.mark.parametrize(
    ("reach", "words"), [(0.0, "Nothing is lost"), (0.002, "no more than 0.0020")]
)
def test_what_shows_nothing_says_how_much_it_could_be(reach: float, words: str) -> None:
    assert words in _explained(_row(OWN, 0.0, "no evidence", "no evidence", reach)).sentence


def test_what_was_not_asked_is_not_said_to_be_nothing() -> None:
    """With no time for the questions that decide, or without a number, nothing is claimed."""
    unknown = "was not found out"
    assert unknown in _explained(_row(PLAIN, 0.0, "no evidence", "no evidence")).sentence
    no_number = _row(OWN, float("nan"), "no evidence", "no evidence")
    assert unknown in _explained(no_number).sentence
