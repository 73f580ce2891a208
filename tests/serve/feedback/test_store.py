"""Commands over the PostgreSQL of services that share it, while they run."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient
from tests.serve.conftest import postgres_server, valkey_server
from tests.serve.events.test_shapes import GOLDEN
from tests.serve.feedback.conftest import use
from tests.serve.served.conftest import Keeping

from palate.cli.main import main
from palate.serve.data_folder import Opened, open_engine, opened_lists, opened_log, opened_records
from palate.serve.engine.answers import ListRequest
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.settings import ServiceSettings
from palate.serve.stores import StoreSettings
from palate.testing.servers import Postgres, Valkey

__all__ = ["postgres_server", "valkey_server"]


@pytest.fixture
def where(postgres_server: Postgres, valkey_server: Valkey, tmp_path: Path) -> StoreSettings:
    """Servers, and a key by which contexts of events are encrypted."""
    key = tmp_path / "value.key"
    key.write_bytes(base64.b64encode(os.urandom(32)))
    return StoreSettings(postgres_server.new_database(), valkey_server.new_database(), str(key))


@pytest.fixture
def shared(run_folder: Path, tmp_path: Path, where: StoreSettings) -> Iterator[Keeping]:
    """A service that runs."""
    folder = tmp_path / "data"
    opened = open_engine(run_folder, folder, "both", keep_lists_days=7, where=where)
    service = Service(
        opened.engine, Keyring(folder / "keys.json"), ServiceSettings(), opened.served
    )
    with TestClient(application(service)) as client:
        keeping = Keeping(opened, service, client, folder, [0.0])
        yield keeping
    keeping.close()


def kept(opened: Opened) -> None:
    """Until what was served is kept."""
    assert opened.served is not None
    opened.served.erase("nobody in particular", ())


def test_feedback_while_services_run(
    shared: Keeping, run_folder: Path, tmp_path: Path, where: StoreSettings, capsys: Any
) -> None:
    context = {"user": "u9", "item": "i9", "action": "view", "time": 5, "context": {"at": "home"}}
    assert shared.client.post("/v1/events", json=context).status_code == 200
    use(shared)
    kept(shared.opened)
    out = tmp_path / "next"
    words = ["feedback", str(run_folder), "--store", where.store, "--value-key", where.value_key]
    assert main([*words, "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lists"] == 60
    assert found["impressions"] == 600
    assert found["rows"] > 0
    assert found["answered"] > 0
    assert found["importance"]["blocks"]
    log = pl.read_parquet(out / "log.parquet")
    assert found["log_rows"] == log.height
    assert log.filter(pl.col("item_id") == "i9")["at"].to_list().count("home") == 1
    shared.client.delete("/v1/users/u1")
    assert main([*words, "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lists"] == 59
    assert "u1" not in pl.read_parquet(out / "impressions.parquet")["user_id"].to_list()


def test_lists_of_both_processes_are_kept_and_old_ones_go(
    shared: Keeping, run_folder: Path, tmp_path: Path, where: StoreSettings
) -> None:
    other = open_engine(run_folder, tmp_path / "b", "both", keep_lists_days=7, where=where)
    service = Service(other.engine, Keyring(tmp_path / "k"), ServiceSettings(), other.served)
    client = TestClient(application(service))
    answers = [
        asked.post("/v1/recommendations", json={"user": "u2", "k": 5}).json()
        for asked in (shared.client, client)
    ]
    client.post("/v1/recommendations", json={"k": 2})  # of no one in particular
    for opened in (shared.opened, other):
        kept(opened)
        assert opened.served is not None
        opened.served.erase("", ())  # another process erased somebody
    store = opened_lists(None, where)
    lists = list(store.lists())
    assert {one.request for one in lists if one.user == "u2"} == {
        answer["request_id"] for answer in answers
    }
    assert len(lists) == 3
    rows = {row.digest for row in store.feature_rows()}
    assert rows == {digest for one in lists for item in one.items for digest in item.features}
    newest = max(one.time for one in lists)
    assert store.drop_before(newest + 1, newest + 1) == 3
    assert list(store.lists()) == list(store.feature_rows()) == []
    store.close()
    service.close()
    other.close()


def test_nothing_says_whose_log(run_folder: Path, capsys: Any) -> None:
    assert main(["feedback", str(run_folder)]) != 0
    assert "nothing says whose log" in capsys.readouterr().err


def test_files_of_other_services_go_into_the_store(
    shared: Keeping, where: StoreSettings, capsys: Any
) -> None:
    shapes = {
        "gorse-feedback.json": "gorse",
        "gorse-items.json": "gorse",
        "gorse-users.jsonl": "gorse",
        "metarank.jsonl": "",
        "recombee.json": "",
        "recombee-batch.json": "",
    }
    files = {name: GOLDEN / name for name in shapes if (GOLDEN / name).is_file()}
    assert len(files) >= 4
    for _ in range(2):
        for name, path in files.items():
            words = ["events", "import", str(path), "--store", where.store, "--json"]
            words += ["--value-key", where.value_key]
            words += ["--shape", shapes[name]] if shapes[name] else []
            assert main(words) == 0
    found = json.loads("[" + capsys.readouterr().out.replace("}\n{", "},{") + "]")
    assert [one["new"] for one in found[len(files) :]] == [0] * len(files)
    n_events = sum(one["events"] for one in found[: len(files)])
    assert found[-1]["offset"] == n_events > 0
    engine = shared.opened.engine
    engine.look_at_items()
    engine.look_at_log()
    engine.change_items([]).result(20)
    assert engine.state.offset == n_events
    assert engine.item("n1")["price"] == 4
    listed = engine.search("garden rose", ListRequest(k=75)).items
    assert "n1" in {one.item for one in listed}
    records = opened_records(None, where)
    assert records.user("u1") == {"language": "en"}
    records.close()


def test_a_log_of_files_goes_into_the_store(
    shared: Keeping, tmp_path: Path, where: StoreSettings, capsys: Any
) -> None:
    file = tmp_path / "since.csv"
    file.write_text("user_id,item_id,timestamp\nu1,i1,10\nu1,i2,11\nnew,i3,12\n")
    words = ["events", "import", str(file), "--store", where.store]
    words += ["--value-key", where.value_key, "--json"]
    for _ in range(2):
        assert main(words) == 0
    assert '"new": 0' in capsys.readouterr().out
    shared.opened.engine.look_at_log()
    assert len(shared.opened.engine.history("new").items.values) == 1
    log = opened_log(None, where)
    assert len(log.read()) == 3
    log.close()
