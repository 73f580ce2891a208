"""The example of a plugin, installed as pip would install it: its parts are found by name, run in a
recipe and pass palate's contract suites, with nothing but the surface of plugins imported.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ALLOWED = {"palate.plugin", "palate.testing"}


@pytest.fixture(scope="module")
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for sys.path with the package and the `.dist-info` that importlib.metadata reads."""
    plugin, folder = repository / "examples" / "plugin", tmp_path_factory.mktemp("site")
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    shutil.copytree(plugin / "src" / "palate_next", folder / "palate_next")
    facts = folder / f"palate_next-{project['version']}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (facts / "entry_points.txt").write_text("\n".join(lines))
    return folder


def python(site: Path, folder: Path, *arguments: str) -> str:
    """What a fresh interpreter prints that has the plugin on its path."""
    path = os.pathsep.join(p for p in (str(site), os.environ.get("PYTHONPATH", "")) if p)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PALATE_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_parts_are_known_by_their_names(site: Path, tmp_path: Path) -> None:
    code = (
        "from palate import registry; print(*registry.names('scorer'), *registry.names('metric'))"
    )
    found = python(site, tmp_path, "-W", "error", "-c", code).split()
    assert {"model.next.v1", "metric.first.v1", "model.ease.v1"} <= set(found)


@pytest.mark.integration
def test_its_recipe_runs_and_its_model_answers(
    site: Path, repository: Path, tmp_path: Path
) -> None:
    # everybody walks round a circle of 20 items, so that the next step is known from the last one
    user, step = np.divmod(np.arange(60 * 8), 8)
    log = pl.DataFrame({"user_id": user, "item_id": (7 * user + step) % 20, "timestamp": step})
    log.write_csv(tmp_path / "clicks.csv")
    shutil.copy(repository / "examples" / "plugin" / "recipe.toml", tmp_path)
    python(site, tmp_path, "-m", "palate.cli", "run", "recipe.toml", "--quiet")
    rows = json.loads((tmp_path / "runs" / "next" / "leaderboard.json").read_text())
    board = {(row["model"], row["metric"]): row["value"] for row in rows if row["slice"] == "all"}
    assert board["next", "first"] == 1.0
    assert board["popularity", "first"] < 0.5
    code = "import palate; print(palate.Run('runs/next').recommend('0', 1, 'next')['item_id'][0])"
    assert python(site, tmp_path, "-c", code).strip() == "8"  # 0 has gone from 0 to 7


@pytest.mark.integration
def test_it_passes_the_contract_suites(site: Path, repository: Path, tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    shutil.copytree(repository / "examples" / "plugin" / "tests", tests)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    said = python(site, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert int(said.rpartition(" passed")[0].split()[-1]) > 20


def test_it_imports_nothing_but_the_surface(repository: Path) -> None:
    found = set()
    for file in (repository / "examples" / "plugin").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    ours = {m for m in found if m.partition(".")[0] == "palate"}
    assert {".".join(m.split(".")[:2]) for m in ours} == ALLOWED
