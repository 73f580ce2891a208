"""Sessions: order, durability, resumption, curves, and when it is enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.study.labelling.worlds import task, values

from palate.encode.labels.label_file import GivenLabel, append_labels, read_labels
from palate.encode.labels.self_training import LearnsLabels, learn_labels
from palate.errors import BadInput
from palate.study.labelling.session import LabelPlan, LabelSession


def labelled(session: LabelSession, truth: np.ndarray, n: int = 10**6) -> list[int]:
    rows = []
    while len(rows) < n and (found := session.next_item()) is not None:
        session.give(found[0], values(truth, found[0]), 1.0)
        rows.append(found[0])
    return rows


@pytest.mark.parametrize("kind", ["label", "labels"])
def test_drawn_items_come_first_and_the_budget_ends_it(tmp_path: Path, kind) -> None:
    found, truth = task(tmp_path / "labels.jsonl", kind)
    session = LabelSession(found, LabelPlan(budget=60, held_out=20))
    assert session.next_item()[1]
    rows = labelled(session, truth)
    assert len(rows) == len(set(rows)) == 60
    kept = read_labels(found.path)
    assert [one.held_out for one in kept] == [True] * 20 + [False] * 40
    assert {one.chosen for one in kept[:20]} == {"random"}
    assert {one.chosen for one in kept[20:]} == {"typical", "diverse"}
    progress = session.progress()
    assert (progress.given, progress.held_out, progress.curve[-1].labels) == (60, 20, 40)
    assert progress.curve[-1].f1 > 0.6
    assert progress.curve[-1].low <= progress.curve[-1].f1 <= progress.curve[-1].high


def test_labels_are_learnt_as_the_block_says_and_no_longer_than_somebody_waits(
    tmp_path: Path, monkeypatch
) -> None:
    ways = []

    def seen(*given):
        ways.append(given[5])
        return learn_labels(*given)

    monkeypatch.setattr("palate.study.labelling.session.learn_labels", seen)
    block = LearnsLabels(strength=0.5, rounds=4, calibration="none", folds=1, seed=3)
    found, truth = task(tmp_path / "labels.jsonl")
    for folds in (1, 9):
        way = replace(block, folds=folds)
        session = LabelSession(replace(found, way=way), LabelPlan(30, held_out=10, seed=7))
        labelled(session, truth)
        session.progress()
        assert set(ways) == {replace(block, rounds=0, folds=min(folds, 3), seed=7)}
        ways.clear()


def test_another_strength_learns_something_else(tmp_path: Path) -> None:
    found, truth = task(tmp_path / "labels.jsonl")
    plan = LabelPlan(60, held_out=30, strategy="random")
    labelled(LabelSession(found, plan), truth)
    curves = [
        LabelSession(replace(found, way=LearnsLabels(strength=s)), plan).progress().curve
        for s in (10.0, 1e-6)
    ]
    assert curves[0] != curves[1]


def test_a_session_that_was_killed_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    plan = LabelPlan(budget=50, held_out=10, strategy="margin")
    whole, truth = task(tmp_path / "whole.jsonl")
    in_one = labelled(LabelSession(whole, plan), truth)
    parts, _ = task(tmp_path / "parts.jsonl")
    again = []
    for n in (4, 16, 10**6):  # ends of batches: within one the rest of it is chosen anew
        again += labelled(LabelSession(parts, plan), truth, n)
    assert again == in_one
    one, two = (read_labels(t.path) for t in (whole, parts))
    assert [x.item for x in one] == [x.item for x in two]


def test_killed_within_a_batch_nothing_is_asked_twice(tmp_path: Path) -> None:
    found, truth = task(tmp_path / "labels.jsonl")
    rows = []
    for _ in range(40):
        rows += labelled(LabelSession(found, LabelPlan(budget=40, held_out=10)), truth, 1)
    assert len(set(rows)) == 40
    assert LabelSession(found, LabelPlan(budget=40)).next_item() is None


def test_what_cannot_be_told_is_not_learnt_and_not_asked_again(tmp_path: Path) -> None:
    found, _ = task(tmp_path / "labels.jsonl")
    session = LabelSession(found, LabelPlan(budget=5, held_out=0))
    for _ in range(5):
        session.give(session.next_item()[0], None)
    progress = session.progress()
    assert (progress.given, progress.skipped, progress.curve) == (0, 5, ())
    assert session.next_item() is None


def test_the_last_label_can_be_taken_back(tmp_path: Path) -> None:
    found, truth = task(tmp_path / "labels.jsonl")
    session = LabelSession(found, LabelPlan(held_out=3))
    assert session.take_back() is None
    first, second = labelled(session, truth, 2)
    assert session.take_back() == second
    assert session.next_item() == (second, True)
    assert session.said_of(second) == tuple(values(truth, second))
    session.give(second, ["books"])
    assert [one.values for one in read_labels(found.path)][1] == ("books",)
    assert session.next_item()[0] not in (first, second)
    assert session.n_given() == 2


def test_labels_of_a_field_are_learnt_from_and_not_asked_for(tmp_path: Path) -> None:
    found, truth = task(tmp_path / "labels.jsonl", known=40)
    session = LabelSession(found, LabelPlan(budget=40, held_out=20, strategy="margin"))
    rows = labelled(session, truth)
    assert min(rows) >= 40
    assert session.progress().curve[-1].f1 > 0.6


def test_it_says_when_it_is_enough_and_when_it_is_not(tmp_path: Path) -> None:
    found, truth = task(tmp_path / "labels.jsonl", n=900)
    plan = LabelPlan(budget=560, held_out=200, strategy="random", batch=60)
    session = LabelSession(found, plan)
    labelled(session, truth, 210)
    assert not session.progress().enough
    assert "too early" in session.progress().sentence
    labelled(session, truth)
    said = session.progress()
    assert "of 360 labels changed agreement by" in said.sentence
    assert said.enough == said.sentence.endswith("it is enough")


def test_when_all_items_have_a_label_it_ends(tmp_path: Path) -> None:
    found, truth = task(tmp_path / "labels.jsonl", n=12)
    assert len(labelled(LabelSession(found, LabelPlan(held_out=5)), truth)) == 12


def test_labels_of_other_questions_and_items_stay_out_of_it(tmp_path: Path) -> None:
    found, truth = task(tmp_path / "labels.jsonl")
    append_labels(
        found.path, [GivenLabel("i0", "mood", ("glad",)), GivenLabel("gone", "kind", ("wine",))]
    )
    session = LabelSession(found, LabelPlan(budget=30, held_out=5))
    assert len(labelled(session, truth)) == 29
    assert session.progress().curve[-1].labels == 24


def test_what_is_no_answer_is_refused(tmp_path: Path) -> None:
    found, _ = task(tmp_path / "labels.jsonl")
    session = LabelSession(found, LabelPlan())
    for wrong in (["shirts"], [], ["wine", "books"]):
        with pytest.raises(BadInput):
            session.give(0, wrong)
    with pytest.raises(BadInput, match="none of the items"):
        session.row_of("nobody")
    several, _ = task(tmp_path / "several.jsonl", "labels")
    assert LabelSession(several, LabelPlan()).give(0, []).values == ()
    assert not found.path.exists()
