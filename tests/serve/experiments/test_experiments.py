"""Who is in which variant, what counts for it, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from palate.errors import PalateError
from palate.event_store import StoredEvent
from palate.serve.experiments.counts import Counts
from palate.serve.experiments.experiment import Experiment, VariantShare, place_of
from palate.serve.experiments.experiments import Experiments
from palate.serve.experiments.ledger import Ledger
from palate.serve.refusals import Conflict, NotFound
from palate.tables import Event

HALVES = (VariantShare("a", 0.5), VariantShare("b", 0.5))


@pytest.fixture
def experiments(tmp_path: Path) -> Iterator[Experiments]:
    experiments = Experiments(Ledger(tmp_path / "experiments.db"))
    yield experiments
    experiments.close()


def act(offset: int, user: str, request: str, action: str = "view") -> StoredEvent:
    return StoredEvent(offset, str(offset), Event(user, "i1", action, request=request))


def test_the_split_is_uniform_sticky_and_another_one_for_each_experiment() -> None:
    users = [f"user {k}" for k in range(20_000)]
    places = {name: [place_of(name, user) for user in users] for name in ("e", "f")}
    assert places["e"] == [place_of("e", user) for user in users]
    for found in places.values():
        counts = np.histogram(found, bins=20, range=(0, 1))[0]
        assert stats.chisquare(counts).pvalue > 0.001
    table, *_ = np.histogram2d(places["e"], places["f"], bins=4)
    assert stats.chi2_contingency(table).pvalue > 0.001
    thirds = Experiment(
        "e", (VariantShare("a", 0.2), VariantShare("b", 0.3), VariantShare("c", 0.5)), 10
    )
    seen = [thirds.variant_of(user) for user in users]
    assert stats.chisquare([seen.count(v) for v in "abc"], [4000, 6000, 10_000]).pvalue > 0.001


@given(st.text(), st.lists(st.integers(1, 9), min_size=2, max_size=10))
def test_everybody_is_in_one_variant(user: str, weights: list[int]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    variants = tuple(VariantShare(str(n), share) for n, share in enumerate(shares))
    experiment = Experiment("e", variants, 10)
    experiment.check()
    assert experiment.variant_of(user) in {one.model for one in variants}


@pytest.mark.parametrize(
    "variants",
    [
        (),
        (VariantShare("a", 1),),
        (VariantShare("a", 0.5), VariantShare("a", 0.5)),
        (*HALVES, VariantShare("c", 0.1)),
        (VariantShare("a", 1.5), VariantShare("b", -0.5)),
    ],
)
def test_what_is_no_split_is_refused(
    experiments: Experiments, variants: tuple[VariantShare, ...]
) -> None:
    with pytest.raises(PalateError):
        experiments.start(Experiment("e", variants, 10))
    assert experiments.running is None


def test_actions_count_for_the_list_that_they_name(experiments: Experiments) -> None:
    experiments.start(Experiment("e", HALVES, 100))
    running = experiments.running
    assert running is not None
    one = next(str(k) for k in range(99) if running.variant_of(str(k)) == "a")
    two = next(str(k) for k in range(99) if running.variant_of(str(k)) == "b")
    for request in ("r1", "r2"):
        experiments.show(running, one, request)
    experiments.show(running, two, "r3")
    experiments.follow([
        act(1, one, "r1"), act(2, one, "r1", "buy"), act(3, one, "r2", "impression"),
        act(4, two, "r3", "skip"), act(5, two, "r1"), act(6, two, "no"), act(7, two, ""),
    ])  # fmt: skip
    experiments.follow([act(2, one, "r2")])  # counted already
    (found,) = experiments.figures()
    a, b = found.variants
    assert (a.users, a.lists, a.successes, a.actions) == (1, 2, 1, 2)
    assert (b.users, b.lists, b.successes, b.actions) == (1, 1, 0, 0)
    assert (a.rate, b.difference) == (0.5, -0.5)
    assert math.isnan(a.low)
    assert {a.verdict, b.verdict} == {"too early"}


def test_only_named_actions_count_where_they_are_named(experiments: Experiments) -> None:
    experiments.start(Experiment("e", HALVES, 100, ("buy",)))
    running = experiments.running
    assert running is not None
    experiments.show(running, "u", "r")
    experiments.follow([act(1, "u", "r"), act(2, "u", "r", "buy")])
    assert sum(v.actions for v in experiments.figures()[0].variants) == 1


def test_one_at_a_time_and_no_name_twice(experiments: Experiments) -> None:
    assert experiments.variant_of("u") is None
    experiments.start(Experiment("e", HALVES, 100))
    assert experiments.variant_of("") is None
    with pytest.raises(Conflict, match="runs"):
        experiments.start(Experiment("f", HALVES, 100))
    with pytest.raises(NotFound):
        experiments.end("f")
    experiments.end("e")
    assert experiments.variant_of("u") is None
    with pytest.raises(Conflict, match="already"):
        experiments.start(Experiment("e", HALVES, 100))


def test_it_goes_on_after_a_start_and_its_figures_stay(tmp_path: Path) -> None:
    from palate.event_store import NewEvent
    from palate.serve.events.sqlite import SqliteEvents

    store = SqliteEvents(tmp_path / "events.db")
    store.append([NewEvent("before", Event("u3", "i1", request="r3"))])
    first = Experiments(Ledger(tmp_path / "experiments.db"), store)
    first.start(Experiment("e", HALVES, 30))
    assert first.running is not None
    for k in range(40):
        first.show(first.running, f"u{k}", f"r{k}")
    for k in range(0, 40, 2):
        store.append([NewEvent(f"e{k}", Event(f"u{k}", "i1", "buy", request=f"r{k}"))])
        event = store.read(store.last_offset() - 1)
        first.follow(event)
    (before,) = first.figures()
    assert before.split.users == 30  # later ones get a variant and do not count
    assert sum(v.successes for v in before.variants) == 15
    first.erase("u0", [])
    first.close()
    again = Experiments(Ledger(tmp_path / "experiments.db"), store)
    (after,) = again.figures()
    assert after.running
    assert sum(v.lists for v in after.variants) == 30  # somebody else counts in the place of u0
    again.end("e")
    (ended,) = again.figures()
    again.close()
    last = Experiments(Ledger(tmp_path / "experiments.db"), store)
    assert repr(last.figures()) == repr([ended])  # NaN is not equal to itself
    assert not ended.running
    last.close()
    store.close()


def counted(rates: tuple[float, ...], n_users: int, seed: int) -> tuple[Experiment, Counts]:
    """So many users with some lists each."""
    rng = np.random.default_rng(seed)
    variants = tuple(VariantShare(str(n), 1 / len(rates)) for n in range(len(rates)))
    experiment, counts = Experiment("e", variants, n_users), Counts()
    for k in range(n_users):
        own = counts.of(experiment, f"{seed} {k}")
        assert own is not None
        own.lists = int(rng.integers(1, 6))
        rate = rates[int(experiment.variant_of(f"{seed} {k}"))]
        own.successes = int(rng.binomial(own.lists, rng.beta(5 * rate, 5 * (1 - rate))))
    return experiment, counts


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    held, alarms, n = 0, 0, 200
    for seed in range(n):
        experiment, counts = counted((0.2, 0.2), 200, seed)
        first, second = counts.figures(experiment)
        held += (first.low <= 0.2 <= first.high) + (second.low <= 0.2 <= second.high)
        alarms += second.verdict in ("better", "worse")
    assert held / (2 * n) > 0.92
    assert alarms / n < 0.09


def test_a_variant_that_is_better_is_found() -> None:
    experiment, counts = counted((0.2, 0.45, 0.2), 1500, 1)
    assert [v.verdict for v in counts.figures(experiment)][1:] == ["better", "no difference shown"]
    experiment, counts = counted((0.45, 0.2), 1500, 2)
    assert counts.figures(experiment)[1].verdict == "worse"
    assert counts.figures(experiment)[0].verdict == "no difference shown"


def test_users_that_are_lost_in_one_variant_are_found() -> None:
    experiment, counts = counted((0.2, 0.2), 1000, 3)
    shares = counts.split(experiment)
    seen = [len(counts.users[one.model]) for one in experiment.variants]
    assert shares.p == pytest.approx(stats.chisquare(seen).pvalue)
    assert shares.p > 0.001
    lost = list(counts.users["1"])[::4]
    for user in lost:
        del counts.users["1"][user]
    assert counts.split(experiment).p < 0.001
    assert Counts().split(experiment).p == 1


def shown_to(
    experiments: Experiments, n: int, chance: dict[str, float], action: str = "view"
) -> None:
    """Two lists for each of n users, who act on them by the chance of what they get."""
    rng = np.random.default_rng(0)
    for k in range(n):
        found = experiments.variant_of(f"u{k}")
        assert found is not None
        running, variant = found
        for request in (f"{k} 1", f"{k} 2"):
            experiments.show(running, f"u{k}", request)
            if rng.random() < chance[variant]:
                experiments.follow([act(next(OFFSETS), f"u{k}", request, action)])
    experiments.flush()


OFFSETS = iter(range(1, 1_000_000))


def test_a_variant_that_is_clearly_worse_is_stopped(experiments: Experiments) -> None:
    experiments.start(Experiment("e", HALVES, 3000))
    shown_to(experiments, 900, {"a": 0.5, "b": 0.1})
    (found,) = experiments.figures()
    a, b = found.variants
    assert b.verdict == "stopped"
    assert b.difference_high < 0
    assert b.p < 0.05
    assert {experiments.variant_of(f"x{k}")[1] for k in range(50)} == {"a"}  # type: ignore[index]
    assert b.users < a.users  # who comes since is in neither
    assert found.split.p == 1.0


def test_one_that_brings_more_of_what_guards_is_stopped(experiments: Experiments) -> None:
    experiments.start(Experiment("e", HALVES, 3000, guards=("skip",)))
    shown_to(experiments, 900, {"a": 0.1, "b": 0.5}, "skip")
    _, b = experiments.figures()[0].variants
    assert (b.verdict, b.actions) == ("stopped", 0)
    assert b.guard_low > 0


def test_a_difference_may_be_told_before_the_planned_size(experiments: Experiments) -> None:
    experiments.start(Experiment("e", HALVES, 100_000))
    shown_to(experiments, 900, {"a": 0.1, "b": 0.5})
    _, b = experiments.figures()[0].variants
    assert b.verdict == "better"


def test_equal_variants_go_on(experiments: Experiments) -> None:
    experiments.start(Experiment("e", HALVES, 600))
    shown_to(experiments, 900, {"a": 0.3, "b": 0.3})
    (found,) = experiments.figures()
    assert [one.verdict for one in found.variants] == ["no difference shown"] * 2
    assert found.experiment.stopped == ()


def test_what_was_stopped_stays_stopped_after_a_start(tmp_path: Path) -> None:
    first = Experiments(Ledger(tmp_path / "experiments.db"))
    first.start(Experiment("e", HALVES, 3000))
    shown_to(first, 900, {"a": 0.5, "b": 0.1})
    users = [one.users for one in first.figures()[0].variants]
    first.close()
    again = Experiments(Ledger(tmp_path / "experiments.db"))
    assert again.running is not None
    assert again.running.stopped == ("b",)
    assert [one.users for one in again.figures()[0].variants] == users
    again.close()


def test_what_users_did_before_sharpens_the_difference(tmp_path: Path) -> None:
    from palate.event_store import NewEvent
    from palate.serve.events.sqlite import SqliteEvents

    store = SqliteEvents(tmp_path / "events.db")
    busy = [f"u{k}" for k in range(0, 300, 2)]
    store.append([NewEvent(f"{user} {n}", Event(user, "i1")) for user in busy for n in range(5)])
    experiments = Experiments(Ledger(tmp_path / "experiments.db"), store)
    experiments.start(Experiment("e", HALVES, 1000))
    running = experiments.running
    assert running is not None
    offset = iter(range(store.last_offset() + 1, 100_000))
    for k in range(300):
        experiments.show(running, f"u{k}", str(k))
        if k % 2 == 0:
            experiments.follow([act(next(offset), f"u{k}", str(k))])
    _, b = experiments.figures()[0].variants
    # all that users did follows from what they did before: nothing is left of the difference
    assert b.difference == pytest.approx(0, abs=1e-9)
    experiments.close()
