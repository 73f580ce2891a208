"""A gate that lets good models in, keeps worse ones out, and says when it cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from palate.arrays import Doubles, Floats, Ragged, Rows
from palate.errors import Refused
from palate.serve.refit.gate import Contender, GateResult, GateSettings, verdict, wanted_users
from palate.tables import Cases, Histories

N_ITEMS = 60


class Drawn:
    """A model that finds the target with some chance; scores are of the case's first item."""

    def __init__(self, targets: Rows, hits: Doubles, seed: int) -> None:
        self._targets, self._hits, self._seed = targets, hits, seed

    def score(self, histories: Histories) -> Floats:
        scores = np.zeros((len(histories), N_ITEMS), np.float32)
        for row, case in enumerate(histories.users.tolist()):
            rng = np.random.default_rng((self._seed, case))
            scores[row] = rng.random(N_ITEMS)
            if self._hits[case]:
                scores[row, self._targets[case]] = 2
        return scores


def compared(
    n_users: int,
    chances: tuple[float, float],
    seed: int = 0,
    alike: bool = True,
    margin: float = 0.1,
) -> GateResult:
    rng = np.random.default_rng(seed)
    users = np.arange(n_users, dtype=np.int32)
    targets = rng.integers(1, N_ITEMS, n_users).astype(np.int32)
    draw = rng.random(n_users), rng.random(n_users)
    histories = Histories(users, Ragged.of([[0]] * n_users), np.ones(n_users, np.float32))
    cases = Cases(histories, Ragged.of([[0]] * n_users), Ragged.of(targets[:, None]))
    first = Drawn(targets, draw[0] < chances[0], seed)
    second = Drawn(targets, draw[0 if alike else 1] < chances[1], seed)
    one, other = (Contender(m, cases) for m in (first, second))  # type: ignore[arg-type]
    return verdict(one, other, users, GateSettings(margin=margin))


def test_a_model_that_is_the_same_or_better_passes() -> None:
    same = compared(200, (0.5, 0.5))
    assert same.accepted
    assert (same.judged.difference, same.cases, same.users) == (0.0, 200, 200)
    assert same.damaged.worse
    assert compared(200, (0.4, 0.6)).accepted


def test_a_worse_model_is_rejected() -> None:
    found = compared(400, (0.6, 0.4))
    assert not found.accepted
    assert found.judged.worse
    assert found.new < found.present


def test_one_that_is_not_shown_to_be_as_good_is_rejected_and_how_many_would_do_is_said() -> None:
    found = compared(60, (0.5, 0.5), seed=3, alike=False)
    assert not found.judged.passes or found.judged.low > -found.margin
    assert found.wanted_users > 60
    accepted = [
        compared(found.wanted_users, (0.5, 0.5), seed, alike=False).accepted for seed in range(20)
    ]
    assert sum(accepted) >= 11  # four in five are meant


def test_a_model_at_the_margin_passes_as_rarely_as_is_said() -> None:
    passed = [compared(150, (0.5, 0.42), s, False, margin=0.16).accepted for s in range(100)]
    assert sum(passed) <= 12


def test_without_enough_events_there_is_no_verdict() -> None:
    with pytest.raises(Refused, match="a damaged model looks as good"):
        compared(6, (0.5, 0.5))
    with pytest.raises(Refused, match="foresees none"):
        compared(0, (0.5, 0.5))


def test_a_new_model_that_is_damaged_already_is_rejected() -> None:
    assert not compared(300, (0.5, 0.0)).accepted


def test_more_users_are_needed_for_a_smaller_margin() -> None:
    rng = np.random.default_rng(1)
    users, difference = np.repeat(np.arange(50, dtype=np.int32), 3), rng.normal(size=150)
    wanted = [wanted_users(difference, users, margin, GateSettings()) for margin in (0.4, 0.2, 0.1)]
    assert wanted[0] * 3 < wanted[1] < wanted[2] / 3
