"""Options from a file and from the environment, and what counts before what."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

import pytest

from palate.cli import serve
from palate.cli.configured import Configured, configurable, configured, hidden
from palate.cli.main import main
from palate.errors import BadInput, SeveralProblems


def parsed(words: list[str], environment: dict[str, str] | None = None) -> Configured:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--keep-lists", type=float, default=7.0)
    parser.add_argument("--colour", choices=("red", "blue"), default="red")
    parser.add_argument("--store", default="")
    parser.add_argument("--access-log", action="store_true")
    configurable(parser, "X_")
    return configured(parser.parse_args(words), environment or {})


def test_the_command_line_counts_before_the_environment_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('port = 1\nkeep-lists = 2\ncolour = "blue"\nrun = "a"\naccess_log = true\n')
    found = parsed(["--config", str(file), "--port", "3"], {"X_PORT": "2", "X_KEEP_LISTS": "3.5"})
    args = found.args
    assert (args.port, args.keep_lists, args.colour, args.store) == (3, 3.5, "blue", "")
    assert args.run == Path("a")
    assert args.access_log is True
    assert found.origin == {
        "run": "file",
        "port": "command line",
        "keep_lists": "environment",
        "colour": "file",
        "store": "default",
        "access_log": "file",
    }


@pytest.mark.parametrize(
    ("text", "expected"), [("1", True), ("true", True), ("No", False), ("0", False), ("", False)]
)
def test_switches_are_truth_values(text: str, expected: bool) -> None:
    assert parsed([], {"X_ACCESS_LOG": text}).args.access_log is expected


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"X_PROT": "1"}, 'did you mean "port"'),
        ({"X_PORT": "many"}, "X_PORT: 'many' is no value"),
        ({"X_COLOUR": "green"}, "red, blue"),
        ({"X_ACCESS_LOG": "perhaps"}, "true, false"),
    ],
)
def test_what_is_not_understood_is_refused(environment: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parsed([], environment)
    assert says in str(caught.value)


def test_faults_of_a_file_are_said_together(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text("prot = 1\nport = true\n[limits]\nx = 1\n")
    with pytest.raises(SeveralProblems) as caught:
        parsed(["--config", str(file)])
    assert len(caught.value.problems) == 3
    file.write_text("port = ")
    with pytest.raises(BadInput, match="cannot be read"):
        parsed(["--config", str(file)])
    with pytest.raises(BadInput, match="cannot be read"):
        parsed(["--config", str(tmp_path / "none.toml")])


def test_what_is_printed_is_read_again_and_hides_secrets(tmp_path: Path) -> None:
    secret = "postgresql://shop:s3cret@db/shop"
    text = parsed(["--store", secret, "--port", "1"], {"X_COLOUR": "blue"}).printed()
    assert "s3cret" not in text
    assert 'colour = "blue"  # environment' in text
    assert "# run is not set" in text
    assert tomllib.loads(text)["port"] == 1
    file = tmp_path / "again.toml"
    file.write_text(text)
    assert parsed(["--config", str(file)]).args.keep_lists == 7


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("store", "postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        ("state", "redis://:p@h/0", "redis://:***@h/0"),
        (
            "store",
            "postgresql://h/d?user=u&password=p&x=1",
            "postgresql://h/d?user=u&password=***&x=1",
        ),
        ("store", "postgresql://h/d", "postgresql://h/d"),
        ("admin_token", "p", "***"),
        ("admin_token", "", ""),
        ("key_file", "/etc/keys.json", "/etc/keys.json"),
    ],
)
def test_secrets_are_hidden(name: str, value: str, shown: str) -> None:
    assert hidden(name, value) == shown


def test_serve_without_a_run_says_where_it_may_stand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve"]) == 2
    assert "PALATE_SERVE_RUN" in capsys.readouterr().err


def test_serve_prints_what_is_in_force(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_SERVE_PORT", "9000")
    assert main(["serve", "runs/clicks", "--print-config"]) == 0
    printed = tomllib.loads(capsys.readouterr().out)
    assert (printed["port"], printed["run"]) == (9000, "runs/clicks")
    assert printed["threads"] == serve.THREADS
