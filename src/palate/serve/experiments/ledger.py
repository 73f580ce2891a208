"""Where experiments and the lists that were shown in them are kept; in one SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, final

import msgspec

from palate.serve.database import Database
from palate.serve.experiments.experiment import Experiment

APPLICATION: Final = 0x70616C78

MIGRATIONS: Final = (
    """
    CREATE TABLE experiments (
        name TEXT PRIMARY KEY,
        experiment TEXT NOT NULL,
        figures TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE shown (
        request TEXT PRIMARY KEY,
        experiment TEXT NOT NULL,
        user TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX shown_to ON shown (user)
    """,
)
"""Scripts from each version of the schema to the next; one that was released is never changed."""


@dataclass(frozen=True)
class Shown:
    """A list that was shown in an experiment.

    Attributes:
        request: Its `request_id`.
        experiment: The experiment's name.
        user: To whom.
        number: Where processes share the lists, of its place in the order that all of them read.
    """

    request: str
    experiment: str
    user: str
    number: int = 0


@dataclass(frozen=True)
class KeptExperiment:
    """An experiment as the file has it.

    Attributes:
        experiment: The experiment.
        figures: Its last figures, once it has ended; None while it runs.
    """

    experiment: Experiment
    figures: Any = None


Choose: TypeAlias = Callable[[Sequence[KeptExperiment]], KeptExperiment]
"""All experiments -> the one that is to be kept, new or changed; may refuse."""


class ExperimentLedger(Protocol):
    """Where experiments are kept."""

    @property
    def shared(self) -> bool:
        """Whether other processes show lists too, so that all are counted as they are read."""
        ...

    def experiments(self) -> list[KeptExperiment]:
        """All of them, by name."""
        ...

    def change(self, choose: Choose) -> None:
        """Keep an experiment; its lists go once it has ended."""
        ...

    def shown(self, experiment: str, after: int = 0) -> list[Shown]:
        """Lists that were shown in an experiment that runs; of shared ones those whose number is
        above `after`, in that order.
        """
        ...

    def add(self, shown: Sequence[Shown]) -> None:
        """Keep lists that were shown: on the disk when this returns."""
        ...

    def erase(self, user: str) -> None:
        """Forget to whom lists were shown."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@final
class Ledger:
    """A file, held by one process (`ExperimentLedger`).

    Args:
        path: The file; made if it is not there.

    Raises:
        PalateError: As `palate.serve.database.Database`.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, APPLICATION, MIGRATIONS)

    def experiments(self) -> list[KeptExperiment]:
        """All of them, by name."""
        query = "SELECT experiment, figures FROM experiments ORDER BY name"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return [
            KeptExperiment(
                msgspec.json.decode(experiment, type=Experiment),
                None if figures is None else msgspec.json.decode(figures),
            )
            for experiment, figures in rows
        ]

    @property
    def shared(self) -> bool:
        """No."""
        return False

    def change(self, choose: Choose) -> None:
        """Keep an experiment; its lists go once it has ended."""
        kept = choose(self.experiments())
        name = kept.experiment.name
        figures = None if kept.figures is None else msgspec.json.encode(kept.figures).decode()
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO experiments VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " experiment = excluded.experiment, figures = excluded.figures",
                (name, msgspec.json.encode(kept.experiment).decode(), figures),
            )
            if figures is not None:
                connection.execute("DELETE FROM shown WHERE experiment = ?", (name,))

    def shown(self, experiment: str, after: int = 0) -> list[Shown]:
        """Lists that were shown in an experiment that runs: all of them, they have no numbers."""
        query = "SELECT request, experiment, user FROM shown WHERE experiment = ?"
        with self._database.reading() as connection:
            return [Shown(*row) for row in connection.execute(query, (experiment,))]

    def add(self, shown: Sequence[Shown]) -> None:
        """Keep lists that were shown: on the disk when this returns."""
        rows = [(one.request, one.experiment, one.user) for one in shown]
        with self._database.transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO shown VALUES (?, ?, ?)", rows)

    def erase(self, user: str) -> None:
        """Forget to whom lists were shown."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM shown WHERE user = ?", (user,))
        self._database.overwrite_deleted()

    def close(self) -> None:
        """Let the file go."""
        self._database.close()
