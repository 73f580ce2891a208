"""The policy that a log is to tell of: probabilities of the items that it shows."""

from __future__ import annotations

import tomllib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np

from palate import registry
from palate.arrays import Doubles, Longs, Ragged, Rows
from palate.errors import BadInput
from palate.pipeline.policy import RunPolicy
from palate.policy.drawn import checked_shares
from palate.registry import PartSpec
from palate.runs.files import SUMMARY
from palate.runs.open import OpenedRun, open_run
from palate.stages import Policy
from palate.study.offpolicy.rounds import Rounds
from palate.tables import Histories, Offers

UNIFORM: Final = "uniform"
_KEYS: Final = ("run", "model", "policy")
_SOFTLY: Final = {"part": "policy.softmax.v1"}


class Target(ABC):
    """A policy over the items of a log."""

    @abstractmethod
    def probabilities(self, rounds: slice) -> Doubles:
        """float64 [n, n_items], of some rounds of the log."""


@final
@dataclass(frozen=True)
class Uniform(Target):
    """All items alike."""

    log: Rounds

    def probabilities(self, rounds: slice) -> Doubles:
        """The same number everywhere."""
        n, m = len(range(*rounds.indices(len(self.log)))), len(self.log.items)
        return np.full((n, m), 1 / m)


@final
class Scored(Target):
    """A policy that goes by the scores of a run's model for the history that the user had.

    Only items of the log compete: what else the run could show the log cannot tell of.

    Args:
        log: The rounds.
        run: The run.
        model: The model.
        policy: Goes by its scores.
        rng: For policies that draw what they go by.

    Raises:
        BadInput: The run knows hardly any item of the log.
    """

    def __init__(
        self, log: Rounds, run: OpenedRun, model: str, policy: Policy, rng: np.random.Generator
    ) -> None:
        self._log, self._policy, self._rng = log, policy, rng
        self._scorer = run.scorer(model)
        self._rows = _known_rows(log, run)
        self.known = self._rows >= 0
        self._histories = _PastOf(run, log)

    def probabilities(self, rounds: slice) -> Doubles:
        """float64 [n, n_items]; items that the run does not know are never shown."""
        scores = self._scorer.score(self._histories.of(rounds))
        own = np.where(self.known, scores[:, np.maximum(self._rows, 0)], 0).astype(np.float32)
        offers = Offers(own, np.broadcast_to(self.known, own.shape))
        return checked_shares(self._policy.probabilities(offers, self._rng), offers)


@final
class OfRun(Target):
    """A run's own `[policy]`, as its service has it before anything was learnt.

    Args:
        log: The rounds; only their items compete.
        run: The run.

    Raises:
        BadInput: The run knows hardly any item of the log.
    """

    def __init__(self, log: Rounds, run: OpenedRun) -> None:
        self._log, self._policy = log, RunPolicy(run)
        self.model = self._policy.model
        self._rows, self._histories = _known_rows(log, run), _PastOf(run, log)

    def probabilities(self, rounds: slice) -> Doubles:
        """float64 [n, n_items]; items that the run does not know are never shown."""
        column = {row: at for at, row in enumerate(self._rows.tolist()) if row >= 0}
        histories = self._histories.of(rounds)
        among = np.array(sorted(column), np.int32)
        found = np.zeros((len(histories), len(self._rows)))
        for case, shares in enumerate(self._policy.shares(histories, False, among)):
            columns = [column[row] for row in shares.items.tolist()]
            found[case, columns] = shares.probabilities
        return found


class _PastOf:
    """Histories of the run's users up to a round."""

    def __init__(self, run: OpenedRun, log: Rounds) -> None:
        self._interactions = run.data.interactions
        users = run.data.interactions.users
        of_id = None if log.user_ids is None else users.rows(log.user_ids)
        self._user = np.full(len(log), -1, np.int32) if of_id is None else of_id[log.user]
        self._time = log.time

    def of(self, rounds: slice) -> Histories:
        user = self._user[rounds]
        histories = Histories.of(self._interactions, user)
        if self._time is None or histories.times is None:
            return histories
        before = _repeated(self._time[rounds], histories.items)
        return histories.keep(histories.times < before)


def _known_rows(log: Rounds, run: OpenedRun) -> Rows:
    """int32 [n_items], rows in the run of the items of a log; -1 for unknown ones."""
    rows = run.data.catalogue.items.rows(log.items.ids)
    if not (rows >= 0).any():
        raise BadInput(
            "the run knows none of the items of the log",
            where=str(run.folder),
            allowed=f"items such as {', '.join(run.data.catalogue.items.ids[:3])}",
            next_step="give a log of the same catalogue",
        )
    return rows


def _repeated(values: Longs, rows: Ragged) -> Longs:
    return np.asarray(np.repeat(values, rows.lengths()))


def target_of(named: str, log: Rounds, rng: np.random.Generator) -> tuple[Target, str]:
    """The policy of a name, and what to call it.

    Args:
        named: "uniform", a run directory, or a TOML file with `run`, `model` and `[policy]`.
        log: The rounds.
        rng: See `Scored`.

    Raises:
        BadInput: It is nothing of these.
    """
    if named == UNIFORM:
        return Uniform(log), "every item of the log alike"
    wanted = _wanted(named)
    run = open_run(wanted.run)
    own = run.recipe.policy
    if wanted.policy is None and own is not None:
        of_run = OfRun(log, run)
        return of_run, f"{own.part.name} over {of_run.model} of {run.folder}"
    policy = wanted.policy or registry.spec(_SOFTLY, "policy")
    model = wanted.model or run.rows(SUMMARY).best_model
    target = Scored(log, run, model, policy.build(), rng)
    return target, f"{policy.name} over {model} of {run.folder}"


@dataclass(frozen=True)
class _Wanted:
    """A policy over a model of a run; None: that of the run, if it has one, else softly."""

    run: Path
    model: str
    policy: PartSpec[Policy] | None


def _wanted(named: str) -> _Wanted:
    path = Path(named)
    if path.is_dir():
        return _Wanted(path, "", None)
    if path.is_file():
        return _read(path)
    raise BadInput(
        f'there is no policy "{named}"',
        where="--policy",
        allowed='"uniform", a run directory, or a TOML file with run, model and [policy]',
    )


def _read(path: Path) -> _Wanted:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"it is no TOML: {error}", where=str(path)) from error
    unknown = [key for key in table if key not in _KEYS]
    if unknown or not isinstance(table.get("run"), str):
        raise BadInput(
            f'unknown key "{unknown[0]}"' if unknown else "it names no run",
            where=str(path),
            allowed=", ".join(_KEYS),
            next_step='run = "runs/mine"',
        )
    policy = registry.spec(table.get("policy", _SOFTLY), "policy", "policy")
    return _Wanted(path.parent / table["run"], str(table.get("model", "")), policy)
