"""Lists that were drawn and not learnt from yet, and what policies learnt; in one SQLite file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import msgspec
import numpy as np

from palate.arrays import Doubles, Floats
from palate.serve.database import Database
from palate.store import Artefact

APPLICATION: Final = 0x70616C70

MIGRATIONS: Final = (
    """
    CREATE TABLE draws (
        request TEXT PRIMARY KEY,
        user TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX draws_of_user ON draws (user);
    CREATE TABLE learnt (
        policy TEXT PRIMARY KEY,
        body BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE position (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        log_offset INTEGER NOT NULL
    ) STRICT
    """,
)
"""Scripts from each version of the schema to the next; one that was released is never changed."""


@dataclass(frozen=True, eq=False)
class Draw:
    """A list that was drawn.

    Attributes:
        request: Its `request_id`.
        policy: Key of the policy.
        user: To whom; empty for no one in particular.
        time: Seconds since 1970.
        items: Ids of what was drawn.
        features: float32 [n_items, d], as the policy saw them.
        rewards: float64 [n_items], what came by now.
    """

    request: str
    policy: str
    user: str
    time: float
    items: tuple[str, ...]
    features: Floats
    rewards: Doubles


@dataclass(frozen=True, eq=False)
class Changed:
    """What one transaction keeps: all of it or none.

    Attributes:
        draws: New ones, and those that rewards came for.
        settled: Requests of draws that were learnt from, or whose user was erased.
        learnt: Key of a policy -> its state, of those that learnt.
        offset: Up to which event of the log rewards are in the draws.
    """

    draws: Iterable[Draw]
    settled: Collection[str]
    learnt: Mapping[str, Artefact]
    offset: int


@final
class KeptDraws:
    """A file, held by one process.

    Args:
        path: The file, made if it is not there; `:memory:` for none.

    Raises:
        PalateError: As `palate.serve.database.Database`.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, APPLICATION, MIGRATIONS)
        with self._database.reading() as connection:
            # a list that was drawn just before the power went is not learnt from: no event is lost
            connection.execute("PRAGMA synchronous=NORMAL")

    def draws(self) -> list[Draw]:
        """All that are not learnt from yet."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT body FROM draws").fetchall()
        return [_draw(body) for (body,) in found]

    def learnt(self, policy: str) -> Artefact | None:
        """What a policy learnt; None where it is not known."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT body FROM learnt WHERE policy = ?", (policy,)
            ).fetchone()
        return None if row is None else _artefact(row[0])

    def offset(self) -> int | None:
        """Up to which event of the log rewards are in the draws; None: nothing was ever kept."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT log_offset FROM position").fetchone()
        return None if row is None else int(row[0])

    def put(self, changed: Changed) -> None:
        """Keep all of it.

        Raises:
            Unavailable: None of it could be kept.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO draws VALUES (?, ?, ?)",
                [(one.request, one.user, _body(one)) for one in changed.draws],
            )
            connection.executemany(
                "DELETE FROM draws WHERE request = ?", [(name,) for name in changed.settled]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO learnt VALUES (?, ?)",
                [(key, _packed(state)) for key, state in changed.learnt.items()],
            )
            connection.execute("INSERT OR REPLACE INTO position VALUES (1, ?)", (changed.offset,))

    def overwrite_deleted(self) -> None:
        """See to it that no byte of draws that were taken away is left."""
        self._database.overwrite_deleted()

    def close(self) -> None:
        """Let it go."""
        self._database.close()


def _body(one: Draw) -> bytes:
    return msgspec.msgpack.encode(
        (
            *(one.request, one.policy, one.user, one.time, one.items),
            *(one.features.tobytes(), one.rewards.tobytes()),
        )
    )


def _draw(body: bytes) -> Draw:
    request, policy, user, time, items, features, rewards = msgspec.msgpack.decode(body)
    X = np.frombuffer(features, np.float32).reshape(len(items), -1)
    y = np.frombuffer(rewards, np.float64)
    return Draw(request, policy, user, float(time), tuple(items), X, y)


def _packed(state: Artefact) -> bytes:
    arrays = {
        name: (str(array.dtype), list(array.shape), np.ascontiguousarray(array).tobytes())
        for name, array in state.arrays.items()
    }
    return msgspec.msgpack.encode({"arrays": arrays, "facts": dict(state.facts)})


def _artefact(body: bytes) -> Artefact:
    found: dict[str, Any] = msgspec.msgpack.decode(body)
    arrays = {
        name: np.frombuffer(content, dtype).reshape(shape).copy()
        for name, (dtype, shape, content) in found["arrays"].items()
    }
    return Artefact(arrays, found["facts"])
