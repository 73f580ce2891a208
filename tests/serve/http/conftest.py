"""The application over a small run, asked in process; and a real server in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from palate.serve.data_folder import Opened
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.settings import Limits, ServiceSettings


@pytest.fixture
def service(opened: Opened, tmp_path: Path) -> Iterator[Service]:
    """Without keys."""
    settings = ServiceSettings(limits=Limits(body_bytes=100_000, body_seconds=0.5))
    service = Service(opened.engine, Keyring(tmp_path / "keys.json"), settings)
    yield service
    service.close()


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """Asks the application in this process; an error of it is an answer, as for any client."""
    with TestClient(application(service), raise_server_exceptions=False) as client:
        yield client


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    seconds: float

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=10, **more)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.close()

    def close(self) -> None:
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


Starter = Callable[..., Running]


@pytest.fixture
def start(run_folder: Path, tmp_path: Path) -> Iterator[Starter]:
    """Starts `palate serve` and waits until it listens; all are killed in the end."""
    running: list[Running] = []

    def started(*more: str) -> Running:
        words = ["serve", str(run_folder), "--data", str(tmp_path / "live"), "--json"]
        at = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "palate", *words, "--port", "0", "--model", "both", *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert process.stdout is not None
        text = ""
        while not text.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            text += line
        found = Running(process, json.loads(text)["address"], time.monotonic() - at)
        running.append(found)
        return found

    yield started
    for one in running:
        if one.process.poll() is None:
            one.kill()
