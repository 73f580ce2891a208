"""`palate serve`, `palate key` and `palate events import` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from palate.cli import main, serve
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.settings import ServiceSettings


def answer(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> object:
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_keys_are_made_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path)]
    made = answer(
        capsys, "key", "new", "--role", "event", "--role", "read", "--label", "shop", *data
    )
    assert isinstance(made, dict)
    assert (made["roles"], made["label"]) == (["read", "event"], "shop")
    (row,) = answer(capsys, "key", "list", *data)  # type: ignore[misc]
    assert (row["id"], row["roles"], row["state"]) == (made["id"], "read event", "")
    assert main(["key", "revoke", made["id"], *data]) == 0
    assert f"revoked: {made['id']}" in capsys.readouterr().out
    assert main(["key", "list", "--key-file", str(tmp_path / "keys.json")]) == 0
    assert "revoked" in capsys.readouterr().out
    assert main(["key", "new", "--role", "admin", *data]) == 0
    assert capsys.readouterr().out.startswith("palate_")


def test_keys_of_nothing_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = answer(capsys, "key", "list", code=2)
    assert "--data FOLDER" in refused["error"]["allowed"]  # type: ignore[index]
    refused = answer(capsys, "key", "revoke", "x", "--data", str(tmp_path), code=2)
    assert 'no key "x"' in refused["error"]["what"]  # type: ignore[index]


def test_a_log_is_imported_once_oldest_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = pl.DataFrame(
        {"user_id": ["u", "v", "u"], "item_id": ["a", "b", "c"], "timestamp": [30, 10, 20]}
    ).with_columns(what=pl.Series(["buy", None, "view"]))
    log.write_csv(tmp_path / "since.csv")
    words = [
        *("events", "import", str(tmp_path / "since.csv"), "action_column=what"),
        *("--data", str(tmp_path / "live")),
    ]
    assert answer(capsys, *words) == {"events": 3, "new": 3, "offset": 3}
    assert answer(capsys, *words) == {"events": 3, "new": 0, "offset": 3}
    log.write_csv(tmp_path / "the same under another name.csv")
    words[2] = str(tmp_path / "the same under another name.csv")
    assert answer(capsys, *words) == {"events": 3, "new": 0, "offset": 3}
    store = SqliteEvents(tmp_path / "live" / "events.db")
    events = [stored.event for stored in store.read()]
    assert [(e.user, e.item, e.time, e.action) for e in events] == [
        ("v", "b", 10, ""),
        ("u", "c", 20, "view"),
        ("u", "a", 30, "buy"),
    ]
    held = answer(capsys, *words, code=2)
    assert "another process" in held["error"]["what"]  # type: ignore[index]
    store.close()


def test_an_import_of_nothing_that_can_be_read_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(
        capsys, "events", "import", str(tmp_path / "no.csv"), "--data", str(tmp_path / "x"), code=2
    )
    assert not (tmp_path / "x").exists()


def test_a_run_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = answer(capsys, "serve", str(tmp_path / "no"), "--port", "0", code=2)
    assert refused["error"]["what"]  # type: ignore[index]
    assert not (tmp_path / "no-live").exists()
    refused = answer(capsys, "serve", str(tmp_path / "no"), "--threads", "0", code=2)
    assert "threads" in refused["error"]["where"]  # type: ignore[index]


def test_missing_libraries_are_named_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("palate.serve.extras.has", lambda module: module == "msgspec")
    refused = answer(capsys, "serve", str(tmp_path / "no"), code=2)
    assert refused["error"]["what"].startswith(  # type: ignore[index]
        "starlette, uvicorn, prometheus_client, sse_starlette are needed to serve a run"
    )
    assert refused["error"]["next"] == "pip install 'palate[serve]'"  # type: ignore[index]


def test_the_defaults_of_the_command_are_those_of_the_service() -> None:
    settings = ServiceSettings()
    assert (
        settings.host,
        settings.port,
        settings.threads,
    ) == (serve.HOST, serve.PORT, serve.THREADS)
    assert settings.limits.per_second == serve.RATE
    assert settings.learn_seconds == serve.LEARN
    assert settings.keep_lists_days == serve.KEEP_LISTS
    assert settings.lists.exhaustive_items == serve.EXHAUSTIVE
    assert (
        settings.state.recent,
        settings.state.half_life_days,
    ) == (serve.RECENT, serve.HALF_LIFE)
