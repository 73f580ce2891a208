"""Effects against known truths, and controls that must go wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.table import Table
from palate.data.worlds.causes import CauseWorld
from palate.errors import BadInput, PalateError, Refused
from palate.evaluate.causal.card import overlap_card
from palate.evaluate.causal.effects import Scores, by_segment, naive, scores
from palate.evaluate.causal.observed import Observed
from palate.evaluate.causal.refuters import refuted
from palate.evaluate.causal.sensitivity import e_value, sensitivity
from palate.seeding import generator
from palate.study.causal.columns import CausalColumns, observed_of
from palate.tables.estimate import Estimate

LOGS = int(os.environ.get("PALATE_CAUSAL_LOGS", "200"))
WORLD = CauseWorld(n_users=150)
BOTH = ("popularity", "activity")


def seen_of(world: CauseWorld, seed: int, columns: Sequence[str] = BOTH) -> Observed:
    frame = world.log(generator(seed, "tests", "causal"))
    return observed_of(Table("log", frame), CausalColumns("featured", "click", tuple(columns)))


def made(seen: Observed, seed: int = 0) -> Scores:
    return scores(seen, generator(seed, "causal", "folds"), "linear")


def effects(world: CauseWorld, n: int, columns: Sequence[str] = BOTH) -> list[Estimate]:
    return [made(seen_of(world, seed, columns), seed).effect(1) for seed in range(n)]


def coverage(found: list[Estimate], truth: float) -> float:
    return float(np.mean([one.low <= truth <= one.high for one in found]))


def random_trial(n: int = 600, effect: float = 0.5, levels: int = 2) -> Observed:
    rng = np.random.default_rng(5)
    t = rng.integers(0, levels, n)
    y = rng.normal(size=n) + effect * t
    names = tuple("abc"[:levels])
    return Observed(t.astype(np.int32), y, np.empty((n, 0)), np.arange(n, dtype=np.int32), names)


class TestScores:
    def test_a_random_trial_is_the_difference_of_means(self) -> None:
        trial = random_trial()
        one, plain = made(trial).effect(1), naive(trial, 1)
        assert one.value == pytest.approx(plain.value, abs=0.01)
        assert one.error == pytest.approx(plain.error, rel=0.05)

    def test_each_level_has_an_effect(self) -> None:
        found = made(random_trial(levels=3))
        assert found.effect(1).value == pytest.approx(0.5, abs=0.3)
        assert found.effect(2).value == pytest.approx(1.0, abs=0.3)
        assert found.effect(0).value == 0

    def test_rows_of_a_user_are_one(self) -> None:
        trial = random_trial()
        twice = replace(
            trial.take(np.repeat(np.arange(600), 2)),
            user=np.repeat(np.arange(600, dtype=np.int32), 2),
        )
        assert made(twice).effect(1).error == pytest.approx(made(trial).effect(1).error, rel=0.1)

    def test_trees_follow_a_curve(self) -> None:
        seen = seen_of(CauseWorld(n_users=400, bent=True, confounding=1.2), 1)
        found = scores(seen, generator(0, "t"), "best")
        assert "boosting" in found.nuisances.families
        assert naive(seen, 1).low > 0.1
        assert found.effect(1).low <= 0.1 <= found.effect(1).high

    @given(st.integers(0, 100), st.floats(-5, 5), st.floats(0.1, 10))
    def test_another_unit_of_the_outcome_changes_nothing_else(
        self, seed: int, shift: float, scale: float
    ) -> None:
        trial = random_trial(200)
        moved = replace(trial, outcome=trial.outcome * scale + shift)
        one, other = made(trial, seed).effect(1), made(moved, seed).effect(1)
        assert other.value == pytest.approx(one.value * scale, abs=1e-6)
        assert other.p == pytest.approx(one.p, abs=1e-6)


class TestKnownEffects:
    def test_what_is_held_fixed_is_what_a_dashboard_lacks(self) -> None:
        found = effects(WORLD, 30)
        plain = [naive(seen_of(WORLD, seed), 1).value for seed in range(30)]
        assert abs(np.mean([one.value for one in found]) - 0.1) < 0.025
        assert np.mean(plain) > 0.15

    @pytest.mark.slow
    @pytest.mark.parametrize("effect", [0.1, 0.0])
    def test_intervals_hold_the_truth(self, effect: float) -> None:
        world = replace(WORLD, effect=effect, uneven=effect / 2)
        found = effects(world, LOGS)
        # 3.3 standard errors of a share of 200 around .93 and .97
        slack = 3.3 * np.sqrt(0.95 * 0.05 / LOGS)
        assert 0.95 - slack <= coverage(found, effect) <= 0.95 + slack
        z = (np.mean([e.value for e in found]) - effect) / (
            np.std([e.value for e in found]) / np.sqrt(LOGS)
        )
        assert abs(z) < 3.3

    @pytest.mark.parametrize("columns", [(), (*BOTH, "rank_score")])
    def test_too_little_or_an_effect_held_fixed_must_be_wrong(self, columns: list[str]) -> None:
        big = replace(WORLD, n_users=600, confounding=1.2)
        assert coverage(effects(big, 8, columns), 0.1) <= 0.25


@pytest.fixture(scope="module")
def attempts() -> dict[str, list[bool]]:
    came: dict[str, list[bool]] = {}
    for seed in range(20):
        seen = seen_of(WORLD, seed)
        found = made(seen, seed)
        for one in refuted(seen, found, 1, seed, "linear"):
            came.setdefault(one.name, []).append(one.passed)
    return came


class TestRefuters:
    def test_they_pass_where_nothing_is_wrong(self, attempts: dict[str, list[bool]]) -> None:
        assert set(attempts) == {
            "placebo treatment",
            "random common cause",
            "subset",
            "dummy outcome",
        }
        # at most .01 each: two of twenty would be 60 to 1 against
        assert all(np.sum(np.logical_not(came)) <= 1 for came in attempts.values())

    def test_an_estimate_that_is_not_from_these_rows_is_found_out(self) -> None:
        seen = seen_of(WORLD, 1)
        honest = made(seen, 1)
        lied = replace(honest, values=honest.values + np.array([0.0, 0.3]))
        failed = {r.name for r in refuted(seen, lied, 1, 1, "linear") if not r.passed}
        assert {"random common cause", "subset"} <= failed

    def test_something_unmeasured_passes_all_of_them(self) -> None:
        """What refuters cannot do, and why the E-value stands beside them."""
        world = replace(WORLD, n_users=600, effect=0.0, uneven=0.0, confounding=1.2)
        seen = seen_of(world, 2, ())
        found = made(seen, 2)
        assert found.effect(1).low > 0
        assert all(r.passed for r in refuted(seen, found, 1, 2, "linear"))
        assert 1 < sensitivity(found, 1).bound < 3


class TestEValue:
    def test_the_papers_example(self) -> None:
        assert round(e_value(3.9), 2) == 7.26

    def test_edges(self) -> None:
        assert e_value(1.0) == 1
        assert np.isnan(e_value(-0.2))

    def test_no_effect_needs_nothing(self) -> None:
        seen = seen_of(replace(WORLD, effect=0.0, uneven=0.0), 3)
        assert sensitivity(made(seen, 3), 1).bound == pytest.approx(1, abs=0.4)

    def test_numbers_go_by_the_standardised_difference(self) -> None:
        trial = random_trial()
        found = sensitivity(made(trial), 1)
        d = made(trial).effect(1).value / trial.outcome.std()
        assert found.ratio == pytest.approx(np.exp(0.91 * d))


class TestSegments:
    def test_uneven_effects_are_found(self) -> None:
        world = CauseWorld(n_users=1500, uneven=0.1)
        frame = world.log(generator(1, "tests", "segments"))
        seen = observed_of(Table("log", frame), CausalColumns("featured", "click", BOTH))
        found = made(seen)
        code = (frame["segment"] == "b").to_numpy().astype(np.int64)[found.kept]
        a, b = by_segment(found, 1, code, ("a", "b"))
        assert a.effect.low <= 0.2 <= a.effect.high
        assert b.effect.low <= 0.0 <= b.effect.high
        assert a.corrected < 0.01
        assert max(a.differs, b.differs) < 0.01

    def test_noise_is_no_discovery(self) -> None:
        seen = seen_of(replace(WORLD, effect=0.0, uneven=0.0), 4)
        found = made(seen, 4)
        rng = np.random.default_rng(0)
        alarms = 0
        for _ in range(40):
            code = rng.integers(0, 10, len(found.observed))
            names = tuple("abcdefghij")
            alarms += any(s.differs < 0.05 for s in by_segment(found, 1, code, names))
        assert alarms <= 8

    def test_a_segment_of_one_user_is_left_out(self) -> None:
        found = made(random_trial())
        code = np.zeros(600, np.int64)
        code[0] = 1
        assert [s.segment for s in by_segment(found, 1, code, ("a", "b"))] == ["a"]


class TestRefusals:
    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        trial = random_trial(60)
        bad = replace(trial, outcome=trial.outcome[:-1], treatment=np.zeros(60, np.int32))
        with pytest.raises(PalateError, match=r"59 of outcome(.|\n)*0 rows have"):
            bad.check()

    def test_one_level_has_no_effect(self) -> None:
        trial = random_trial(60)
        with pytest.raises(BadInput, match="all rows have the treatment a"):
            replace(trial, treatment=np.zeros(60, np.int32), levels=("a",)).check()

    def test_a_treatment_that_a_column_decides_is_refused(self) -> None:
        trial = random_trial()
        x = np.random.default_rng(0).choice([-1.0, 1.0], (600, 1))
        known = replace(trial, covariates=20 * x, treatment=(x[:, 0] > 0).astype(np.int32))
        with pytest.raises(Refused, match="who got which is known"):
            made(known)

    def test_little_overlap_is_refused_or_weak(self) -> None:
        seen = seen_of(replace(WORLD, confounding=6.0), 1)
        card = overlap_card(made(seen))
        assert card.verdict == "refused"
        assert "left out" in card.reasons[0]
        assert overlap_card(made(seen_of(replace(WORLD, n_users=400), 1))).verdict == "ok"
