"""Policies at work in a service."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2
from starlette.testclient import TestClient
from tests.serve.conftest import recipe_of
from tests.serve.engine.test_engine import items_of, send

import palate
from palate.errors import BadRecipe, Refused, SeveralProblems
from palate.pipeline.policy import RunPolicy
from palate.policy.bandits.lin_ucb import LinUcb
from palate.recipe.recipe import parse
from palate.runs.open import open_run
from palate.serve.data_folder import POLICIES, Opened, open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.lists.lists import Lists
from palate.serve.policies.draws import Draw
from palate.serve.policies.policies import Policies, rewards_of
from palate.serve.records.items import Create, Hide, Pin
from palate.serve.settings import ServiceSettings
from palate.tables import Event

SOFT = {"part": "policy.softmax.v1", "temperature": 0.7, "explore": 0.1, "candidates": 12}
UCB = {
    "part": "policy.lin_ucb.v1",
    "explore": 0.5,
    "blocks": ["words"],
    "directions": 4,
    "candidates": 12,
    "delay": 60.0,
    "looks": "all",
}


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> dict[str, Path]:
    """Runs with policies over the small data set."""
    found = {}
    for name, policy in (("soft", SOFT), ("ucb", UCB)):
        found[name] = tmp_path_factory.mktemp("policies") / name
        recipe = recipe_of(policy={"model": "both", **policy})
        palate.run(palate.read(*frames), recipe, folder=found[name])
    return found


@pytest.fixture
def soft(runs: dict[str, Path], tmp_path: Path) -> Iterator[Opened]:
    opened = open_engine(runs["soft"], tmp_path / "soft", model="both")
    yield opened
    opened.close()


def lists_of(opened: Opened) -> Lists:
    return Lists(opened.engine, policies=opened.policies)


class TestDrawnLists:
    def test_propensities_are_those_of_the_draw(self, soft: Opened) -> None:
        """What is served is what is logged: chi-square over draws for people and no one."""
        lists, draws, found = lists_of(soft), 1500, []
        contexts = [ListRequest(f"u{n}", k=1, explain=False) for n in range(1, 4)]
        for wanted in [*contexts, ListRequest(k=1, explain=False)]:
            p, count = dict[str, float](), dict[str, int]()
            for _ in range(draws // 50):
                for answer in lists.many([wanted] * 50):
                    one = answer.items[0]
                    assert p.setdefault(one.item, one.propensity) == one.propensity
                    count[one.item] = count.get(one.item, 0) + 1
            expected = np.array([*p.values(), max(1 - sum(p.values()), 0)]) * draws
            observed = np.array([*count.values(), 0.0])
            keep = expected > 1e-6
            statistic = ((observed - expected)[keep] ** 2 / expected[keep]).sum()
            found.append(chi2.sf(statistic, keep.sum() - 1))
        assert min(found) > 0.001 / len(found)

    def test_the_mean_weight_of_another_policy_is_one(self, soft: Opened) -> None:
        lists = lists_of(soft)
        wanted = ListRequest("u1", k=1, explain=False)
        answers = lists.many([wanted] * 2000)
        weights = np.array([1 / 12 / one.items[0].propensity for one in answers])
        assert abs(weights.mean() - 1) < 3.3 * weights.std() / np.sqrt(len(weights))

    def test_a_list_can_be_drawn_again_from_its_request(self, soft: Opened) -> None:
        lists, wanted = lists_of(soft), ListRequest("u1", k=5)
        answer = lists.recommend(wanted)
        policy = soft.policies.of(soft.engine.answering)
        assert policy is not None
        pool = soft.engine.recommend(ListRequest("u1", k=12)).items
        again = policy.drawn(wanted, pool, answer.request_id, 0)
        assert again.items == answer.items
        assert [one.position for one in answer.items] == [1, 2, 3, 4, 5]

    def test_next_pages_are_drawn_from_what_is_left(self, soft: Opened) -> None:
        lists = lists_of(soft)
        first = lists.recommend(ListRequest("u1", k=5))
        second = lists.next(first.request_id, k=7)
        assert not set(items_of(first)) & set(items_of(second))
        assert [one.position for one in second.items] == list(range(6, 13))
        assert all(0 < one.propensity <= 1 for one in second.items)

    def test_nothing_hidden_excluded_or_seen_is_drawn(self, soft: Opened) -> None:
        engine, lists = soft.engine, lists_of(soft)
        best = items_of(engine.recommend(ListRequest("u1", k=3)))
        engine.change_items([Hide(best[0])]).result()
        wanted = ListRequest("u1", k=8, exclude=(best[1],))
        shown = {item for one in lists.many([wanted] * 60) for item in items_of(one)}
        taken = {
            engine.view.items.catalogue.items.ids[row]
            for row in engine.history("u1").items.values.tolist()
        }
        assert best[2] in shown
        assert not shown & {best[0], best[1], *taken}

    def test_pinned_items_lead_with_propensity_one(self, soft: Opened) -> None:
        engine, lists = soft.engine, lists_of(soft)
        last = items_of(engine.recommend(ListRequest("u1", k=40)))[-1]
        engine.change_items([Pin(last)]).result()
        for answer in lists.many([ListRequest("u1", k=4, pins=True)] * 5):
            assert answer.items[0].item == last
            assert answer.items[0].propensity == 1
            assert max(one.propensity for one in answer.items[1:]) < 1

    def test_a_diverse_list_is_drawn_from_a_diverse_pool(self, soft: Opened) -> None:
        lists = lists_of(soft)
        answers = lists.many([ListRequest("u1", k=4, diversity=0.5, explain=False)] * 40)
        assert len({item for one in answers for item in items_of(one)}) == 8
        assert all(len(one.items) == 4 for one in answers)
        assert all(0 < item.propensity < 1 for one in answers for item in one.items[:-1])

    def test_newcomers_have_drawn_lists_too(self, soft: Opened) -> None:
        answer = lists_of(soft).recommend(ListRequest("nobody", k=5))
        assert answer.basis == "popularity"
        assert all(0 < one.propensity < 1 for one in answer.items)

    def test_what_is_popular_now_and_other_models_are_not_drawn(
        self, runs: dict[str, Path], tmp_path: Path, soft: Opened
    ) -> None:
        recent = lists_of(soft).recommend(ListRequest(k=5, order="recent"))
        assert {one.propensity for one in recent.items} == {1.0}
        other = open_engine(runs["soft"], tmp_path / "ids", model="ids")
        answer = lists_of(other).recommend(ListRequest("u1", k=5))
        assert {one.propensity for one in answer.items} == {1.0}
        assert not (tmp_path / "ids" / POLICIES).exists()
        other.close()

    def test_over_http_and_among_the_lists_that_are_kept(
        self, runs: dict[str, Path], tmp_path: Path
    ) -> None:
        opened = open_engine(runs["soft"], tmp_path / "kept", model="both", keep_lists_days=1)
        service = Service(
            opened.engine,
            Keyring(tmp_path / "keys.json"),
            ServiceSettings(),
            opened.served,
            policies=opened.policies,
        )
        with TestClient(application(service)) as client:
            answer = client.post("/v1/recommendations", json={"user": "u1", "k": 5}).json()
        service.close()
        opened.close()
        from palate.serve.data_folder import opened_lists
        from palate.serve.stores import StoreSettings

        kept = opened_lists(tmp_path / "kept", StoreSettings())
        (one,) = kept.lists()
        kept.close()
        assert [item.propensity for item in one.items] == [
            item["propensity"] for item in answer["items"]
        ]
        assert min(item.propensity for item in one.items) < 1


@pytest.mark.parametrize("name", ["soft", "ucb"])
def test_online_equals_offline(runs: dict[str, Path], tmp_path: Path, name: str) -> None:
    """The propensity of what is drawn first is what the run's policy gives for that history."""
    opened = open_engine(runs[name], tmp_path / "data", model="both")
    offline = RunPolicy(open_run(runs[name]), "both")
    for user in ("u1", "u2"):
        answer = lists_of(opened).recommend(ListRequest(user, k=1))
        (shares,) = offline.shares(opened.engine.history(user))
        names = opened.engine.view.items.catalogue.items.names(shares.items)
        by_name = dict(zip(names, shares.probabilities.tolist(), strict=True))
        assert by_name[answer.items[0].item] == pytest.approx(answer.items[0].propensity, rel=1e-6)
        assert sum(by_name.values()) == pytest.approx(1)
    opened.close()


