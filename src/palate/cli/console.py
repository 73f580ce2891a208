"""What the terminal shows: results on stdout, everything else on stderr; quiet when no terminal
watches.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from typing import Any

from rich.console import Console as Terminal
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from palate.errors import PalateError, SeveralProblems
from palate.translation import ENGLISH, LANGUAGES, translator


def add_output_flags(parser: argparse.ArgumentParser) -> None:
    """The flags that every command has."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON value for machines, and nothing else"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, only the result")
    add_language(parser, default=argparse.SUPPRESS)


def add_language(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """The flag for the language of what is shown."""
    described = "language of messages and of the report (default: PALATE_LANG, else LANG, else en)"
    parser.add_argument("--lang", choices=tuple(LANGUAGES), default=default, help=described)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Recipe keys given on the command line."""
    described = "dotted recipe keys and their new values, e.g. evaluate.seeds=3"
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help=described)


class Console:
    """Prints results, progress and errors.

    It is a `palate.progress.Progress`: stages become progress bars where stderr is a terminal, one
    line each where it is not.

    Args:
        json_output: Print JSON on stdout and say nothing else.
        quiet: No progress and no remarks.
        language: Of what people read; JSON is in English always.

    Raises:
        BadInput: palate does not speak the language.
    """

    def __init__(
        self, *, json_output: bool = False, quiet: bool = False, language: str = ENGLISH
    ) -> None:
        self.json_output, self.language = json_output, language
        self._translator = translator(language)
        self.quiet = quiet or json_output
        self.out = Terminal(highlight=False, soft_wrap=True)
        self.err = Terminal(stderr=True, highlight=False, soft_wrap=True)
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""

    def result(self, value: Any, text: str = "") -> None:
        """The result: `value` as JSON with --json, else `text`."""
        if self.json_output:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
        elif text:
            self.out.print(self.translated(text), markup=False)

    def table(
        self,
        title: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        words: Collection[int] = (),
    ) -> None:
        """A table on stdout; the first column is text, the others are aligned to the right.

        Args:
            title: Of the table.
            columns: Their names.
            rows: A cell for each column.
            words: Numbers of the columns whose cells are words of palate, not names or figures:
                they are translated.
        """
        if self.json_output:
            return
        drawn = Table(
            title=self.translated(title),
            title_justify="left",
            box=None,
            pad_edge=False,
            header_style="bold",
        )
        for i, column in enumerate(columns):
            drawn.add_column(
                self.translated(column), justify="left" if i == 0 else "right", overflow="fold"
            )
        for row in rows:
            cells = [_plain(cell) for cell in row]
            drawn.add_row(*(self.translated(c) if i in words else c for i, c in enumerate(cells)))
        self.out.print(drawn)

    def error(self, error: PalateError) -> None:
        """One error, with its place and what to do next."""
        if self.json_output:
            failure = {
                "what": error.what,
                "where": error.where,
                "allowed": error.allowed,
                "next": error.next_step,
            }
            sys.stdout.write(json.dumps({"error": failure}, ensure_ascii=False, indent=1) + "\n")
        else:
            self.close()
            self.err.print(f"palate: {self._problem(error)}", style="red", markup=False)

    def interrupted(self, command: str) -> None:
        """Ctrl-C: say that nothing is lost."""
        self.close()
        if not self.quiet:
            said = "palate: interrupted; what was encoded is kept, and the same command goes on:"
            self.err.print(self.translated(f"{said} {command}"), markup=False)

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins."""
        if self.quiet:
            return
        stage = self.translated(stage)
        if not self.err.is_terminal:
            self.err.print(stage, markup=False)
            return
        if self._bars is None:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(24),
                TimeElapsedColumn(),
            )
            self._bars = Progress(*columns, console=self.err, transient=True)
            self._bars.start()
        self._task, self._stage = self._bars.add_task(stage, total=total), stage

    def advance(self, done: int, total: int | None = None) -> None:
        """The running stage advances."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=total)

    def note(self, words: str) -> None:
        """How the running stage is getting on, beside its bar."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, description=f"{self._stage} ({words})")

    def say(self, sentence: str) -> None:
        """A remark."""
        if not self.quiet:
            self.err.print(f"  {self.translated(sentence)}", style="dim", markup=False)

    def end(self) -> None:
        """The running stage is over."""
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None

    def _problem(self, error: PalateError) -> str:
        """An error's message, part by part: places and what was given stand in all languages."""
        if self._translator is None:
            return error.message()
        if isinstance(error, SeveralProblems):
            each = [self._problem(one) for one in error.problems]
            return "\n".join([self.translated(f"{len(each)} problems"), *each])
        parts = PalateError(
            self.translated(error.what),
            where=self.translated(error.where),
            allowed=error.allowed if _names(error.allowed) else self.translated(error.allowed),
            next_step=self.translated(error.next_step),
        )
        return "\n".join(map(self.translated, parts.message().split("\n")))

    def translated(self, text: str) -> str:
        """What palate says, in the language of the console."""
        return self._translator.text(text) if self._translator else text

    def close(self) -> None:
        """Take the bars away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


def _names(text: str) -> bool:
    """Whether it lists names or values, which stand as they are in every language.

    >>> _names("popularity, click"), _names("numbers from 0 on, at most 1")
    (True, False)
    """
    return not any(" " in one for one in text.split(", "))


def _plain(cell: Any) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)
