"""Help and refusals of the command line in another language."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.untranslated import english

from palate.cli.main import build_parser, main
from palate.cli.parser import ExampleHelp, wrapped

FIXED = ("Model Context Protocol", "events, items and users", "vectors and present")
"""Names in help that are the same in every language."""


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


ALL = {one.prog: one for one in parsers(build_parser("zh"))}


@pytest.mark.parametrize("prog", list(ALL))
def test_no_help_is_left_in_english(prog: str) -> None:
    one = ALL[prog]
    said = [one.description or "", *(a.help or "" for a in one._actions)]
    said += [group.title or "" for group in one._action_groups]
    assert not english("\n".join(said), *FIXED)
    assert not english((one.epilog or "").partition("palate")[0])


@pytest.mark.parametrize("prog", ["palate", "palate serve", "palate data"])
def test_lines_of_help_fit_the_terminal(prog: str, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    help_text = ALL[prog].format_help().partition("\u793a\u4f8b")[0]
    assert max(map(cell_len, help_text.splitlines())) <= 80
    assert help_text.startswith("\u7528\u6cd5\uff1a")


def test_english_help_is_as_argparse_writes_it(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for one in parsers(build_parser()):
        ours = one.format_help()
        raw = one.formatter_class is ExampleHelp
        one.formatter_class = (
            argparse.RawDescriptionHelpFormatter if raw else argparse.HelpFormatter
        )
        assert ours == one.format_help()


@given(st.text(st.sampled_from("ab \u4e00\u4e8c\uff0c\u3002"), max_size=60), st.integers(4, 20))
def test_wrapped_keeps_every_sign_and_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        # a word that is longer, or punctuation that may not begin a line, stands out
        kept = line.rstrip("\uff0c\u3002")
        assert cell_len(kept) <= width or " " not in kept.strip()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lang", "zh", "run"], "\u7f3a\u5c11\u53c2\u6570\uff1aRECIPE"),
        (["--lang=zh", "nothing"], "\u6ca1\u6709\u9009\u9879 'nothing'"),
        (["run", "a.toml", "--lang", "zh", "--nothing"], "--nothing"),
        (["ope", "a.csv", "--lang", "zh", "--seed", "x"], "'x' \u4e0d\u662f int"),
        (["run", "a.toml", "--lang", "fr"], "fr"),
    ],
)
def test_a_command_line_that_is_not_understood(words: list[str], said: str, capsys) -> None:
    assert main(words) == 2
    found = capsys.readouterr().err
    assert said in found
    if "fr" not in words:
        assert not english(found, *words)


def test_the_environment_is_heard_before_help_is_shown(capsys, monkeypatch) -> None:
    monkeypatch.setenv("PALATE_LANG", "zh")
    assert main(["--help"]) == 0
    assert "\u547d\u4ee4" in capsys.readouterr().out
    assert main(["--lang", "en", "--help"]) == 0
    assert "commands" in capsys.readouterr().out
