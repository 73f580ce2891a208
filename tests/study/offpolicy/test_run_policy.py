"""A run's own policy as the target of an off-policy evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import palate
from palate.pipeline.policy import RunPolicy
from palate.runs.open import open_run
from palate.seeding import generator
from palate.study.offpolicy.rounds import RoundColumns, read_rounds
from palate.study.offpolicy.study import off_policy
from palate.study.offpolicy.targets import OfRun, target_of
from palate.tables import Histories


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, rng = tmp_path_factory.mktemp("own"), generator(1, "own policy")
    user = np.repeat(np.arange(200), 4)
    clicks = pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in user],
            "item_id": [f"i{i}" for i in rng.integers(0, 10, len(user))],
            "timestamp": 1_000 + np.arange(len(user)),
        }
    )
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"popularity": {"part": "model.popularity.v1"}},
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "policy": {"part": "policy.epsilon_greedy.v1", "epsilon": 0.5, "model": "popularity"},
    }
    palate.run(palate.read(clicks), recipe, folder=folder / "run")
    n = 4000
    item = rng.integers(0, 10, n)
    pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in rng.integers(0, 200, n)],
            "item_id": [f"i{i}" for i in item],
            "click": (rng.random(n) < 0.1 + 0.02 * item).astype(int),
            "propensity": np.full(n, 0.1),
            "timestamp": 9_000 + np.arange(n),
        }
    ).write_csv(folder / "shown.csv")
    return folder / "run", folder / "shown.csv"


def test_its_probabilities_are_those_of_the_run(shop: tuple[Path, Path]) -> None:
    run, log = shop
    rounds = read_rounds(log, RoundColumns())
    target, called = target_of(str(run), rounds, generator(0, "t"))
    assert isinstance(target, OfRun)
    assert called.startswith("policy.epsilon_greedy.v1 over popularity")
    found = target.probabilities(slice(0, 20))
    assert found.sum(axis=1) == pytest.approx(1)
    assert np.sort(found[0])[-1] == pytest.approx(0.55)
    assert np.sort(found[0])[0] == pytest.approx(0.05)


def test_its_value_is_what_it_would_have_brought(shop: tuple[Path, Path]) -> None:
    run, log = shop
    opened = open_run(run)
    data = opened.data.interactions
    (shares,) = RunPolicy(opened).shares(Histories.of(data, data.user[:1]), exclude_seen=False)
    clicks = {f"i{i}": 0.1 + 0.02 * i for i in range(10)}
    names = opened.data.catalogue.items.names(shares.items)
    truth = sum(clicks[n] * p for n, p in zip(names, shares.probabilities.tolist(), strict=True))
    found = off_policy(log, str(run))
    estimate = found.card.estimates["ips"]
    assert estimate.low <= truth <= estimate.high
    assert found.card.mean_weight.value == pytest.approx(1, abs=0.1)
