"""The next run learns from the live log and is compared on the newest events; none counts twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.serve.engine.test_engine import items_of
from tests.serve.engine.test_learning import wait_until_learnt

import palate
from palate.errors import BadInput, Refused
from palate.event_store import NewEvent
from palate.runs import files
from palate.runs.manifest import verified
from palate.seeding import generator
from palate.serve.data_folder import EVENTS, Opened, open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.taken_up import LIVE, taken_up
from palate.serve.records.items import Create
from palate.serve.refit.gate import GateSettings
from palate.serve.refit.refit import GATE, RefitOptions, Refitted, refit
from palate.tables import Event

LATER = 2_000_000_000
LOOSE = RefitOptions("both", gate=GateSettings(margin=0.5))


def live_events(opened: Opened, users: int = 60, of_each: int = 5) -> list[NewEvent]:
    """Users of the run take what is of their theme."""
    rng, events = generator(5, "tests", "refit"), list[NewEvent]()
    left = {}
    for number in range(users):
        history = opened.engine.history(f"u{number}").items.values
        left[number] = rng.permutation(np.setdiff1d(np.arange(number % 5, 75, 5), history))
    for turn in range(of_each):
        for number in range(users):
            if turn < len(left[number]):
                event = Event(f"u{number}", f"i{left[number][turn]}", time=LATER + turn)
                events.append(NewEvent(f"{turn} {number}", event))
    return events


@pytest.fixture
def used(run_folder: Path, tmp_path: Path) -> Path:
    """The folder of a service that people used."""
    opened = open_engine(run_folder, tmp_path / "live", "both")
    opened.engine.change_items([Create("n1", {"title": "violin bow of wood"})]).result(10)
    events = live_events(opened)
    events.insert(7, NewEvent("new", Event("u1", "n1", time=LATER)))
    opened.engine.take_in(events).result(10)
    opened.close()
    return tmp_path / "live"


def test_a_refit_learns_is_judged_and_counts_nothing_twice(
    run_folder: Path, used: Path, tmp_path: Path
) -> None:
    out = tmp_path / "runs" / "second"
    done = refit(run_folder, used, out, LOOSE)
    judged = done.verdict
    assert judged.accepted
    assert judged.damaged.worse
    assert judged.cases > 30
    assert done.held_out == round(0.2 * (done.events + done.held_out))
    verified(out)
    kept = files.RunFile(GATE, Refitted, "palate refit").read(out)
    assert kept == done
    log = palate.Run(out)._opened.data
    assert len(log.interactions) == len(palate.Run(run_folder)._opened.data.interactions) + (
        done.events
    )
    assert "n1" in log.catalogue.items.row_of
    opened = open_engine(run_folder, used, "both", runs=tmp_path / "runs", learn_seconds=0.02)
    engine = opened.engine
    histories = {f"u{k}": engine.history(f"u{k}") for k in range(60)}
    names = engine.view.items.catalogue.items.names
    before = {user: names(one.items.values) for user, one in histories.items()}
    popular = engine.answering.popular()
    counts = dict(zip(names(np.arange(len(popular))), popular.tolist(), strict=True))
    opened.deployments.deploy("second", "both")
    wait_until_learnt(engine)
    names = engine.view.items.catalogue.items.names
    for user, wanted in before.items():
        assert sorted(names(engine.history(user).items.values)) == sorted(wanted)
    popular = engine.answering.popular()
    assert dict(zip(names(np.arange(len(popular))), popular.tolist(), strict=True)) == counts
    engine.take_in([NewEvent("one more", Event("u1", "i9", time=LATER + 99))]).result(10)
    assert names(engine.history("u1").items.values)[-1] == "i9"
    assert engine.answering.popular()[engine.view.items.row("i9")] == counts["i9"] + 1
    assert len(items_of(engine.recommend(ListRequest("u1", k=5)))) == 5
    again = taken_up(engine.opened, engine._shared.events)
    assert again == done.events
    opened.close()
    third = refit(out, used, tmp_path / "third", RefitOptions("both", 0.5, LOOSE.gate))
    assert third.events < done.held_out  # the rest of what the second one did not have


def test_the_log_of_another_service_is_not_taken_for_its_own(
    run_folder: Path, used: Path, tmp_path: Path
) -> None:
    out = tmp_path / "second"
    refit(run_folder, used, out, LOOSE)
    assert (out / LIVE).is_file()
    opened = open_engine(out, tmp_path / "other", "both")
    event = Event("u1", "i9", time=LATER + 99)
    opened.engine.take_in([NewEvent("a", event), NewEvent("b", event)]).result(10)
    assert opened.engine.answering._taken_up == 0
    assert opened.engine.history("u1").items.values.tolist()[-2:] == [9, 9]
    opened.close()


def test_too_few_events_are_refused_and_how_many_there_should_be_is_said(
    run_folder: Path, tmp_path: Path
) -> None:
    opened = open_engine(run_folder, tmp_path / "live", "both")
    opened.engine.take_in(live_events(opened, users=6, of_each=3)).result(10)
    opened.close()
    with pytest.raises(Refused, match=r"events of \d+ users say too little"):
        refit(run_folder, tmp_path / "live", tmp_path / "second", LOOSE)
    assert not (tmp_path / "second" / GATE).exists()


def test_a_folder_without_a_log_or_without_events_is_refused(
    run_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="no log"):
        refit(run_folder, tmp_path, tmp_path / "second")
    open_engine(run_folder, tmp_path, "both").close()
    assert (tmp_path / EVENTS).is_file()
    with pytest.raises(Refused, match="0 new live events"):
        refit(run_folder, tmp_path, tmp_path / "second")
    with pytest.raises(BadInput, match='no model "bth"'):
        refit(run_folder, tmp_path, tmp_path / "second", RefitOptions("bth"))
