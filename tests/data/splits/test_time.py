"""Two moments that are the same for everybody."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.splits.time import Time, TimeSettings, _cut
from palate.errors import BadRecipe, Refused
from palate.tables import Interactions
from palate.testing.logs import made_log

DAY = 86_400


def test_shares_and_order() -> None:
    log = made_log()
    split = Time().split(log, 0)
    assert split.train.time is not None
    assert log.time is not None
    targets = len(split.test.open("inspect").targets.values)
    assert targets == pytest.approx(0.1 * len(log), abs=3)
    assert len(split.train) == pytest.approx(0.8 * len(log), abs=5)
    when = {(u, i): t for u, i, t in zip(log.user, log.item, log.time, strict=True)}
    newest = split.train.time.max()
    for cases in (split.validation, split.test.open("inspect")):
        for case, user in enumerate(cases.histories.users):
            moments = [when[user, item] for item in cases.targets[case]]
            own = cases.histories.times[
                cases.histories.items.offsets[case] : cases.histories.items.offsets[case + 1]
            ]
            assert min(moments) > newest
            assert len(own) == 0 or own.max() < min(moments)


def test_given_moments(log_of: Callable[..., Interactions]) -> None:
    log = log_of([(u, f"{u}{n}", 1, 946_684_800 + n * DAY) for n in range(10) for u in "uv"])
    by_date = Time(TimeSettings(validation_from="2000-01-05", test_from="2000-01-08")).split(log, 0)
    by_number = Time(
        TimeSettings(validation_from=946_684_800 + 4 * DAY, test_from=946_684_800 + 7 * DAY)
    ).split(log, 0)
    for split in (by_date, by_number):
        assert log.items.names(split.test.open("inspect").targets[0]) == ["u7", "u8", "u9"]
        assert log.items.names(split.validation.targets[0]) == ["u4", "u5", "u6"]
        assert log.items.names(split.test.open("inspect").histories.items[0]) == [
            f"u{n}" for n in range(7)
        ]
    assert (
        by_date.notes[0]
        == "Training ends before 2000-01-05 00:00:00 UTC, the test begins at 2000-01-08 00:00:00"
        " UTC."
    )
    zone = Time(
        TimeSettings(validation_from="2000-01-05T02:00:00+02:00", test_from="2000-01-08")
    ).split(log, 0)
    assert zone.train.item.tolist() == by_date.train.item.tolist()


def test_events_of_one_moment_stay_together(log_of: Callable[..., Interactions]) -> None:
    log = log_of([(f"u{n % 3}", f"i{n}", 1, 100 + n // 10) for n in range(100)])
    split = Time(TimeSettings(validation_share=0.15, test_share=0.12)).split(log, 0)
    assert split.train.time is not None
    # twelve wanted: ten (one moment) is nearer than twenty; then fifteen: ten and twenty are as
    # near
    assert sorted(split.test.open("inspect").targets.values) == list(range(90, 100))
    assert split.train.time.max() in (106, 107)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.floats(0.5, 60))
def test_the_cut_is_as_near_as_ties_allow(times: list[int], wanted: float) -> None:
    ordered = np.sort(np.array(times))
    moment = _cut(ordered, wanted)
    sizes = {t: int((ordered >= t).sum()) for t in set(times)}
    allowed = {t: n for t, n in sizes.items() if t != ordered[0]} or sizes
    assert moment in allowed
    assert (
        abs(sizes[moment] - wanted) <= min(abs(n - wanted) for n in allowed.values()) + 0.5 + 1e-9
    )


def test_cold_users_and_items_are_kept_or_dropped_and_told(
    log_of: Callable[..., Interactions],
) -> None:
    events = [("old", f"i{n}", 1, n) for n in range(16)] + [
        ("late", "i0", 1, 16),
        ("old", "i16", 1, 17),
    ]
    log = log_of([*events, ("old", "fresh", 1, 18), ("new", "i1", 1, 19)])
    moments = {"validation_from": 16, "test_from": 18}
    kept = Time(TimeSettings(**moments)).split(log, 0)
    assert [log.users.ids[u] for u in kept.test.open("inspect").histories.users] == ["old", "new"]
    assert kept.test.open("inspect").histories.items.lengths().tolist() == [17, 0]
    assert "1 test events with items that training has not seen: kept." in kept.notes
    assert "1 test users whom training has not seen: kept." in kept.notes
    # somebody with validation events alone is cold as well, though not without a history
    assert [log.users.ids[u] for u in kept.validation.histories.users] == ["old", "late"]
    dropped = Time(TimeSettings(cold_users="drop", **moments)).split(log, 0)
    assert [log.users.ids[u] for u in dropped.test.open("inspect").histories.users] == ["old"]
    assert [log.users.ids[u] for u in dropped.validation.histories.users] == ["old"]
    warm = Time(TimeSettings(cold_items="drop", **moments)).split(log, 0)
    assert log.items.names(warm.test.open("inspect").targets.values) == ["i1"]
    narrow = Time(TimeSettings(test_history="train", relevant_min=1, **moments)).split(log, 0)
    assert narrow.test.open("inspect").histories.items.lengths().tolist() == [16, 0]


def test_no_validation_is_possible() -> None:
    split = Time(TimeSettings(validation_share=0)).split(made_log(), 0)
    assert len(split.validation) == 0
    assert len(split.train) == pytest.approx(0.9 * len(made_log()), abs=3)


def test_a_log_without_a_clock_is_refused(log_of: Callable[..., Interactions]) -> None:
    with pytest.raises(Refused, match="has none"):
        Time().split(log_of([("u", "a", 1, 1)], times=False), 0)
    positions = log_of([(u, i, 1, n) for u in "uvw" for n, i in enumerate("abcd")])
    with pytest.raises(Refused, match="not timestamps"):
        Time().split(positions, 0)
    with pytest.raises(Refused):
        Time().split(log_of([(u, i, 1, 5) for u in "uvw" for i in "abcd"]), 0)


def test_moments_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadRecipe, match='"soon" is not a date'):
        Time(TimeSettings(test_from="soon")).split(made_log(), 0)
    with pytest.raises(BadRecipe, match="after the test"):
        Time(TimeSettings(validation_from=2_000_000_000, test_from=1_000_030_000)).split(
            made_log(), 0
        )
    with pytest.raises(Refused):
        Time(TimeSettings(test_from="2100-01-01")).split(made_log(), 0)
