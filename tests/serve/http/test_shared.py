"""Keys, rates, models and experiments of two processes that share their stores: what one changes,
the other takes up when it looks.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from palate.runs.manifest import verified
from palate.serve.data_folder import Opened, open_engine
from palate.serve.deploy.checked import CheckedRun
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.kept_keys import opened_keys
from palate.serve.keys import Keyring, new_key
from palate.serve.settings import Limits, ServiceSettings
from palate.serve.stores import StoreSettings
from palate.testing.servers import Postgres, Valkey, postgres, valkey


@pytest.fixture
def where(postgres_server: Postgres, valkey_server: Valkey) -> StoreSettings:
    return StoreSettings(postgres_server.new_database(), valkey_server.new_database())


@pytest.fixture
def runs(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs; no second process looks at them."""

    def quick(run: Path, model: str = "") -> CheckedRun:
        return CheckedRun(model or "both", verified(run).sha256)

    monkeypatch.setattr("palate.serve.deploy.deployments.checked", quick)
    for name in ("later", "last"):
        shutil.copytree(run_folder, tmp_path / "runs" / name)
    return tmp_path / "runs"


class Process:
    """A process without threads that look: it looks when it is made to.

    Attributes:
        opened: Its engine.
        service: What answers.
        client: Asks it.
    """

    def __init__(self, run: Path, folder: Path, where: StoreSettings, runs: Path) -> None:
        self.opened: Opened = open_engine(run, folder, "both", where=where, runs=runs)
        for one in self.opened._beside:
            one.close()
        settings = ServiceSettings(limits=Limits(per_second=5))
        self.keys = opened_keys(folder, None, where)
        self.service = Service(
            self.opened.engine,
            Keyring(self.keys.__enter__()),
            settings,
            deployments=self.opened.deployments,
            experiments=self.opened.experiments,
            rates=self.opened.rates(settings.limits.per_second),
        )
        self.client = TestClient(application(self.service), raise_server_exceptions=False)

    def look(self) -> None:
        """What the threads do ten times a second."""
        self.opened.engine.look_at_items()
        self.opened.engine.look_at_log()
        self.opened.deployments.look_again()
        self.opened.experiments.look_again()
        self.service.keyring.look_again()

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        more = {} if body is None else {"json": body}
        return self.client.request(method, path, headers=headers, **more)

    def close(self) -> None:
        self.service.close()
        self.opened.close()
        self.keys.__exit__(None, None, None)


@pytest.fixture
def pair(
    run_folder: Path, tmp_path: Path, where: StoreSettings, runs: Path
) -> Iterator[list[Process]]:
    made = [Process(run_folder, tmp_path / f"data {n}", where, runs) for n in range(2)]
    yield made
    for one in made:
        one.close()


def models_of(one: Process) -> dict[str, str]:
    return {m["name"]: m["use"] for m in one.ask("GET", "/v1/models").json()["models"]}


def test_what_is_deployed_in_one_is_deployed_in_the_other(
    pair: list[Process], run_folder: Path, tmp_path: Path, where: StoreSettings, runs: Path
) -> None:
    one, two = pair
    body = {"run": "later", "model": "ids", "name": "b", "use": "answering"}
    assert one.ask("POST", "/v1/models", body).status_code == 201
    assert models_of(two) == {"run": "answering"}
    two.look()
    assert models_of(two) == models_of(one) == {"run": "ready", "b": "answering"}
    listed = two.ask("POST", "/v1/recommendations", {"user": "u1"}).json()
    assert listed["model"] == "ids"
    three = Process(run_folder, tmp_path / "data 3", where, runs)  # one that starts later
    assert models_of(three) == models_of(one)
    three.close()
    assert two.ask("POST", "/v1/models", {**body, "run": "last"}).status_code == 409
    assert two.ask("POST", "/v1/models/roll-back").json()["name"] == "run"
    one.look()
    assert models_of(one) == models_of(two) == {"run": "answering", "b": "ready"}
    assert two.ask("POST", "/v1/models/b/shadow").status_code == 200
    assert one.ask("DELETE", "/v1/models/b").status_code == 204
    two.look()
    assert models_of(one) == models_of(two) == {"run": "answering"}
    assert len(two.opened.engine.models.every) == 1


