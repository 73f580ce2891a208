"""Whether what was taken before may be recommended again is a setting of every splitter."""

from __future__ import annotations

import numpy as np
import pytest

from palate.evaluate.leaks import leaks
from palate.registry import names, part_class, spec
from palate.stages import Splitter
from palate.tables import FeatureTable, Interactions, Split, Vocabulary


def groceries(n_users: int = 60, n_events: int = 24) -> Interactions:
    """Everybody takes the same four of twelve things again and again, one after the other."""
    user = np.repeat(np.arange(n_users, dtype=np.int32), n_events)
    step = np.tile(np.arange(n_events), n_users)
    item = ((user + step % 4) % 12).astype(np.int32)
    time = step * 1000 + user
    users, items = Vocabulary.of(map(str, range(n_users))), Vocabulary.of(map(str, range(12)))
    value = np.ones(len(user), np.float32)
    return Interactions(users, items, user, item, value, time.astype(np.int64))


def part(name: str, seen: str) -> Splitter:
    return spec({"part": name, "seen": seen}, "splitter").build()


def unreachable(split: Split) -> int:
    test = split.test.open("inspect")
    pairs = zip(test.targets, test.seen, strict=True)
    return sum(len(set(targets) & set(seen)) for targets, seen in pairs)


REPEATING = ["split.leave_last_out.v1", "split.time.v1", "split.ratio.v1"]


@pytest.mark.parametrize("name", names("splitter"))
def test_every_splitter_has_the_choice(name: str) -> None:
    assert "seen" in set(vars(part_class(name)().settings))


@pytest.mark.parametrize("name", REPEATING)
def test_a_repeat_is_a_target_like_any_other(name: str) -> None:
    log = groceries()
    masked, allowed = part(name, "mask").split(log, 0), part(name, "allow").split(log, 0)
    assert unreachable(masked) > 0
    assert unreachable(allowed) == 0
    assert len(allowed.test.open("inspect").seen.values) == 0
    assert allowed.repeats
    assert not masked.repeats
    assert any("may be recommended again" in note for note in allowed.notes)
    one, other = masked.test.open("inspect"), allowed.test.open("inspect")
    assert np.array_equal(one.targets.values, other.targets.values)
    assert np.array_equal(one.histories.items.values, other.histories.items.values)


@pytest.mark.parametrize("name", REPEATING)
def test_a_repeat_is_no_leak(name: str) -> None:
    log = groceries()
    split = part(name, "allow").split(log, 0)
    found = leaks(split, FeatureTable(log.items, {}), log, 0)
    assert [f.code for f in found if f.severity == "error"] == []
