"""The blocks of docs/clients.md, which ask a running service."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.serve.http.conftest import Starter

ADDRESS = "http://127.0.0.1:8765"


def test_the_blocks_of_the_page_run(
    repository: Path,
    start: Starter,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (repository / "docs" / "clients.md").read_text(encoding="utf-8")
    address = start().address
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks:
        code = block.replace(ADDRESS, address).replace("Client()", f"Client({address!r})")
        exec(compile(code, "clients.md", "exec"), names)
    assert "did you mean" in capsys.readouterr().out.splitlines()[-1]
