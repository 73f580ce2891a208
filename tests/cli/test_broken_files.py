"""`palate data check` of every broken file: a message, exit code 2, no traceback, nothing
written.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.data.broken_corpus import CASES, Broken, build

from palate.cli import main


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name of the fault -> the broken file."""
    return {case.name: path for case, path in build(tmp_path_factory.mktemp("broken") / "corpus")}


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_a_broken_file_ends_in_a_message_and_an_exit_code(
    case: Broken,
    corpus: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if case.name == "unreadable" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    monkeypatch.chdir(tmp_path)
    assert main(["data", "check", "--strict", str(corpus[case.name])]) in (1, 2)
    captured = capsys.readouterr()
    told = captured.err + captured.out
    assert case.says in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
