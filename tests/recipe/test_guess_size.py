"""Time and test users by the size of the log."""

from __future__ import annotations

import numpy as np
import pytest

from palate.recipe.guess_size import LEAST_SECONDS, LEAST_USERS, MOST_USERS, sized_for
from palate.tables import Interactions, Vocabulary


def log(n_events: int, n_users: int, n_items: int) -> Interactions:
    user, item = np.arange(n_events) % n_users, np.arange(n_events) % n_items
    users, items = (Vocabulary.of(f"{n:06}" for n in range(size)) for size in (n_users, n_items))
    value = np.ones(n_events, np.float32)
    return Interactions(users, items, user.astype(np.int32), item.astype(np.int32), value)


def test_small_logs_take_the_least_time_and_all_users() -> None:
    assert sized_for(log(1_000, 100, 50)) == sized_for(log(90_000, 100, 50))
    assert sized_for(log(1_000, 100, 50)).seconds == LEAST_SECONDS
    assert sized_for(log(1_000, 100, 50)).users is None


@pytest.mark.parametrize("n_items", [50, 300_000])
def test_long_logs_take_more_time_and_a_sample_of_the_users(n_items: int) -> None:
    sized = sized_for(log(400_000, 30_000, n_items))
    assert LEAST_SECONDS < sized.seconds < 4 * LEAST_SECONDS
    assert sized.users == (MOST_USERS if n_items == 50 else LEAST_USERS)
    assert f"{sized.users:,}" in sized.reasons[0]
