"""Every store of events keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from palate.serve.events.sqlite import SqliteEvents
from palate.testing.event_store import EventStoreContract, Opener


class TestSqlite(EventStoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return lambda: SqliteEvents(tmp_path / "events.db")
