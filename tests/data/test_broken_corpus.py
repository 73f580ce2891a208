"""Every broken file ends in a clear message with file and row: no other exception, nothing written,
quickly.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.data.broken_corpus import CASES, Broken, build

from palate.data.assemble import read, read_unseen
from palate.data.checks import check_path
from palate.data.settings import DataSettings
from palate.errors import PalateError

FEW = {"missing-ids", "bad-values", "bad-times", "duplicate-items"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name of the fault -> the broken file."""
    return {case.name: path for case, path in build(tmp_path_factory.mktemp("broken") / "corpus")}


def _listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(p), p.lstat().st_mtime_ns) for p in [folder, *folder.rglob("*")])


def _messages(path: Path) -> list[str]:
    try:
        findings = check_path(path)
    except PalateError as error:
        return [error.message()]
    return [
        " ".join([f.message, f.where, *f.examples, f.advice])
        for f in findings
        if f.severity != "note"
    ]


def _skip_where_meaningless(case: Broken) -> None:
    if case.name == "unreadable" and os.geteuid() == 0:
        pytest.skip("root may read everything")


def test_the_corpus_is_large_and_its_names_differ() -> None:
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_every_fault_is_told(case: Broken, corpus: dict[str, Path]) -> None:
    _skip_where_meaningless(case)
    path = corpus[case.name]
    folder = path if path.parent.name == "corpus" else path.parent
    before = _listing(folder)
    start = time.monotonic()
    told = _messages(path)
    assert time.monotonic() - start < 10
    assert told, "the fault was not found"
    name = path.name[:40].replace("\0", "\\x00")
    assert any(case.says in m and name in m for m in told), told
    if case.row is not None:
        assert any(case.says in m and f"row {case.row}" in m for m in told), told
    assert all(len(m) < 3000 and "Traceback" not in m for m in told)
    assert _listing(folder) == before


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_a_log_without_errors_can_be_read(
    case: Broken, corpus: dict[str, Path], tmp_path: Path
) -> None:
    _skip_where_meaningless(case)
    path = corpus[case.name]
    try:
        findings = check_path(path)
    except PalateError:
        return
    codes = {f.code for f in findings if f.severity == "warning"}
    if codes & FEW and not any(f.severity == "error" for f in findings):
        named = {"items": str(path)} if path.name.startswith("items") else {}
        if named:
            (tmp_path / "log.csv").write_text("user_id,item_id\nu,1\n", encoding="utf-8")
        log = str(tmp_path / "log.csv") if named else str(path)
        data, settings = read_unseen(DataSettings(interactions=log, **named), tmp_path)
        assert len(data.interactions) > 0
        assert codes & set(settings.drop)


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_reading_never_fails_in_another_way(
    case: Broken, corpus: dict[str, Path], tmp_path: Path
) -> None:
    # What the checks only report may be read (an impossible time is still a number), but nothing
    # else may happen.
    _skip_where_meaningless(case)
    with contextlib.suppress(PalateError):
        assert (
            len(read(DataSettings(interactions=str(corpus[case.name])), tmp_path).interactions) > 0
        )


SCRIPT = """
import resource, sys, time
from pathlib import Path
from palate.data.checks import check_path
from palate.errors import PalateError
from tests.data.broken_corpus import build
for case, path in build(Path(sys.argv[1])):
    start = time.monotonic()
    try:
        check_path(path)
    except PalateError:
        pass
    assert time.monotonic() - start < 10, case.name
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
status = Path("/proc/self/status")
if status.is_file():  # what getrusage says goes on from the process that started this one
    lines = status.read_text().splitlines()
    peak = int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
print(peak // 1024)
"""


@pytest.mark.slow
def test_the_whole_corpus_in_one_process_stays_small(tmp_path: Path, repository: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "corpus")],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1024
    assert "panicked" not in done.stderr
