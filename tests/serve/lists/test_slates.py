"""The slate of a run, at work in a service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2
from tests.serve.conftest import recipe_of
from tests.serve.engine.test_engine import items_of

import palate
from palate.errors import Refused
from palate.runs import files
from palate.runs.open import open_run
from palate.runs.slate import slate_of
from palate.serve.data_folder import Opened, open_engine
from palate.serve.engine.answers import ListRequest, Range
from palate.serve.lists.lists import Lists
from palate.serve.records.items import Create, Hide, Pin

SLATES: dict[str, dict[str, Any]] = {
    # a loss of nearly all that there is: the weight is high, so that lists differ from the model's
    "mmr": {"part": "slate.mmr.v1", "loss": 0.9, "candidates": 40},
    "sum": {"part": "slate.max_sum.v1", "loss": 0.9, "candidates": 40},
    "calibrated": {"part": "slate.calibrated.v1", "loss": 0.9, "candidates": 40, "field": "genres"},
    "limits": {"part": "slate.constrained.v1", "candidates": 40, "field": "genres", "each": 3},
    "drawn": {"part": "slate.max_sum.v1", "loss": 0.9, "candidates": 40},
}
SOFT = {"part": "policy.softmax.v1", "temperature": 0.7, "explore": 0.1, "candidates": 12}


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> dict[str, Path]:
    """A run for each slate; one of them has a policy, too."""
    found = {}
    for name, slate in SLATES.items():
        found[name] = tmp_path_factory.mktemp("slates") / name
        policy = {"policy": SOFT} if name == "drawn" else {}
        recipe = recipe_of(slate={"k": 5, "cases": 40, **slate}, **policy)
        palate.run(palate.read(*frames), recipe, folder=found[name])
    return found


@pytest.fixture
def opened(
    request: pytest.FixtureRequest, runs: dict[str, Path], tmp_path: Path
) -> Iterator[Opened]:
    """A service over the run that the test names; the slate is that of its best model."""
    opened = open_engine(runs[request.param], tmp_path / "data")
    yield opened
    opened.close()


def lists_of(opened: Opened) -> Lists:
    return Lists(opened.engine, policies=opened.policies)


@pytest.mark.parametrize("opened", ["mmr", "sum", "calibrated", "limits"], indirect=True)
def test_the_served_list_is_that_of_the_run(opened: Opened, runs: dict[str, Path]) -> None:
    """Item by item and score by score, for every user, a given history, filters and exclusions."""
    run, lists = palate.Run(opened.engine.opened.folder), lists_of(opened)
    users = list(run._opened.data.interactions.users.ids)
    offline = run.recommend(users, 7)
    changed = 0
    for user in users:
        answer = lists.recommend(ListRequest(user, k=7))
        own = offline.filter(pl.col("user_id") == user)
        assert items_of(answer) == own["item_id"].to_list()
        assert [one.score for one in answer.items] == pytest.approx(own["score"].to_list())
        assert [one.position for one in answer.items] == list(range(1, 8))
        changed += items_of(answer) != items_of(opened.engine.recommend(ListRequest(user, k=7)))
    assert changed > len(users) / 2  # the slate does something
    history = run.recommend(history=["i0", "i7"], k=6, deny=["i3"], where=pl.col("price") <= 5)
    wanted = ListRequest(history=("i0", "i7"), k=6, exclude=("i3",), filters={"price": Range(0, 5)})
    assert items_of(lists.recommend(wanted)) == history["item_id"].to_list()


@pytest.mark.parametrize("opened", ["sum"], indirect=True)
class TestAtWork:
    def test_what_may_not_be_shown_is_not(self, opened: Opened) -> None:
        lists = lists_of(opened)
        first = items_of(lists.recommend(ListRequest("u1", k=6)))
        opened.engine.change_items([Hide(first[0])]).result()
        wanted = ListRequest("u1", k=6, exclude=(first[1],))
        assert not {first[0], first[1]} & set(items_of(lists.recommend(wanted)))

    def test_pinned_items_lead_and_the_list_goes_on_unlike_them(self, opened: Opened) -> None:
        opened.engine.change_items([Pin("i4")]).result()
        answer = lists_of(opened).recommend(ListRequest("u1", k=6, pins=True))
        assert answer.items[0].item == "i4"
        assert len(set(items_of(answer))) == 6
        assert [one.source for one in answer.items].count("pinned") == 1

    def test_pages_go_on_without_repeats(self, opened: Opened) -> None:
        lists = lists_of(opened)
        first = lists.recommend(ListRequest("u1", k=5))
        second = lists.next(first.request_id, k=7)
        assert not set(items_of(first)) & set(items_of(second))
        assert [one.position for one in second.items] == list(range(6, 13))

    def test_a_request_that_says_how_diverse_it_is_gets_that(self, opened: Opened) -> None:
        wanted = ListRequest("u1", k=6, diversity=1e-9)
        best = items_of(opened.engine.recommend(ListRequest("u1", k=6)))
        assert items_of(lists_of(opened).recommend(wanted)) == best

    def test_new_items_are_listed_with_and_without_content(self, opened: Opened) -> None:
        new = [
            Create("n1", {"title": "garden rose soil number 99", "genres": ["garden"]}),
            Create("n2", {"title": "", "genres": ["never heard of"]}),
        ]
        opened.engine.change_items(new).result()
        lists = lists_of(opened)
        found = lists.recommend(ListRequest("u0", k=70, candidates=("n1", "n2", "i1", "i2")))
        assert {"n1", "n2"} & set(items_of(found)) or len(found.items) == 2
        assert len(set(items_of(found))) == len(found.items)

    def test_only_the_model_that_was_measured_has_it(
        self, opened: Opened, runs: dict[str, Path], tmp_path: Path
    ) -> None:
        assert slate_of(opened.engine.opened, "ids") is None
        run = palate.Run(runs["sum"])
        by_score = run.recommend("u1", 6, "ids")["score"].to_numpy()
        assert (np.diff(by_score) <= 0).all()

    def test_newcomers_and_no_one_get_lists(self, opened: Opened) -> None:
        for wanted in (ListRequest("nobody", k=6), ListRequest(k=6), ListRequest("u1", k=500)):
            answer = lists_of(opened).recommend(wanted)
            assert len(set(items_of(answer))) == len(answer.items) >= 6


@pytest.mark.parametrize("opened", ["limits"], indirect=True)
def test_limits_hold_in_what_is_served(opened: Opened) -> None:
    genre = {f"i{n}": n % 5 for n in range(75)}
    for user in range(10):
        answer = lists_of(opened).recommend(ListRequest(f"u{user}", k=10))
        assert np.bincount([genre[one] for one in items_of(answer)]).max() == 3


@pytest.mark.parametrize("opened", ["limits"], indirect=True)
def test_limits_that_no_list_keeps_are_refused_for_that_request_alone(opened: Opened) -> None:
    wanted = [ListRequest("u1", k=20), ListRequest("u2", k=4)]
    refused, kept = lists_of(opened).many(wanted)
    assert isinstance(refused, Refused)
    assert not isinstance(kept, Refused)
    with pytest.raises(Refused):
        palate.Run(opened.engine.opened.folder).recommend("u1", 20)


@pytest.mark.parametrize("opened", ["drawn"], indirect=True)
def test_a_policy_draws_from_what_the_slate_puts_together(opened: Opened) -> None:
    """Propensities are exact: chi-square over draws, with those of the order of scores as the
    control.
    """
    lists, wanted, draws = lists_of(opened), ListRequest("u1", k=3, explain=False), 1000
    pool = palate.Run(opened.engine.opened.folder).recommend("u1", 6)["item_id"].to_list()
    count, p = dict.fromkeys(pool, 0), dict[str, float]()
    for _ in range(draws // 50):
        for answer in lists.many([wanted] * 50):
            first = answer.items[0]
            count[first.item] += 1  # never one that is not in the pool
            p[first.item] = first.propensity
    assert set(p) == set(pool)
    assert sum(p.values()) == pytest.approx(1)
    observed = np.array([count[one] for one in pool])
    expected = draws * np.array([p[one] for one in pool])
    assert chi2.sf(((observed - expected) ** 2 / expected).sum(), len(pool) - 1) > 0.001
    wrong = np.full(len(pool), draws / len(pool))
    assert chi2.sf(((observed - wrong) ** 2 / wrong).sum(), len(pool) - 1) < 1e-6


def test_what_a_run_chose_is_read_back(runs: dict[str, Path]) -> None:
    opened = open_run(runs["sum"])
    study = opened.rows(files.SLATES)
    slate = slate_of(opened, study.model)
    assert slate is not None
    assert slate.part.settings.diversity == study.chosen.weight > 0
    assert slate.part.settings.power == study.falls
    assert (slate.block, slate.candidates) == ("words", 40)
