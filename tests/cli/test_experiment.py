"""`palate experiment` against a live service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.serve.conftest import run_folder
from tests.serve.http.conftest import Starter, start

from palate.cli.main import main
from palate.client import Client

__all__ = ["run_folder", "start"]  # fixtures


def test_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "plan", "--rate", "0.1", "--smallest", "0.02", "--json"]) == 0
    users = json.loads(capsys.readouterr().out)["users"]
    more = ["--users-a-day", "100", "--power", "0.9"]
    assert main(["experiment", "plan", "--rate", "0.1", "--smallest", "0.02", *more]) == 0
    assert "days" in capsys.readouterr().out
    assert 10_000 < users < 20_000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--rate", "1.5", "--smallest", "0.1"], "rate 1.5"),
        (["--rate", "0.5", "--smallest", "0"], "above 0"),
        (["--rate", "0.5", "--smallest", "0.1", "--power", "1"], "power 1"),
    ],
)
def test_plans_that_are_none(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["experiment", "plan", *given]) == 2
    assert said in capsys.readouterr().err


def test_start_status_stop(
    start: Starter, run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = start("--runs", str(run_folder.parent))
    url = ["--url", running.address]
    assert main(["experiment", "status", *url]) == 0
    assert "no experiment yet" in capsys.readouterr().out
    with Client(running.address) as client:
        (first,) = client.list_models().models
        client.deploy_model(run=run_folder.name, model="ids", name="b", use="ready")
        pair = ["--variant", first.name, "--variant", "b", "--users", "50", "--guard", "skip"]
        assert main(["experiment", "start", "words", *pair, *url]) == 0
        assert "runs" in capsys.readouterr().out
        for k in range(60):
            client.recommend(user=f"u{k}")
    assert main(["experiment", "status", "words", *url]) == 0
    out = capsys.readouterr().out
    assert "50 of 50 users" in out
    assert "no difference shown" in out
    assert main(["experiment", "stop", "words", "--json", *url]) == 0
    ended = json.loads(capsys.readouterr().out)
    assert (ended["running"], ended["guards"]) == (False, ["skip"])


def test_what_the_service_refuses(start: Starter, capsys: pytest.CaptureFixture[str]) -> None:
    url = ["--url", start().address]
    unknown = ["--variant", "here", "--variant", "nowhere", "--users", "50"]
    assert main(["experiment", "start", "words", *unknown, *url]) == 2
    assert "here" in capsys.readouterr().err
    assert main(["experiment", "status", "words", *url]) == 2
    assert "none has been started" in capsys.readouterr().err
    assert main(["experiment", "stop", "words", *url]) == 2
    assert "words" in capsys.readouterr().err


@pytest.mark.parametrize("shares", [["a=x", "b=0.5"], ["a=0.5", "b"]])
def test_shares(shares: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    given = [word for one in shares for word in ("--variant", one)]
    assert main(["experiment", "start", "words", *given, "--users", "50"]) == 2
    assert "MODEL=0.5" in capsys.readouterr().err
