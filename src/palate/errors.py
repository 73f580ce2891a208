"""Errors that say what is wrong, where, what was allowed and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class PalateError(Exception):
    """Base of every error that palate raises on purpose.

    Args:
        what: One sentence: what is wrong, with the value that was got.
        where: The file and row, the recipe key, or the argument; empty if there is no such place.
        allowed: What would have been accepted.
        next_step: What the reader can do now.
    """

    def __init__(
        self, what: str, *, where: str = "", allowed: str = "", next_step: str = ""
    ) -> None:
        self.what = what
        self.where = where
        self.allowed = allowed
        self.next_step = next_step
        super().__init__(self.message())

    def message(self) -> str:
        """All the parts on one to four lines, the place first."""
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.next_step:
            lines.append(f"  next: {self.next_step}")
        return "\n".join(lines)


class BadInput(PalateError):
    """Data that cannot be read or makes no sense."""


class BadRecipe(PalateError):
    """A recipe, setting or part name that is not understood."""


class MissingExtra(PalateError):
    """An optional library that is needed here and not installed."""


class DataUnavailable(PalateError):
    """A data set or model that could not be had from any of its sources."""


class DamagedArtefact(PalateError):
    """A stored artefact whose bytes do not match its manifest."""


class WorkerLost(PalateError):
    """A worker process that ended without an answer."""


class Refused(PalateError):
    """A result that would not be evidence, because an assumption fails."""


class SeveralProblems(PalateError):
    """Related errors, reported together so that they can be mended together."""

    def __init__(self, problems: Sequence[PalateError]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(problems)} problems\n" + "\n".join(p.message() for p in problems))

    def __reduce__(self) -> tuple[type[SeveralProblems], tuple[tuple[PalateError, ...]]]:
        # exceptions are rebuilt from their message; this one, coming back from a worker, from its
        # problems
        return type(self), (self.problems,)


class NotDrawn(UserWarning):
    """Something could not be drawn; the results beside it are whole."""


def raise_all(problems: Sequence[PalateError]) -> None:
    """Raise nothing, the only problem, or all of them together."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise SeveralProblems(problems)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A phrase that names the closest allowed name, capitals and dashes aside; an empty string if
    none is close.

    >>> nearest("interctions", ["interactions", "items"])
    'did you mean "interactions"?'
    >>> nearest("N-Users", ["n_users", "n_items"])
    'did you mean "n_users"?'
    """
    plain = {_folded(right): right for right in allowed}
    close = get_close_matches(_folded(name), plain, n=1, cutoff=0.6)
    return f'did you mean "{plain[close[0]]}"?' if close else ""


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
