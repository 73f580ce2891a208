"""Trials of a search, kept in a database so that a search which was killed goes on where it
stood.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import JsonValue

from palate.errors import BadRecipe, PalateError
from palate.optional import need
from palate.recipe.settings import SearchSettings
from palate.seeding import seed_of
from palate.study.search.space import Candidate, Space

Value = Callable[[Candidate, Callable[[int, float], None]], float]
"""A candidate and a listener -> the metric on validation; the listener may end the trial by an
exception."""

State: TypeAlias = Literal["complete", "pruned", "failed"]

FILE = "search.db"
NAME = "palate"


@dataclass(frozen=True)
class Finished:
    """One trial.

    Attributes:
        number: From 0 on, in the order they began.
        state: `"complete"`, `"pruned"` (cut short, or a combination without sense) or `"failed"`.
        value: The metric on validation; None where the trial did not come to its end.
        values: What was picked.
        without: Blocks that were left out.
        seconds: Wall time.
        why: Why it failed; empty otherwise.
    """

    number: int
    state: State
    value: float | None
    values: Mapping[str, JsonValue]
    without: tuple[str, ...]
    seconds: float
    why: str = ""


class Trials:
    """The trials of one search in one folder.

    Args:
        folder: Where the database lies.
        digest: Of everything that the trials depend on; a folder with trials of another search is
            refused.
        settings: How long to search.
        seed: Trial n draws by (seed, n), so that a search which was resumed tries what one in a go
            would have.

    Raises:
        BadRecipe: The folder holds trials of another recipe or space.
        MissingExtra: Optuna is not installed.
    """

    def __init__(self, folder: Path, digest: str, settings: SearchSettings, seed: int) -> None:
        self.settings, self.seed = settings, seed
        self._optuna = need("optuna", extra="search", purpose="search for the best recipe")
        with _quiet(self._optuna):
            self._storage = self._optuna.storages.RDBStorage(
                f"sqlite:///{(folder / FILE).resolve()}"
            )
            self._study = self._optuna.create_study(
                study_name=NAME, storage=self._storage, direction="maximize", load_if_exists=True
            )
        stored = self._study.user_attrs.get("digest")
        if stored not in (None, digest):
            self.close()
            raise BadRecipe(
                "the trials here belong to another recipe, space or palate",
                where=str(folder),
                next_step="give another folder with --out, or delete this one",
            )
        if stored is None:
            self._study.set_user_attr("digest", digest)

    def begin(self, space: Space) -> None:
        """Put the recipe as it stands first in line, and call trials that were killed failed."""
        running = self._optuna.trial.TrialState.RUNNING
        for trial in self._study.get_trials(deepcopy=False, states=(running,)):
            self._study.tell(trial.number, state=self._optuna.trial.TrialState.FAIL)
        if not self._study.trials:
            self._study.enqueue_trial(space.as_it_stands())

    def run(self, space: Space, value: Value, done: Callable[[int], None], until: float) -> None:
        """Try candidates until there are enough, none is better any more, or the time is over.

        Args:
            space: What may vary.
            value: Fits and measures a candidate.
            done: Receives after every trial how many are finished.
            until: `time.monotonic()` at which no further trial begins.
        """
        while not self.enough() and time.monotonic() < until:
            with _quiet(self._optuna):
                self._study.sampler, self._study.pruner = self._sampler(), self._pruner()
                self._study.optimize(lambda trial: self._try(trial, space, value), n_trials=1)
            done(len(self.finished()))

    def enough(self) -> bool:
        """Whether the search is over."""
        found = self.finished()
        complete = [t for t in found if t.value is not None]
        if not complete or len(found) >= self.settings.trials:
            return len(found) >= self.settings.trials
        best = max(complete, key=lambda t: (t.value, -t.number))
        late = sum(t.number > best.number for t in found)
        return bool(self.settings.patience) and late >= self.settings.patience

    def finished(self) -> list[Finished]:
        """Trials that are over, in the order they began; those that were killed are not among
        them.
        """
        states = self._optuna.trial.TrialState
        ended: Mapping[Any, State] = {states.COMPLETE: "complete", states.PRUNED: "pruned"}
        found = []
        for trial in self._study.get_trials(deepcopy=False):
            failed: State | None = "failed" if "why" in trial.user_attrs else None
            state = ended.get(trial.state, failed)
            if state is None:
                continue
            attributes = trial.user_attrs
            seconds = (
                round(trial.duration.total_seconds(), 3) if trial.duration is not None else 0.0
            )
            found.append(
                Finished(
                    trial.number,
                    state,
                    trial.value if state == "complete" else None,
                    attributes.get("values", {}),
                    tuple(attributes.get("without", ())),
                    seconds,
                    attributes.get("why", ""),
                )
            )
        return found

    def best(self) -> Finished | None:
        """The trial of the highest value, of equal ones the first."""
        complete = [t for t in self.finished() if t.value is not None]
        return max(complete, key=lambda t: (t.value, -t.number), default=None)

    def close(self) -> None:
        """Let go of the database."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def replayed(self, space: Space, number: int) -> Candidate:
        """The candidate of a trial, picked again."""
        stored = self._study.trials[number].params
        found = space.pick(self._optuna.trial.FixedTrial(stored))
        if found is None:
            raise BadRecipe(f"trial {number} makes no recipe", where="search")
        return found

    def _try(self, trial: Any, space: Space, value: Value) -> float:
        candidate = space.pick(trial)
        if candidate is None:
            raise self._optuna.TrialPruned
        trial.set_user_attr("values", dict(candidate.values))
        trial.set_user_attr("without", list(candidate.without))

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if trial.should_prune():
                raise self._optuna.TrialPruned

        try:
            return value(candidate, report)
        except PalateError as problem:
            # A combination that a model refuses is a finding about the space, not the end of the
            # search.
            trial.set_user_attr("why", problem.message())
            return float("nan")

    def _sampler(self) -> Any:
        number = len(self._study.get_trials(deepcopy=False))
        seed = seed_of(self.seed, "search", "trial", number) % 2**32
        return self._optuna.samplers.TPESampler(n_startup_trials=self.settings.startup, seed=seed)

    def _pruner(self) -> Any:
        pruners = self._optuna.pruners
        if not self.settings.prune:
            return pruners.NopPruner()
        return pruners.MedianPruner(n_startup_trials=self.settings.startup)


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Optuna without its notices, as it was afterwards."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
