"""What a browser gets: files with their headers; pages that hold no script and nothing of a run."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from palate.serve.http.app import OPERATIONS
from palate.serve.http.openapi import document
from palate.serve.page import assets
from palate.serve.page.reference import ADDRESS, groups

STATIC = Path(assets.__file__).parent / "static"
VENDORED = json.loads((STATIC / "vendor" / "vendored.json").read_text())


@pytest.mark.parametrize("entry", VENDORED, ids=lambda entry: entry["file"])
def test_what_is_vendored_is_what_was_taken(entry: dict[str, str]) -> None:
    content = (STATIC / "vendor" / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert entry["version"]
    assert entry["licence"]


def test_every_vendored_file_is_named_with_its_licence() -> None:
    beside = {"vendored.json", "LICENSES.txt"}
    files = {path.name for path in (STATIC / "vendor").iterdir()}
    assert files - beside == {entry["file"] for entry in VENDORED}
    text = (STATIC / "vendor" / "LICENSES.txt").read_text()
    for words in ("Jason Miller", "Leon Sorokin", "Apache License"):
        assert words in text


def addresses(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_lets_nothing_else_run(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for response in (answer, *map(client.get, addresses(answer.text))):
        assert response.status_code == 200
        policy = response.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    assert not re.search(r"<script(?![^>]* src=)", answer.text)
    assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)
    # nothing is asked of anybody else
    assert not re.search(r"(?:src|href)=\"(?!/|#)", answer.text)


def test_files_are_kept_and_named_by_what_they_hold(client: TestClient) -> None:
    first, *_ = addresses(client.get("/").text)
    assert "immutable" in client.get(first).headers["cache-control"]
    digest = first.split("/")[2]
    modules = [name for name in assets.read_assets().found if name.endswith(".js")]
    assert len(modules) > 6
    for name in modules:
        answer = client.get(f"/assets/{digest}/{name}")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    for path in (
        f"/assets/{'0' * 16}/app.js",
        f"/assets/{digest}/none.js",
        f"/assets/{digest}/../routes.py",
        f"/assets/{digest}/%2e%2e/routes.py",
        f"/assets/{digest}//etc/passwd",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_pages_say_nothing_of_the_run(client: TestClient) -> None:
    text = client.get("/").text + client.get("/docs").text
    for word in ("by-words", "i17", "u17", "violin"):
        assert word not in text


def test_every_module_is_short_and_evaluates_nothing() -> None:
    for path in STATIC.glob("*.js"):
        text = path.read_text()
        assert len(text.splitlines()) <= 400, path
        for forbidden in (
            "eval(",
            "innerHTML",
            "dangerouslySet",
            "new Function",
            "http://",
            "https://",
        ):
            assert forbidden not in text, (path, forbidden)


def test_the_description_as_a_page_has_every_route(client: TestClient) -> None:
    page = client.get("/docs").text
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page
        assert operation.path in page
    routes = [route for group in groups(document(OPERATIONS)) for route in group.routes]
    assert {route.name for route in routes} == {operation.name for operation in OPERATIONS}


def parsed(command: str) -> dict[str, Any]:
    """What a curl command asks."""
    words = shlex.split(command.replace("\\\n", " "))
    options = {"-X": "method", "-d": "content", "-H": "header"}
    found: dict[str, Any] = {"method": "POST" if "-d" in words else "GET"}
    for word, value in itertools.pairwise(words):
        if word in options:
            found[options[word]] = value
    (address,) = [word for word in words if word.startswith(ADDRESS)]
    return {**found, "path": address.removeprefix(ADDRESS)}


def test_every_command_of_the_page_is_understood(client: TestClient) -> None:
    for group in groups(document(OPERATIONS)):
        for route in group.routes:
            asked = parsed(route.command)
            answer = client.request(asked["method"], asked["path"], content=asked.get("content"))
            assert asked["method"] == route.method
            # the example's user or item may be none of this run's
            assert answer.status_code < 300 or "there is no such" not in answer.text, route.command
            assert answer.status_code in (200, 201, 204, 404, 409), (route.command, answer.text)
            assert ("header" in asked) == bool(route.role)


def test_fields_are_told_with_their_limits() -> None:
    routes = {route.name: route for group in groups(document(OPERATIONS)) for route in group.routes}
    body = {field.name: field for field in routes["recommend"].body}
    assert body["k"].kind == "whole number, 1 to 1,000"
    assert "null" in body["user"].kind
    reply = [(field.name, field.depth) for field in routes["recommend"].reply]
    assert ("request_id", 0) in reply
    assert ("score", 1) in reply
    assert ("value", 2) in reply
    assert {field.name for field in routes["similar"].parameters} == {"id", "k", "explain"}
