"""A PostgreSQL server for tests of readers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from palate.testing.servers import PASSWORD, postgres

__all__ = ["PASSWORD", "server"]


@contextmanager
def server() -> Iterator[int]:
    """The port of a server that asks user `postgres` for `PASSWORD`; skips where there is none."""
    with postgres() as running:
        yield running.port
