from collections.abc import Sequence

import numpy as np
import pytest

from palate.arrays import Floats, Ragged
from palate.model.shortlist import Shortlist
from palate.model.weighing import Weighing
from palate.model.weighted_sums import Coefficients
from palate.seeding import generator

GRID = (0.1, 0.3, 1.0, 3.0)
N_CASES, WIDTH = 400, 50
COUNTS = np.arange(WIDTH, dtype=np.float64)


def noise(purpose: str) -> Floats:
    return generator(5, purpose).normal(size=(N_CASES, WIDTH)).astype(np.float32)


def weighing(
    scores: Sequence[Floats], target: Floats, names: tuple[str, ...], evidence: float = 2.0
) -> Weighing:
    """Cases whose right answer is the item of the highest `target`."""
    items = np.tile(np.arange(WIDTH, dtype=np.int32), (N_CASES, 1))
    targets = Ragged.of([[int(best)] for best in target.argmax(axis=1)])
    listed = Shortlist(items, np.stack(scores), targets, np.ones(len(scores)))
    return Weighing(names, listed, COUNTS, GRID, 10, evidence)


def test_two_useful_members_are_both_used_in_proportion() -> None:
    a, b = noise("a"), noise("b")
    form = weighing([a, b], a + 0.3 * b + 0.3 * noise("n"), ("a", "b")).search(
        gate=False, prior=False
    )
    assert form.weights["a"] == 1
    assert 0.2 < form.weights["b"] < 0.45


@pytest.mark.parametrize("draw", range(8))
def test_noise_is_left_out(draw: int) -> None:
    a = noise("a")
    search = weighing([a, noise(f"useless {draw}")], a + noise(f"n {draw}"), ("a", "useless"))
    assert search.search(gate=True, prior=True).weights["useless"] == 0
    assert not any(step.adopted for step in search.steps)


def test_without_evidence_wanted_noise_gets_in() -> None:
    a = noise("a")
    taken = 0
    for draw in range(8):
        search = weighing(
            [a, noise(f"useless {draw}")], a + noise(f"n {draw}"), ("a", "useless"), evidence=0.0
        )
        taken += search.search(gate=False, prior=False).weights["useless"] > 0
    assert taken > 0


def test_a_useless_first_member_is_dropped() -> None:
    b = noise("b")
    form = weighing([noise("a"), b], b, ("a", "b")).search(gate=False, prior=False)
    assert form.weights["a"] == 0
    assert form.weights["b"] > 0


def test_of_two_copies_of_one_member_one_is_enough() -> None:
    a, b = noise("a"), noise("b")
    form = weighing([a, b, b], a + b + 0.2 * noise("n"), ("a", "b", "copy")).search(
        gate=False, prior=False
    )
    assert form.weights["copy"] == 0


def test_the_gate_is_found_where_text_is_right_for_rare_items_only() -> None:
    identity, text = noise("id"), noise("text")
    rare = COUNTS < 8
    truth = np.where(rare, 3 * text, 3 * identity) + 0.3 * noise("n")
    search = weighing([np.where(rare, 0, identity), text], truth.astype(np.float32), ("id", "text"))
    form = search.search(gate=True, prior=False)
    assert form.gate_b > 0
    gate = form.gate(COUNTS)
    assert (np.diff(gate) < 0).all()
    assert gate[0] > 0.5 > gate[-1]


def test_the_prior_is_found_where_popular_items_are_right() -> None:
    a = noise("a")
    truth = a + 4 * np.log1p(COUNTS) / np.log1p(COUNTS.max())
    assert weighing([a], truth.astype(np.float32), ("a",)).search(gate=True, prior=True).prior > 0


def test_a_gate_without_slope_is_open() -> None:
    assert Coefficients({"a": 1.0}, {"a": 1.0}).gate(COUNTS).tolist() == [1.0] * WIDTH


def test_the_formula_names_everything_in_force() -> None:
    form = Coefficients(
        {"id": 1.0, "text": 0.5, "none": 0.0},
        dict.fromkeys(("id", "text", "none"), 2.0),
        1.5,
        0.5,
        0.1,
    )
    assert (
        form.formula()
        == "R = 1 * id/2 + 0.5 * text/2 * sigmoid(1.5 - 0.5 log(1+n)) + 0.1 * log-popularity"
    )
