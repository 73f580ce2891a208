from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import polars as pl
import pytest

from palate.cli import main

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a log and a catalogue, and the working directory in it."""
    rows = [(f"u{u}", f"i{(u * 3 + t * t) % 30}", t) for u in range(40) for t in range(8)]
    pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row").write_csv(
        tmp_path / "log.csv"
    )
    names = [f"thing {n % 4} of kind {n % 7}" for n in range(30)]
    pl.DataFrame({"item_id": [f"i{n}" for n in range(30)], "title": names}).write_csv(
        tmp_path / "items.csv"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_help_of_every_command_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "palate demo" in capsys.readouterr().out
    for command in (
        "demo",
        "init",
        "run",
        "data",
        "encode",
        "importance",
        "select",
        "recommend",
        "serve",
        "key",
        "events",
        "prove",
        "doctor",
    ):
        assert main([command, "--help"]) == 0
        assert "examples:" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("palate ")


@pytest.mark.parametrize(
    "words", [[], ["rnu"], ["run"], ["run", "--nonsense"], ["data"], ["data", "chekc", "x"]]
)
def test_usage_errors_exit_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "usage:" in capsys.readouterr().err


def test_init_then_run_then_recommend(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "log.csv", "items.csv", "--out", "mine.toml", "-q"]) == 0
    assert "40 users" in capsys.readouterr().out
    written = (files / "mine.toml").read_text()
    assert "# What to read" in written
    assert tomllib.loads(written)["data"]["interactions"] == "log.csv"
    words = ["run", "mine.toml", "evaluate.seeds=1", "-q"]
    drop = (
        []
        if "minilm" not in written
        else ['blocks."text.minilm".part="text.tfidf.v1"', 'blocks."text.minilm".shape=[]']
    )
    drop += [] if not drop else ['blocks."text.minilm".fields=["title"]']
    assert main([*words, *drop, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["report"]).is_file()
    assert told["headline"]


@pytest.mark.integration
def test_a_saved_recipe_runs_again_wherever_it_lies(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "r.toml").write_text(
        '[data]\ninteractions = "log.csv"\n[split]\npart = "split.leave_last_out.v1"\n'
        '[models.p]\npart = "model.popularity.v1"\n'
    )
    assert main(["run", "r.toml", "-q"]) == 0
    (files / "elsewhere").mkdir()
    shutil.move(files / "runs" / "r" / "recipe.toml", files / "elsewhere" / "copy.toml")
    monkeypatch.chdir(files / "elsewhere")
    capsys.readouterr()
    assert main(["run", "copy.toml", "--out", "again", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "r"


def test_init_does_not_write_over_a_recipe(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "recipe.toml").write_text("mine")
    assert main(["init", "log.csv", "items.csv"]) == 2
    assert "--force" in capsys.readouterr().err
    assert (files / "recipe.toml").read_text() == "mine"


def test_errors_go_to_stderr_without_a_traceback(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "bad.toml").write_text('[modles.x]\npart = "model.ease.v1"\n')
    assert main(["run", "bad.toml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert 'did you mean "models"?' in captured.err
    assert "Traceback" not in captured.err
    assert not (files / "runs").exists()


def test_errors_as_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "absent.toml", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["where"].endswith("absent.toml")


def test_data_check_codes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "log.csv"]) == 0
    (files / "empty.csv").write_text("")
    assert main(["data", "check", "log.csv", "empty.csv"]) == 2
    assert "empty.csv" in capsys.readouterr().err
    (files / "twice.csv").write_text("user_id,item_id\nu,a\nu,a\nv,b\n")
    assert main(["data", "check", "twice.csv"]) == 0
    assert main(["data", "check", "twice.csv", "--strict"]) == 1
    capsys.readouterr()
    assert main(["data", "check", "twice.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["findings"]


def test_data_describe_and_convert(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "describe", "log.csv", "items.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["users"] == 40
    for kind in ("atomic", "parquet", "csv", "jsonl"):
        assert (
            main(["data", "convert", "log.csv", "items.csv", "--to", kind, "--out", f"made/{kind}"])
            == 0
        )
        assert any((files / "made" / kind).iterdir())


def test_data_get_names_the_nearest(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "get", "ml-100"]) == 2
    assert "ml-100k" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["parquet", "npy"])
def test_encode_writes_rows_in_the_order_of_the_items(
    files: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        '[data]\ninteractions = "log.csv"\nitems = "items.csv"\n[split]\npart ='
        ' "split.leave_last_out.v1"\n'
    )
    text += (
        '[blocks.words]\npart = "text.tfidf.v1"\nfields = ["title"]\n[models.p]\npart ='
        ' "model.popularity.v1"\n'
    )
    (files / "r.toml").write_text(text)
    assert main(["encode", "r.toml", "--out", "made", "--format", kind, "-q"]) == 0
    assert "words" in capsys.readouterr().out
    if kind == "parquet":
        made = pl.read_parquet(files / "made" / "words.parquet")
        assert made.columns == ["item_id", "present", "vector"]
        assert made["item_id"].to_list() == [f"i{n}" for n in range(30)]
    else:
        assert (files / "made" / "items.txt").read_text().split() == [f"i{n}" for n in range(30)]


def test_encode_dry_run_says_what_would_be_done_and_does_nothing(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_CACHE", str(files / "cache"))
    text = (
        '[data]\ninteractions = "log.csv"\nitems = "items.csv"\n[split]\npart ='
        ' "split.leave_last_out.v1"\n'
    )
    text += (
        '[blocks.words]\npart = "text.hashing.v1"\nfields = ["title"]\n[models.p]\npart ='
        ' "model.popularity.v1"\n'
    )
    text += '[blocks.paid]\npart = "text.http.v1"\nfields = ["title"]\nprice = 1.0\n'
    text += (
        '[[blocks.paid.adapt]]\npart = "adapt.residual.v1"\n[blocks.bill]\npart ='
        ' "text.http.v1"\nprice = 1.0\n'
    )
    (files / "r.toml").write_text(text)
    assert main(["encode", "r.toml", "--out", "made", "--dry-run", "--json"]) == 0
    words, paid, bill = json.loads(capsys.readouterr().out)
    assert (words["block"], words["kept"], words["seconds"]) == ("words", 0, None)
    assert words["to_compute"] == words["distinct"] > 0
    assert paid["note"] == "decided by training"
    assert bill["cost"] == pytest.approx(bill["tokens"] / 1e6) != 0
    assert not (files / "made").exists()
    assert not (files / "cache" / "rows").exists()
    assert main(["encode", "r.toml", "--dry-run", "--verify", "-q"]) == 0
    out = capsys.readouterr().out
    assert "unknown" in out
    assert "distinct" in out


def test_doctor(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) in (0, 1)
    assert "numpy" in capsys.readouterr().out
    main(["doctor", "--json"])
    assert {"what", "state", "detail"} == set(json.loads(capsys.readouterr().out)[0])


@pytest.mark.integration
def test_ctrl_c_leaves_a_state_from_which_the_same_command_finishes(files: Path) -> None:
    text = (
        '[data]\ninteractions = "log.csv"\nitems = "items.csv"\n[split]\npart ='
        ' "split.leave_last_out.v1"\n'
    )
    text += (
        '[blocks.words]\npart = "text.tfidf.v1"\nfields = ["title"]\n[models.p]\npart ='
        ' "model.popularity.v1"\n'
    )
    text += '[models.w]\npart = "model.text_kernel.v1"\nblock = "words"\n[evaluate]\nseeds = 40\n'
    (files / "r.toml").write_text(text)
    command = [sys.executable, "-m", "palate.cli", "run", "r.toml"]
    child = subprocess.Popen(
        command, stderr=subprocess.PIPE, env=ENVIRONMENT, text=True, start_new_session=True
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "fit" in line or "repeat" in line:
            break
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not (files / "runs" / "r" / "report.html").exists()
    done = subprocess.run(
        [*command, "evaluate.seeds=1", "-q"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (files / "runs" / "r" / "report.html").is_file()
    assert not [p for p in (files / "runs" / "r").rglob(".*") if p.is_file()]
