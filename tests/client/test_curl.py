"""The commands of docs/clients.md and of /llms.txt: each is one that its route takes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.serve.http.conftest import Starter

from palate.serve.http.app import OPERATIONS
from palate.serve.http.llms import ADDRESS

WRONG = {400, 401, 403, 405, 413, 415, 422, 500}
"""What a route answers to a request that is not one of its own; that there is no such item, or that
it is there already, is an answer like any other.
"""


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_every_command_is_what_its_route_takes(repository: Path, start: Starter) -> None:
    page = (repository / "docs" / "clients.md").read_text(encoding="utf-8")
    commands = re.findall(r"^# (\w+) (/\S*)\n(curl .+)$", page, re.MULTILINE)
    assert [(method, path) for method, path, _ in commands] == [
        (operation.method, operation.path) for operation in OPERATIONS
    ]
    running = start()
    for operation, (_, _, command) in zip(OPERATIONS, commands, strict=True):
        words = [word.replace(ADDRESS, running.address) for word in shlex.split(command)]
        stream = "event-stream" in operation.name or operation.name.endswith("stream")
        more = ["--max-time", "1"] if stream else []
        asked = [*words, "-o", "/dev/null", "-w", "%{http_code}", *more]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        status = int(done.stdout)
        assert status not in WRONG, (command, status)
        assert status in operation.statuses(), (command, status)


def test_the_service_says_the_same_to_language_models(repository: Path, start: Starter) -> None:
    with start().client() as client:
        answer = client.get("/llms.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("# palate\n\n> ")
    for operation in OPERATIONS:
        assert f"`{operation.method} {operation.path}`" in answer.text
    kept = (repository / "docs" / "llms.txt").read_text(encoding="utf-8")
    assert kept.startswith(answer.text)
    for page in (repository / "docs").glob("*.md"):
        assert f"({page.name})" in kept
