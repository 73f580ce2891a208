"""The commands of docs/serving.md that need a running service."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.serve.http.conftest import Starter

from palate.cli.main import build_parser

ADDRESS = "http://127.0.0.1:8765"
ID = "ID OF AN ANSWER"
"""What the page writes for the `request_id` of the answer before."""


def commands(page: Path, first: str) -> list[list[str]]:
    """The words of each command of the page that begins so."""
    found = []
    for block in re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        lines = block.replace("\\\n", " ").splitlines()
        found += [shlex.split(line) for line in lines if line.startswith(first)]
    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_every_request_of_the_page_is_answered(
    repository: Path, start: Starter, run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder, tmp_path / "runs" / "clicks-2")
    running = start("--runs", str(tmp_path / "runs"))
    asked = commands(repository / "docs" / "serving.md", "curl")
    assert len(asked) > 10
    last = ""
    for words in asked:
        changed = [word.replace(ADDRESS, running.address).replace(ID, last) for word in words]
        assert changed != words, words
        done = subprocess.run(
            [changed[0], "--fail-with-body", *changed[1:]],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (words, done.stdout)
        stream = done.stdout.startswith("event: ")
        assert stream or done.stdout == "" or json.loads(done.stdout)
        last = re.findall(r'"request_id": ?"(\w+)"', done.stdout + f'"request_id":"{last}"')[0]


def test_every_way_to_serve_is_understood(repository: Path) -> None:
    for words in commands(repository / "docs" / "serving.md", "palate serve"):
        args = build_parser().parse_args(words[1:])
        assert args.data in (Path("live/clicks"), Path("/var/lib/palate"))
