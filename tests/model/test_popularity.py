import numpy as np
import pytest

from palate import config
from palate.arrays import Ragged
from palate.errors import BadRecipe
from palate.model.popularity import (
    Popularity,
    RecentPopularity,
    RecentPopularityV2,
    RecentPopularityV2Settings,
)
from palate.model.recent_window import DAY
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training, Vocabulary

NOBODY = Histories.of_items(Ragged.of([[]]))


def training(events: list[tuple[int, int, int]], timed: bool = True) -> Training:
    users, items = Vocabulary.of("abc"), Vocabulary.of("wxyz")
    user, item, day = (np.array(column) for column in zip(*events, strict=True))
    time = (DAY * day).astype(np.int64) if timed else None
    log = Interactions(
        users,
        items,
        user.astype(np.int32),
        item.astype(np.int32),
        np.ones(len(user), np.float32),
        time,
    )
    return Training(log, FeatureTable(items), Cases(NOBODY, NOBODY.items, Ragged.of([[0]])))


EVENTS = [(0, 0, 0), (1, 0, 1), (1, 0, 2), (2, 2, 8), (0, 1, 9), (1, 1, 9)]


def test_it_counts_events() -> None:
    assert Popularity().fit(training(EVENTS)).score(NOBODY).tolist() == [[3, 2, 1, 0]]


def test_it_may_count_users() -> None:
    model = Popularity(Popularity.Settings(count="users")).fit(training(EVENTS))
    assert model.score(NOBODY).tolist() == [[2, 2, 1, 0]]


def order_of(model: RecentPopularity, timed: bool = True) -> list[int]:
    return np.argsort(-model.fit(training(EVENTS, timed)).score(NOBODY)[0], kind="stable").tolist()


def test_recent_events_count_and_old_ones_settle_ties() -> None:
    model = RecentPopularity(RecentPopularity.Settings(days=1))
    assert order_of(model) == [1, 0, 2, 3]


def test_a_longer_time_takes_more_in() -> None:
    model = RecentPopularity(RecentPopularity.Settings(days=100))
    assert order_of(model) == [0, 1, 2, 3]


@pytest.mark.parametrize("days", [None, 5.0])
def test_without_times_the_last_share_of_the_file_is_recent(days: float | None) -> None:
    model = RecentPopularity(RecentPopularity.Settings(days=days, share=0.5))
    assert order_of(model, timed=False) == [1, 2, 0, 3]


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(BadRecipe, match="share"):
        config.parse(RecentPopularity.Settings, {"share": 0})


def decayed(
    events: list[tuple[int, int, int]], timed: bool = True, **settings: float
) -> list[float]:
    model = RecentPopularityV2(RecentPopularityV2Settings(**settings))
    return model.fit(training(events, timed)).score(NOBODY)[0].tolist()


def test_version_2_halves_events_by_the_share_that_came_after_them() -> None:
    """Five, four, three and no two events came after those of days 0, 1, 2; two after that of 8."""
    after = np.array([5, 4, 3, 2, 0, 0]) / 6
    w = 2 ** -(after / 0.5)
    wanted = [w[0] + w[1] + w[2], w[4] + w[5], w[3], 0]
    assert decayed(EVENTS, half_life=0.5) == pytest.approx(wanted, rel=1e-6)


def test_version_2_is_the_same_for_a_log_of_days_and_one_of_years() -> None:
    years = [(user, item, 365 * day) for user, item, day in EVENTS]
    assert decayed(years) == decayed(EVENTS)


def test_without_common_timestamps_version_2_counts_every_event() -> None:
    assert decayed(EVENTS, timed=False) == [3, 2, 1, 0]
    log = training(EVENTS).log
    positions = np.array([0, 0, 1, 0, 1, 2])
    own = Training(
        Interactions(log.users, log.items, log.user, log.item, log.value, positions),
        training(EVENTS).features,
        training(EVENTS).validation,
    )
    assert RecentPopularityV2().fit(own).score(NOBODY)[0].tolist() == [3, 2, 1, 0]
