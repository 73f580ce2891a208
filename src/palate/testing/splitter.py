"""What every splitter must keep."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from palate import config
from palate.capabilities import SplitsAtRandom
from palate.errors import BadRecipe, Refused
from palate.stages import Splitter
from palate.tables import Cases, Interactions, Split
from palate.testing.logs import made_log


class SplitterContract:
    """Give the splitter by overriding the fixture `part`; it must be able to part the log of
    `log`.
    """

    @pytest.fixture
    def part(self) -> Splitter:
        """The splitter that is tried."""
        raise NotImplementedError("give the splitter: override the fixture `part`")

    @pytest.fixture
    def log(self) -> Interactions:
        """A log that the splitter can part, in which no user has an item twice."""
        return made_log()

    @pytest.fixture
    def split(self, part: Splitter, log: Interactions) -> Split:
        """The log, split."""
        return part.split(log, 7)

    def test_vocabularies_stay_whole(self, split: Split, log: Interactions) -> None:
        """Rows mean the same before and after."""
        assert split.train.users == log.users
        assert split.train.items == log.items

    def test_training_events_are_events_of_the_log(self, split: Split, log: Interactions) -> None:
        """None is made up, none comes twice, and their order is that of the log."""
        rows = {event: row for row, event in enumerate(_events(log))}
        found = [rows[event] for event in _events(split.train)]
        assert found == sorted(set(found))
        assert 0 < len(found) < len(log)

    def test_every_event_is_used_once(self, split: Split, log: Interactions) -> None:
        """What is trained on is never a target, and no case occurs twice."""
        used = Counter(
            [
                *_pairs(split.train),
                *_target_pairs(split.validation),
                *_target_pairs(split.test.open("inspect")),
            ]
        )
        assert set(used.values()) == {1}
        assert set(used) <= set(_pairs(log))

    @pytest.mark.parametrize("which", ["validation", "test"])
    def test_cases_make_sense(self, split: Split, log: Interactions, which: str) -> None:
        """One case a user, with targets that differ, and a history of that user's own events,
        oldest first.
        """
        cases = split.validation if which == "validation" else split.test.open("inspect")
        assert len(cases) > 0
        assert len(cases) == len(cases.seen) == len(cases.targets)
        assert len(set(cases.histories.users.tolist())) == len(cases)
        own = set(_pairs(log))
        times = cases.histories.times
        assert times is not None
        for case, user in enumerate(cases.histories.users.tolist()):
            targets, history = cases.targets[case].tolist(), cases.histories.items[case].tolist()
            assert len(targets) == len(set(targets)) > 0
            assert {(user, item) for item in [*targets, *history]} <= own
            assert not set(targets) & set(history)
            assert set(history) <= set(cases.seen[case].tolist())
            part = times[
                cases.histories.items.offsets[case] : cases.histories.items.offsets[case + 1]
            ]
            assert np.all(np.diff(part) >= 0)

    def test_tuning_does_not_see_the_test(self, split: Split) -> None:
        """No test event is in the history of a validation case."""
        users = split.validation.histories.users[split.validation.histories.items.row_of_value()]
        looked_at = set(
            zip(users.tolist(), split.validation.histories.items.values.tolist(), strict=True)
        )
        assert not looked_at & set(_target_pairs(split.test.open("inspect")))

    def test_withheld_items_have_no_training_event(self, split: Split) -> None:
        """They are cold indeed."""
        assert not set(split.withheld.tolist()) & set(split.train.item.tolist())

    def test_at_random_times_decide_nothing(
        self, part: Splitter, log: Interactions, split: Split
    ) -> None:
        """A splitter that says so trains and tests on the same events whatever came first."""
        if not (isinstance(part, SplitsAtRandom) and part.at_random):
            pytest.skip("the splitter goes by the order of events")
        assert log.time is not None
        other = part.split(replace(log, time=log.time[::-1].copy(), order=None), 7)
        assert _pairs(other.train) == _pairs(split.train)
        for one, again in (
            (other.validation, split.validation),
            (other.test.open("inspect"), split.test.open("inspect")),
        ):
            assert sorted(_target_pairs(one)) == sorted(_target_pairs(again))

    def test_same_seed_same_split(self, part: Splitter, log: Interactions, split: Split) -> None:
        """And the global random state stays as it is."""
        before = _global_state()
        again = part.split(log, 7)
        assert _global_state() == before
        assert _events(again.train) == _events(split.train)
        for one, other in (
            (again.validation, split.validation),
            (again.test.open("inspect"), split.test.open("inspect")),
        ):
            assert _target_pairs(one) == _target_pairs(other)
            assert np.array_equal(one.histories.items.values, other.histories.items.values)
            assert np.array_equal(one.seen.values, other.seen.values)

    def test_the_log_is_left_as_it_was(self, part: Splitter, log: Interactions) -> None:
        """Nothing is written into the caller's arrays."""
        before = _events(log)
        part.split(log, 3)
        assert _events(log) == before

    def test_a_target_that_was_seen_stays_masked(self, part: Splitter) -> None:
        """With repeated events, a target in the history is also among the seen items: a miss, never
        a gift.
        """
        split = part.split(made_log(1, repeats=True), 7)
        for case in range(len(split.test.open("inspect"))):
            targets, history = (
                set(split.test.open("inspect").targets[case]),
                set(split.test.open("inspect").histories.items[case]),
            )
            assert targets & history <= set(split.test.open("inspect").seen[case])

    def test_nothing_to_part_is_refused(self, part: Splitter, log: Interactions) -> None:
        """An empty log, and one of a single event, are refused in words."""
        for rows in (0, 1):
            with pytest.raises(Refused) as caught:
                part.split(log.take(np.arange(rows)), 0)
            assert caught.value.where == "split"
            assert caught.value.next_step

    def test_settings_come_back_from_a_recipe(self, part: Splitter) -> None:
        """Every setting in force can be written down and read again, and an unknown one is
        refused.
        """
        kind = type(part).Settings  # type: ignore[attr-defined]
        given = part.settings  # type: ignore[attr-defined]
        assert config.parse(kind, config.resolved(given)) == given
        assert replace(given) == given
        with pytest.raises(BadRecipe):
            config.parse(kind, {**config.resolved(given), "no_such_setting": 1})


def _global_state() -> str:
    return str(np.random.get_state())  # noqa: NPY002 - whether parts leave it alone is the question


def _events(log: Interactions) -> list[tuple[float, ...]]:
    times = np.zeros(len(log)) if log.time is None else log.time
    return list(
        zip(log.user.tolist(), log.item.tolist(), log.value.tolist(), times.tolist(), strict=True)
    )


def _pairs(log: Interactions) -> list[tuple[int, int]]:
    return list(zip(log.user.tolist(), log.item.tolist(), strict=True))


def _target_pairs(cases: Cases) -> list[tuple[int, int]]:
    users = cases.histories.users[cases.targets.row_of_value()]
    return list(zip(users.tolist(), cases.targets.values.tolist(), strict=True))
