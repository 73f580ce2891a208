import numpy as np
import pytest

from palate import config
from palate.arrays import Ragged
from palate.errors import BadRecipe
from palate.model.popularity import DAY, Popularity, RecentPopularity
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
