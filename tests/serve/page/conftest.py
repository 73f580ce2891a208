"""A service in a process of its own, and a browser that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serve.http.conftest import client, service  # noqa: F401 - fixtures

from palate.serve.keys import new_key

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def serving(run: Path, data: Path, *more: str) -> Iterator[str]:
    """The address of a service over the run."""
    words = ["serve", str(run), "--data", str(data), "--port", "0", "--model", "both", "--json"]
    words += more
    process = subprocess.Popen(
        [sys.executable, "-m", "palate", *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    text = ""
    while not text.endswith("\n}\n"):
        line = process.stdout.readline()
        assert line, text
        text += line
    try:
        yield json.loads(text)["address"]
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: install Debian's chromium, or set CHROMIUM")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service without keys."""
    with serving(run_folder, tmp_path_factory.mktemp("open")) as address:
        yield address


@pytest.fixture(scope="module")
def with_runs(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service without keys that may deploy the run `later`, a copy of its own."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(run_folder, folder / "later")
    with serving(run_folder, folder / "data", "--runs", str(folder)) as address:
        yield address


@pytest.fixture(scope="module")
def locked(
    run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str]]]:
    """A service with keys: its address, and role -> key."""
    data = tmp_path_factory.mktemp("locked")
    keys = {role: new_key(data / "keys.json", [role])[0] for role in ("read", "event", "admin")}
    with serving(run_folder, data) as address:
        yield address, keys


class Watched:
    """A page, with everything that went wrong in it.

    Attributes:
        page: Of playwright.
        wrong: Errors, refusals of the policy, requests to anybody else.
    """

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address, self.wrong = page, address, list[str]()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", self._said)
        page.on("dialog", self._dialog)
        page.on("request", self._request)

    def go(self, place: str) -> Any:
        """Open a place of the service, and wait until it is drawn."""
        self.page.goto(f"{self.address}{place}")
        self.page.wait_for_selector("h1")
        return self.page

    def _said(self, message: Any) -> None:
        # a browser notes every refusal of the API itself; what the page makes of it is looked at
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.address):
            self.wrong.append(f"request: {request.url}")


Open = Callable[..., Watched]


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Open]:
    """Opens pages of a service; in the end nothing may have gone wrong in any of them."""
    opened: list[tuple[Any, Watched]] = []

    def open_one(address: str, width: int = 1300, theme: str = "light") -> Watched:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
        )
        watched = Watched(context.new_page(), address)
        opened.append((context, watched))
        return watched

    yield open_one
    wrong = [line for _, watched in opened for line in watched.wrong]
    for context, _ in opened:
        context.close()
    assert wrong == []


@pytest.fixture
def asks(address: str) -> Iterator[httpx.Client]:
    """Asks the service without keys itself."""
    with httpx.Client(base_url=address, timeout=60) as found:
        yield found
