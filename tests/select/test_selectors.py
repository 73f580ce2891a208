"""What each selector is for, and where it must not be fooled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.data.worlds import copies, interactions, linear, noise, ranking
from palate.select.conditional import ConditionalFdr, ConditionalSettings
from palate.select.filters import Mrmr, MrmrSettings, MutualInformation, Redundancy, Variance
from palate.select.forward import Forward, ForwardSettings
from palate.select.learner import fit_trees, learner
from palate.select.sparse_lines import L1
from palate.tables.labelled_rows import LabelledRows


def _with(rows: LabelledRows, **blocks: np.ndarray) -> LabelledRows:
    return replace(rows, blocks={**rows.blocks, **blocks})


def test_variance_drops_what_does_not_vary() -> None:
    rows = linear(1, n_users=20).examples
    n = len(rows)
    more = _with(
        rows, flat=np.full((n, 2), 7.0), zero=np.zeros((n, 1)), small=1e-9 * rows.blocks["driver0"]
    )
    kept = Variance().fit(more, 0).kept()
    assert "flat" not in kept
    assert "zero" not in kept
    assert "small" in kept


def test_redundancy_sees_duplicates_sums_and_rotations() -> None:
    rows = linear(1, n_users=100).examples
    x, y = rows.blocks["driver0"], rows.blocks["noise0"]
    turned = np.concatenate([x, y], axis=1) @ np.array([[0.6, -0.8], [0.8, 0.6]])
    kept = Redundancy().fit(_with(rows, double=3 * x + 1, total=x + y, turned=turned), 0).kept()
    assert {"driver1", "copy0", "noise1"} <= set(kept)
    # of x, its double, y, their sum and their rotation two dimensions remain
    assert len({"driver0", "noise0", "double", "total", "turned"} & set(kept)) == 2


def test_mrmr_prefers_another_driver_to_a_copy() -> None:
    world = copies(1, 0.95, n_users=300)
    kept = Mrmr(MrmrSettings(5)).fit(world.training(), 0).kept()
    # one of each pair; which of the two is settled by a few hundredths of F
    assert sorted(name[-1] for name in kept) == list("01234")
    wide = world.training().grouped({"all": list(world.drivers), "noise": ["noise0", "noise1"]})
    assert Mrmr(MrmrSettings(1)).fit(wide, 0).kept() == ("all",)


def test_mutual_information_sees_bent_lines_and_not_noise() -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((3000, 20))
    rows = LabelledRows(
        {f"x{j}": x[:, [j]] for j in range(20)},
        x[:, 0] ** 2 + random.standard_normal(3000),
        np.arange(3000, dtype=np.int32),
    )
    kept = MutualInformation().fit(rows, 0).kept()
    assert "x0" in kept
    assert len(kept) <= 4


def test_lasso_drops_noise() -> None:
    world = noise(1, n_users=300)
    kept = set(L1().fit(world.training(), 0).kept())
    assert world.drivers <= kept
    assert len(kept - world.drivers) <= 5
    constant = replace(world.training(), label=np.zeros(len(world.training())))
    assert L1().fit(constant, 0).kept() == ()


@pytest.mark.parametrize("make", [interactions, ranking])
def test_conditional_keeps_the_drivers(make: type[object]) -> None:
    world = make(1, n_users=300)  # type: ignore[call-arg]
    part = ConditionalFdr(ConditionalSettings(repeats=2))
    kept = set(part.fit(world.training(), 0).kept())  # type: ignore[attr-defined]
    assert len(world.drivers & kept) >= 4  # type: ignore[attr-defined]
    assert len(kept - world.drivers) <= 1  # type: ignore[attr-defined]
    assert set(part.importance_) <= set(world.examples.names)  # type: ignore[attr-defined]


def _blocks() -> LabelledRows:
    world = linear(4, n_users=150)
    groups = {
        "main": ["driver0", "driver1", "driver2", "noise0", "noise1", "noise2"],
        "lean": ["driver0", "driver1"],
        "other": ["driver3", "driver4"],
        "noise": ["noise3", "noise4", "noise5"],
    }
    return world.training().grouped(groups)


def test_forward_stops_when_nothing_gains() -> None:
    part = Forward(ForwardSettings(model="linear"))
    kept = part.fit(_blocks(), 1).kept()
    assert kept == ("main", "other")
    assert [step.block for step in part.steps_] == ["main", "other"]
    assert part.steps_[-1].bytes == 32
    assert all(step.low > 0 for step in part.steps_)


def test_forward_keeps_within_the_budget_and_buys_what_pays() -> None:
    assert set(
        Forward(ForwardSettings(model="linear", bytes_per_item=16)).fit(_blocks(), 1).kept()
    ) == {
        "lean",
        "other",
    }
    times = {"main": 9.0, "lean": 3.0, "other": 3.0, "noise": 1.0}
    quick = Forward(ForwardSettings(model="linear", milliseconds=4.0, cost_milliseconds=times))
    assert quick.fit(_blocks(), 1).kept() == ("lean",)
    assert quick.steps_[0].milliseconds == 3.0
    assert Forward(ForwardSettings(model="linear", bytes_per_item=1)).fit(_blocks(), 1).kept() == ()


def test_a_positive_gate_lets_in_at_least_as_much() -> None:
    strict = Forward(ForwardSettings(model="linear")).fit(_blocks(), 1).kept()
    easy = Forward(ForwardSettings(model="linear", gate="positive")).fit(_blocks(), 1).kept()
    assert set(strict) <= set(easy)


def test_learners_stand_having_no_blocks_and_one_label() -> None:
    rows = linear(1, n_users=20).examples
    none = rows.only([])
    for kind in ("linear", "trees"):
        assert learner(kind, 1)(none)({}) == pytest.approx(rows.label.mean())  # type: ignore[arg-type]
    same = replace(rows, label=np.ones(len(rows)))
    assert fit_trees(same, 1)(same.blocks) == pytest.approx(1.0)
