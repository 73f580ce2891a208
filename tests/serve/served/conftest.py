"""A service in this process that keeps its lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from palate.serve.data_folder import SERVED, Opened, open_engine
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.served.keeper import ServedKeeper
from palate.serve.served.lists import ServedList
from palate.serve.served.store import ServedLists
from palate.serve.settings import ServiceSettings


@dataclass
class Keeping:
    """A service, and the clock of what keeps its lists."""

    opened: Opened
    service: Service
    client: TestClient
    folder: Path
    clock: list[float]

    closed: bool = False

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self.service.close()
        self.opened.close()

    def kept(self) -> list[ServedList]:
        """All lists, after the service was stopped."""
        self.close()
        store = ServedLists(self.folder / SERVED)
        try:
            return list(store.lists())
        finally:
            store.close()


@pytest.fixture
def keeping(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeping]:
    folder, clock = tmp_path / "data", [2_000_000_000.0]
    monkeypatch.setattr(
        "palate.serve.data_folder.ServedKeeper", partial(ServedKeeper, now=lambda: clock[0])
    )
    opened = open_engine(run_folder, folder, "both", keep_lists_days=7)
    keyring = Keyring(folder / "keys.json")
    service = Service(opened.engine, keyring, ServiceSettings(), opened.served)
    with TestClient(application(service)) as client:
        keeping = Keeping(opened, service, client, folder, clock)
        yield keeping
    keeping.close()