def test_a_run_without_a_policy_has_none(run_folder: Path) -> None:
    with pytest.raises(Refused, match="no policy"):
        RunPolicy(open_run(run_folder))


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Learning:
    """A service whose policies look at what came when they are told to."""

    def __init__(self, run: Path, folder: Path, clock: Clock) -> None:
        self.opened = open_engine(run, folder, model="both")
        self.opened.policies.close()
        self.engine = self.opened.engine
        self.policies = Policies(folder / POLICIES, self.engine._shared.events, 0, clock)
        self.policies.of(self.engine.answering)
        self.lists = Lists(self.engine, policies=self.policies)

    def known(self) -> Any:
        policy = self.policies.of(self.engine.answering)
        assert policy is not None
        assert isinstance(policy._policy, LinUcb)
        return policy._policy.sums_

    def take(self, *events: Event) -> None:
        send(self.engine, *events)
        offset = self.policies._offset
        self.policies.follow(self.engine.events_after(offset, 1000))

    def close(self) -> None:
        self.policies.close()
        self.engine.close()
        self.opened.experiments.close()
        self.opened._stores.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def learning(runs: dict[str, Path], tmp_path: Path, clock: Clock) -> Iterator[Learning]:
    made = Learning(runs["ucb"], tmp_path / "learning", clock)
    yield made
    made.close()


