"""`palate serve` in a process of its own: started, asked, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What came back.

    Attributes:
        status: Of HTTP.
        body: The JSON of it; None where there is none.
        headers: In lower case.
    """

    status: int
    body: Any
    headers: Mapping[str, str]


class Client:
    """One connection, which is opened again where it was lost.

    Args:
        port: Of the service on this machine.
        seconds: After which an answer is given up.
    """

    def __init__(self, port: int, seconds: float = 30.0) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=seconds)

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> Reply:
        """The answer, whatever its status.

        Raises:
            OSError, http.client.HTTPException: There was none; the next call connects anew.
        """
        content = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self.connection.request(method, path, content, headers)
            with self.connection.getresponse() as answer:
                text = answer.read()
        except BaseException:
            self.connection.close()
            raise
        said = {name.lower(): value for name, value in answer.headers.items()}
        plain = said.get("content-type", "").startswith("text/plain")
        return Reply(answer.status, None if plain or not text else json.loads(text), said)

    def close(self) -> None:
        """Let the connection go."""
        self.connection.close()


class Process:
    """The service, which keeps its port from one start to the next.

    Args:
        run: A finished run.
        data: Its data folder.
        flags: More words of the command line.
        environment: More of the environment.
    """

    def __init__(
        self,
        run: Path,
        data: Path,
        flags: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.words = [sys.executable, "-m", "palate", "serve", str(run), "--data", str(data)]
        self.words += ["--port", str(self.port), "--json", *flags]
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
        self.errors = data.parent / f"{data.name}.stderr"
        self.process: subprocess.Popen[str]

    def begin(self) -> None:
        """Start it, and do not wait until it listens."""
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(
                self.words,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=self.environment,
            )

    def start(self) -> float:
        """Start it; seconds until it is ready.

        Raises:
            RuntimeError: It ended instead.
        """
        started = time.perf_counter()
        self.begin()
        assert self.process.stdout is not None
        text, line = "", ""
        while not text.endswith("\n}\n"):  # the end of the object that it prints
            line = self.process.stdout.readline()
            text += line
            if not line:
                break
        if not line or "error" in json.loads(text):
            self._ended(60)
            raise RuntimeError(f"the service ended: {text} {self.errors.read_text()[-2000:]}")
        client = self.client()
        ready = client.ask("GET", "/health/ready")
        client.close()
        if ready.status != 200:
            raise RuntimeError(f"the service is not ready: {ready}")
        return time.perf_counter() - started

    def client(self, seconds: float = 30.0) -> Client:
        """Somebody who asks it."""
        return Client(self.port, seconds)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self._ended(10)

    def terminate(self, seconds: float = 60.0) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended(seconds)

    def resident_mb(self) -> float:
        """Memory that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def _ended(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
