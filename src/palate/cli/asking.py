"""Questions in the terminal: an item, numbered options, and one line in reply."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TextIO

from palate.cli.console import Console
from palate.study.labelling.session import LabelSession

LONGEST = 1200
"""Letters of an item that are shown."""
# commas and digits as a Chinese keyboard may give them
_FULL_WIDTH = {0xFF0C: ",", 0x3001: ",", **{0xFF10 + n: str(n) for n in range(10)}}


def ask_in_terminal(session: LabelSession, console: Console, answers: TextIO) -> None:
    """Ask until the budget is spent, `q`, or the end of the input.

    Args:
        session: The items.
        console: Shows them, on stderr.
        answers: Lines: numbers of options, `s` cannot tell, `u` take the last one back, `q` enough.
    """
    question = session.task.question
    n_shown = 0
    while (found := session.next_item()) is not None:
        row, held_out = found
        _show(session, row, held_out, console)
        started = time.monotonic()
        line = answers.readline()
        if not line or line.strip().lower() == "q":
            return
        said = line.strip().lower()
        if said == "u":
            if session.take_back() is None:
                _say(console, console.translated("there is nothing to take back"))
            continue
        values = None if said == "s" else options_of(said, question.options, question.kind)
        if said != "s" and values is None:
            several = (
                ", several with commas between, 0 for none" if question.kind == "labels" else ""
            )
            _say(console, console.translated(f"1 to {len(question.options)}{several}; s, u or q"))
            continue
        session.give(row, values, time.monotonic() - started)
        n_shown += 1
        if n_shown % session.plan.batch == 0:
            _say(console, console.translated(session.progress().sentence))


def options_of(said: str, options: Sequence[str], kind: str) -> list[str] | None:
    """The options of "2" or "1, 3", or of their own words; None where it is neither.

    >>> options_of("2", ("red", "blue"), "label")
    ['blue']
    >>> options_of("0", ("red", "blue"), "labels")
    []
    """
    parts = [p.strip() for p in said.translate(_FULL_WIDTH).split(",") if p.strip()]
    if kind == "labels" and parts == ["0"]:
        return []
    by_word = {option.casefold(): option for option in options}
    by_word |= {str(number): option for number, option in enumerate(options, start=1)}
    chosen = [by_word.get(part.casefold()) for part in parts]
    found = list(dict.fromkeys(c for c in chosen if c is not None))
    right = bool(chosen) and None not in chosen and (kind == "labels" or len(found) == 1)
    return found if right else None


def _show(session: LabelSession, row: int, held_out: bool, console: Console) -> None:
    task = session.task
    text = task.texts[row]
    purpose = console.translated("to measure on" if held_out else "to learn from")
    more = "" if len(text) <= LONGEST else " ..."
    _say(console, "")
    _say(console, f"{task.titles[row]}   ({purpose})")
    _say(console, text[:LONGEST] + more)
    if task.question.describe:
        _say(console, f"{task.question.name}: {task.question.describe}")
    _say(console, "   ".join(f"{n} {o}" for n, o in enumerate(task.question.options, start=1)))


def _say(console: Console, line: str) -> None:
    if not console.quiet:
        console.err.print(line, markup=False)
