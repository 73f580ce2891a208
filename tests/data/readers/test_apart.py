from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from palate.data.readers import apart
from palate.errors import BadInput


@pytest.fixture
def good(tmp_path: Path) -> Path:
    pl.DataFrame({"user_id": [1], "item_id": [2]}).write_parquet(tmp_path / "x.parquet")
    return tmp_path / "x.parquet"


def _ends(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(
        apart.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=code, stdout="")
    )


def test_a_good_file_passes(good: Path) -> None:
    apart.try_parquet([good])


def test_a_damaged_file_is_told_as_by_the_reader(tmp_path: Path, good: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1" + b"x" * 100)
    with pytest.raises(BadInput, match="damaged or cut off") as caught:
        apart.try_parquet([good, bad])
    assert caught.value.where == str(bad)
    assert caught.value.next_step


def test_other_files_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _ends(monkeypatch, -6)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    apart.try_parquet([tmp_path / "x.csv"])


def test_a_file_that_ends_the_process_is_an_error_here(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ends(monkeypatch, -6)
    with pytest.raises(BadInput, match="ends the process"):
        apart.try_parquet([good])


def test_a_file_that_takes_for_ever_is_an_error_here(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("x", 60)

    monkeypatch.setattr(apart.subprocess, "run", slow)
    with pytest.raises(BadInput, match="over 60 s"):
        apart.try_parquet([good])


def test_what_the_child_does(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert apart.main([str(good)]) == 0
    (tmp_path / "bad.parquet").write_bytes(b"PAR1PAR1")
    assert apart.main([str(tmp_path / "bad.parquet")]) == 3
    assert '"what"' in capsys.readouterr().out