def click(request: str, item: str, user: str = "u1") -> Event:
    return Event(user, item, "click", time=2_000_000_000, request=request)


class TestLearning:
    def test_what_was_shown_is_learnt_once_when_it_is_due(
        self, learning: Learning, clock: Clock
    ) -> None:
        answer = learning.lists.recommend(ListRequest("u1", k=4))
        learning.take(click(answer.request_id, answer.items[1].item))
        learning.policies.look()
        assert learning.known() is None
        clock.now += 61
        learning.policies.look()
        learning.policies.look()
        assert learning.known().weight == 4
        assert learning.known().squares == 1

    def test_late_events_and_those_of_other_lists_change_nothing(
        self, learning: Learning, clock: Clock
    ) -> None:
        answer = learning.lists.recommend(ListRequest("u1", k=4))
        clock.now += 61
        learning.policies.look()
        before = learning.known()
        learning.take(click(answer.request_id, answer.items[0].item), click("other", "i1"))
        clock.now += 61
        learning.policies.look()
        assert learning.known() is before

    def test_after_a_kill_it_is_as_if_nothing_had_been(
        self, runs: dict[str, Path], tmp_path: Path, learning: Learning, clock: Clock
    ) -> None:
        """The files of a moment between two looks, opened by another process."""
        first = learning.lists.recommend(ListRequest("u1", k=4))
        learning.policies.look()
        clock.now += 61
        learning.policies.look()
        second = learning.lists.recommend(ListRequest("u2", k=3))
        learning.policies.look()
        learning.take(click(second.request_id, second.items[2].item, "u2"))
        learning.take(click(first.request_id, first.items[2].item))
        shutil.copytree(tmp_path / "learning", tmp_path / "copy")
        again = Learning(runs["ucb"], tmp_path / "copy", clock)
        clock.now += 61
        for one in (learning, again):
            one.policies.look()
        assert again.known().weight == learning.known().weight == 7
        assert np.allclose(again.known().gram, learning.known().gram)
        assert np.allclose(again.known().products, learning.known().products)
        again.close()

    def test_a_disk_that_is_full_for_a_while_costs_nothing(
        self, learning: Learning, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        learning.lists.recommend(ListRequest("u1", k=4))
        learning.policies.look()
        clock.now += 61
        kept = learning.policies._kept
        assert kept is not None

        def full(_: object) -> None:
            raise OSError("no space")

        with monkeypatch.context() as patched:
            patched.setattr(type(kept), "put", lambda *_: full(None))
            with pytest.raises(OSError, match="no space"):
                learning.policies.look()
        learning.policies.look()
        assert learning.known().weight == 4
        assert kept.draws() == []

    def test_who_is_forgotten_is_not_learnt_from(self, learning: Learning, clock: Clock) -> None:
        learning.lists.recommend(ListRequest("u1", k=4))
        learning.lists.recommend(ListRequest("u2", k=3))
        learning.policies.erase("u1", ())
        clock.now += 61
        learning.policies.look()
        assert learning.known().weight == 3

    def test_new_items_are_drawn_by_their_content(self, learning: Learning) -> None:
        title = learning.engine.item("i3")["title"]
        learning.engine.change_items([Create("new", {"title": title})]).result()
        wanted = ListRequest("u1", k=12, candidates=("new", "i1", "i2", "i3"))
        shown = learning.lists.recommend(wanted)
        assert "new" in items_of(shown)


def test_what_stands_below_the_last_click_is_not_learnt_from() -> None:
    X = np.arange(8, dtype=np.float32).reshape(4, 2)
    items, none = ("a", "b", "c", "d"), np.zeros(4)
    clicked = Draw("1", "p", "u", 5.0, items, X, np.array([0.0, 2.0, 0.0, 0.0]))
    not_one = Draw("2", "p", "u", 6.0, items, X, none)
    found = rewards_of([clicked, not_one], cascade=True)
    assert found.reward.tolist() == [0, 2, 0, 0, 0, 0]
    assert found.times.tolist() == [5, 5, 6, 6, 6, 6]
    assert len(rewards_of([clicked, not_one], cascade=False)) == 8


def test_new_items_have_features_of_blocks_that_the_model_does_not_read(
    frames: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    policy = {"part": "policy.lin_ucb.v1", "model": "ids", "blocks": ["words"], "directions": 4}
    palate.run(palate.read(*frames), recipe_of(policy=policy), folder=tmp_path / "run")
    opened = open_engine(tmp_path / "run", tmp_path / "data", model="ids")
    title = opened.engine.item("i3")["title"]
    opened.engine.change_items([Create("new", {"title": title})]).result()
    live = opened.policies.of(opened.engine.answering)
    assert live is not None
    rows = live._rows_of(opened.engine.view)
    names = opened.engine.view.items
    assert np.allclose(rows[names.rows(["new"])], rows[names.rows(["i3"])], atol=1e-5)
    assert np.abs(rows[names.rows(["new"])]).sum() > 0
    wanted = ListRequest("u1", k=3, candidates=("new", "i1", "i2", "i3"), seen="allow")
    assert len(lists_of(opened).recommend(wanted).items) == 3
    opened.close()


class TestRecipe:
    def test_it_is_kept_with_the_run(self, runs: dict[str, Path]) -> None:
        policy = open_run(runs["ucb"]).recipe.policy
        assert policy is not None
        assert policy.part.name == "policy.lin_ucb.v1"
        assert policy.resolved()["explore"] == 0.5
        assert policy.settings.blocks == ("words",)

    @pytest.mark.parametrize(
        ("policy", "message"),
        [
            ({**UCB, "model": "bth"}, 'no model "bth"'),
            ({**UCB, "blocks": ["word"]}, 'no block "word"'),
            ({"part": "policy.sofmax.v1"}, "policy.softmax.v1"),
            ({**SOFT, "temprature": 1}, "temperature"),
            ({"part": "model.popularity.v1"}, "not policy"),
        ],
    )
    def test_refusals(self, policy: dict[str, Any], message: str, tmp_path: Path) -> None:
        with pytest.raises((BadRecipe, SeveralProblems), match=message):
            parse(recipe_of(policy=policy), tmp_path)
