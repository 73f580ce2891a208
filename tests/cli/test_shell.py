"""The command from a shell: `python -m palate`, completion, exit codes as the page says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from palate.cli import main
from palate.cli.completion import script
from palate.cli.main import CODES, build_parser

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("module", ["palate", "palate.cli"])
def test_the_module_is_the_command(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout[:7]) == (0, "palate ")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        (["palate", "reco"], {"recommend"}),
        (["palate", "recommend", "--li"], {"--like"}),
        (["palate", "data", "che"], {"check"}),
        (["palate", "data", "check", "--str"], {"--strict"}),
        (["palate", "completion", "f"], {"fish"}),
    ],
)
def test_bash_completes(line: list[str], found: set[str]) -> None:
    words = " ".join(f"'{word}'" for word in line)
    asking = (
        f"{script('bash', build_parser())}\nCOMP_WORDS=({words}); COMP_CWORD={len(line) - 1}\n"
        '_palate; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", asking], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_in_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    for word in ("run", "recommend", "importance", "describe"):
        assert word in text


def test_the_page_has_every_exit_code() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert all(f"| {code} | {meaning} |" in page for code, meaning in CODES.items())


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.csv").write_text("user_id,item_id\nu,a\nu,b\nv,b\n")
    Path("twice.csv").write_text("user_id,item_id\nu,a\nu,a\nv,b\n")
    Path("empty.csv").write_text("")
    assert main(["--version"]) == 0
    assert main(["data", "check", "good.csv"]) == 0
    assert main(["data", "check", "twice.csv", "--strict"]) == 1
    assert main(["data", "check", "empty.csv"]) == 2
    assert main(["rnu"]) == 2
    assert main(["run", "nowhere.toml"]) == 2
    assert main(["recommend", "nowhere", "--user", "u"]) == 2


def test_interrupted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from palate.cli import doctor

    def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "call", stopped)
    assert main(["doctor", "-q"]) == 130


@pytest.mark.skipif(os.name == "nt", reason="pipes of a POSIX shell")
def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = (
        f"{sys.executable} -m palate doctor --json | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("0", "1")
    assert "Traceback" not in done.stderr
