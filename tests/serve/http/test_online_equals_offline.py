"""What the service answers is what `Run.recommend` answers, item for item, also after events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from starlette.testclient import TestClient
from tests.conftest import THEMES
from tests.serve.conftest import recipe_of

import palate
from palate.serve.data_folder import open_engine
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.settings import ServiceSettings

MODELS = ("popularity", "ids", "by-words", "both")


def world(n_users: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A log of users who like one theme each, some of them with long histories."""
    rng = np.random.default_rng(n_users)
    items = [f"i{n}" for n in range(200)]
    rows = []
    for u in range(n_users):
        n = int(rng.integers(3, 25))
        own = rng.choice(np.arange(u % 5, 200, 5), n, replace=False)
        other = rng.choice(200, 3, replace=False)
        taken = dict.fromkeys(np.concatenate([own, other]).tolist())
        rows += [(f"u{u}", items[i], 100 * u + t) for t, i in enumerate(taken)]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    titles = [f"{THEMES[n % 5]} number {n}" for n in range(200)]
    return log, pl.DataFrame({"item_id": items, "title": titles})


@pytest.mark.parametrize("n_users", [30, pytest.param(1000, marks=pytest.mark.slow)])
def test_online_equals_offline(tmp_path: Path, n_users: int) -> None:
    log, items = world(n_users)
    run = palate.run(palate.read(log, items), recipe_of(), folder=tmp_path / "run")
    users = [f"u{u}" for u in range(n_users)]
    histories = {
        str(user): taken["item_id"].to_list()
        for (user,), taken in log.group_by("user_id", maintain_order=True)
    }
    clicks = {user: [f"i{7 * n % 200}", f"i{3 * n % 200}"] for n, user in enumerate(users)}
    for model in MODELS:
        opened = open_engine(tmp_path / "run", tmp_path / model, model)
        service = Service(opened.engine, Keyring(tmp_path / "keys.json"), ServiceSettings())
        with TestClient(application(service)) as client:
            same(client, run.recommend(users, 10, model), users)
            for user, taken in clicks.items():
                events = [
                    {"user": user, "item": item, "time": 10**9 + n} for n, item in enumerate(taken)
                ]
                assert client.post("/v1/events", json=events).status_code == 200
            longer = {user: [*histories[user], *clicks[user]] for user in users}
            same(client, run.recommend(k=10, model=model, history=longer), users)
        service.close()
        opened.close()


def same(client: TestClient, offline: pl.DataFrame, users: list[str]) -> None:
    """Every user's list, with its scores."""
    lists = {str(user): part for (user,), part in offline.group_by("user_id", maintain_order=True)}
    for user in users:
        answer = client.post(
            "/v1/recommendations", json={"user": user, "k": 10, "explain": False}
        ).json()
        online = [(one["item"], one["score"]) for one in answer["items"]]
        assert online == list(lists[user].select("item_id", "score").iter_rows()), user