def test_a_model_that_one_process_has_not_is_left_out_there(
    pair: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    body = {"run": "later", "model": "ids", "name": "b"}
    assert one.ask("POST", "/v1/models", body).status_code == 201

    def missing(folder: Path) -> Any:
        raise OSError("no such disk")

    monkeypatch.setattr("palate.serve.deploy.deployments.open_run", missing)
    two.look()
    monkeypatch.undo()
    assert models_of(two) == {"run": "answering"}
    assert models_of(one) == {"run": "ready", "b": "answering"}
    one.look()
    assert models_of(one) == {"run": "ready", "b": "answering"}  # what one lacks, others keep


def experiment(one: Process, name: str, planned: int = 1000) -> Any:
    halves = [{"model": "run", "share": 0.5}, {"model": "b", "share": 0.5}]
    body = {"name": name, "variants": halves, "planned_users": planned}
    return one.ask("POST", "/v1/experiments", body)


def figures(one: Process) -> Any:
    return one.ask("GET", "/v1/experiments").json()["experiments"]


def settle(pair: list[Process]) -> None:
    """What is shown is written by a thread; then both look."""
    for one in pair:
        one.opened.experiments.flush()
    for one in pair:
        one.look()


def test_an_experiment_is_one_in_both(pair: list[Process]) -> None:
    one, two = pair
    one.ask("POST", "/v1/models", {"run": "later", "model": "ids", "name": "b", "use": "ready"})
    two.look()
    assert experiment(one, "words").status_code == 201
    two.look()
    assert experiment(two, "other").status_code == 409
    shown = {}
    for number in range(30):
        asked, user = pair[number % 2], f"u{number}"
        answer = asked.ask("POST", "/v1/recommendations", {"user": user}).json()
        again = pair[1 - number % 2].ask("POST", "/v1/recommendations", {"user": user}).json()
        assert (again["experiment"], again["variant"]) == ("words", answer["variant"])
        shown[user] = (answer["request_id"], answer["items"][0]["item"])
    # an answer comes to the process that did not show the list, before it knows of the list
    two.opened.engine.look_at_log()
    for user in ("u0", "u1", "u2"):
        request, item = shown[user]
        event = {"user": user, "item": item, "action": "buy", "request_id": request}
        assert two.ask("POST", "/v1/events", event).status_code == 200
    settle(pair)
    assert figures(one) == figures(two)
    variants = figures(one)[0]["variants"]
    assert sum(v["users"] for v in variants) == 30
    assert sum(v["lists"] for v in variants) == 60
    assert sum(v["successes"] for v in variants) == 3
    assert two.ask("DELETE", "/v1/users/u1").status_code == 200
    settle(pair)
    assert figures(one) == figures(two)
    assert sum(v["successes"] for v in figures(one)[0]["variants"]) == 3
    for process in pair:  # whose lists they were is known to no one
        found = process.opened.experiments
        assert "'u1'" not in repr(found._lists) + repr(found._counts)
        assert "u1" not in [shown.user for shown in found._ledger.shown("words")]
    assert two.ask("DELETE", "/v1/experiments/words").status_code == 200
    one.look()
    assert figures(one) == figures(two)
    assert not figures(one)[0]["running"]
    assert one.ask("POST", "/v1/recommendations", {"user": "u1"}).json()["experiment"] == ""
    assert experiment(one, "words").status_code == 409


def test_a_process_that_starts_later_counts_what_was_shown(
    pair: list[Process], run_folder: Path, tmp_path: Path, where: StoreSettings, runs: Path
) -> None:
    one, two = pair
    one.ask("POST", "/v1/models", {"run": "later", "model": "ids", "name": "b", "use": "ready"})
    assert experiment(one, "words", planned=20).status_code == 201
    two.look()
    for number in range(24):  # the first twenty users of all processes count, in every process
        pair[number % 2].ask("POST", "/v1/recommendations", {"user": f"u{number}"})
    settle(pair)
    three = Process(run_folder, tmp_path / "data 3", where, runs)
    assert figures(one) == figures(two) == figures(three)
    assert figures(three)[0]["users"] == 20
    three.close()


def test_keys_and_rates_are_the_same_in_both(where: StoreSettings, pair: list[Process]) -> None:
    one, two = pair
    assert not one.service.keyring.required
    with opened_keys(None, None, where) as kept:
        admin, _ = new_key(kept, ["admin"])
    for process in pair:
        process.service.keyring = Keyring(process.service.keyring._kept)
        assert process.service.keyring.required
    made = one.ask("POST", "/v1/keys", {"roles": ["read"], "label": "shop"}, admin).json()
    secret = made["secret"]
    assert two.ask("GET", "/v1/live", key=secret).status_code == 401
    two.look()
    # 5 a second, 10 at once, of both together
    began = time.monotonic()
    statuses = [pair[n % 2].ask("GET", "/v1/live", key=secret).status_code for n in range(24)]
    most = 10 + 5 * (time.monotonic() - began) + 1
    assert statuses[:10] == [200] * 10
    assert 10 <= statuses.count(200) <= min(most, 23)
    revoked = two.ask("DELETE", f"/v1/keys/{made['key']['id']}", key=admin)
    assert revoked.status_code == 200
    one.look()
    assert one.ask("GET", "/v1/live", key=secret).status_code == 401
    listed = one.ask("GET", "/v1/keys", key=admin).json()["keys"]
    assert [key["revoked"] for key in listed] == [False, True]


def test_keys_in_the_folder_and_in_the_store_are_refused(
    where: StoreSettings, tmp_path: Path
) -> None:
    new_key(tmp_path / "keys.json", ["read"])
    with pytest.raises(Exception, match="where processes share a store"):
        opened_keys(tmp_path, None, where).__enter__()
    with opened_keys(tmp_path, tmp_path / "keys.json", where) as kept:
        assert Keyring(kept).required


def test_while_servers_are_away_the_last_keys_hold_and_each_process_counts(
    run_folder: Path, tmp_path: Path, runs: Path
) -> None:
    with postgres() as store, valkey() as state:
        where = StoreSettings(store.new_database(), state.new_database())
        with opened_keys(None, None, where) as kept:
            admin, _ = new_key(kept, ["admin"])
        one = Process(run_folder, tmp_path / "data", where, runs)
        one.ask("POST", "/v1/models", {"run": "later", "name": "b"}, admin)
        store.server.kill()
        state.server.kill()
        statuses = [one.ask("GET", "/v1/live", key=admin).status_code for _ in range(14)]
        assert statuses[:5] == [200] * 5
        assert 429 in statuses
        answer = one.opened.deployments
        with pytest.raises(Exception, match="does not answer"):
            answer.roll_back()
        assert one.opened.engine.model == "both"
        assert models_of_engine(one) == {"run": "answering", "b": "ready"}
        store.server.start()
        state.server.start()
        two = None
        for _ in range(40):
            try:
                one.opened.deployments.look_again()
                two = Process(run_folder, tmp_path / "data 2", where, runs)
                break
            except Exception:
                time.sleep(0.25)
        assert two is not None
        assert models_of_engine(two) == {"run": "answering", "b": "ready"}
        two.close()
        one.close()


def models_of_engine(one: Process) -> dict[str, str]:
    return {m.deployment.name: m.use for m in one.opened.deployments.listed()}
