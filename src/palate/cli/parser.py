"""The parser of the command line: its help and its refusals in any language that palate speaks."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NoReturn, TypeAlias

from rich.cells import cell_len

from palate.translation import LANGUAGES

Say: TypeAlias = Callable[[str], str]
"""A sentence of palate -> the same in the language of the one who reads."""

LANG: Final = "--lang"
_USAGE: Final = "usage:"
_PIECES: Final = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+")
"""A sign of Chinese, or what stands between two blanks."""
_NO_START: Final = frozenset("\uff0c\u3002\uff1b\uff1a\uff1f\uff01\uff09\u3001\u201d\u300b")
"""Punctuation that no line begins with."""


class CommandParser(argparse.ArgumentParser):
    """Like its base, and says what it says in another language once `speak` was called."""

    say: Say = staticmethod(str)

    def format_usage(self) -> str:
        """The usage, in brief."""
        return self._begun(super().format_usage())

    def format_help(self) -> str:
        """The whole help."""
        return self._begun(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, and leave with code 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {self.say(f'error: {message}')}\n")

    def _begun(self, text: str) -> str:
        return self.say(_USAGE) + text.removeprefix(_USAGE) if text.startswith(_USAGE) else text


class PlainHelp(argparse.HelpFormatter):
    """Wraps by how wide a text is on the screen: a sign of Chinese takes two places, and may end a
    line.
    """

    def _split_lines(self, text: str, width: int) -> list[str]:
        if cell_len(text) == len(text):
            return super()._split_lines(text, width)
        return wrapped(text, width)


class ExampleHelp(PlainHelp, argparse.RawDescriptionHelpFormatter):
    """The same, with description and examples as they are written."""


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many columns of a terminal.

    >>> wrapped("palate 把文字变成特征。", 12)
    ['palate 把文', '字变成特征。']
    """
    lines, line = list[str](), ""
    for piece in _PIECES.findall(text):
        if line and cell_len(line + piece) > width and piece not in _NO_START:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()]


def speak(parser: argparse.ArgumentParser, say: Say) -> None:
    """Put the help of a parser, and of all below it, into another language; in place.

    Args:
        parser: The parser.
        say: See `Say`.
    """
    for one in _parsers(parser):
        one.say = say
        one.description = _said(one.description, say)
        one.epilog = _said(one.epilog, say)
        for group in one._action_groups:
            group.title = _said(group.title, say)
        for action in one._actions:
            action.help = _said(action.help, say)
            for choice in _choices(action):
                choice.help = _said(choice.help, say)


def named_language(words: Sequence[str]) -> str | None:
    """The language that a command line names, before it is parsed: help is shown while it is.

    >>> named_language(["run", "--lang", "zh"]), named_language(["--lang=zh"]), named_language([])
    ('zh', 'zh', None)
    """
    named = [after for word, after in pairwise([*words, ""]) if word == LANG]
    named += [word.removeprefix(f"{LANG}=") for word in words if word.startswith(f"{LANG}=")]
    return next((one for one in named if one in LANGUAGES), None)


def _said(text: str | None, say: Say) -> str | None:
    if text is None or text == argparse.SUPPRESS:
        return text
    return "\n".join(_line(line, say) for line in text.split("\n"))


def _line(line: str, say: Say) -> str:
    bare = " ".join(line.split())
    found = say(bare)
    return line if found == bare else found


def _parsers(parser: argparse.ArgumentParser) -> Iterator[CommandParser]:
    if isinstance(parser, CommandParser):
        yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _parsers(below)


def _choices(action: argparse.Action) -> Sequence[argparse.Action]:
    return action._choices_actions if isinstance(action, argparse._SubParsersAction) else ()
