"""Who may do what with what: every kind of key, at every route, on every kind of object.

What a key may not do is refused before anything is said of the object; what it may do is never
refused for the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from starlette.testclient import TestClient

from palate.serve.data_folder import Opened
from palate.serve.http.app import OPERATIONS, application
from palate.serve.http.operations import Operation
from palate.serve.http.service import Service
from palate.serve.keys import ROLES, KeyFile, Keyring, new_key, read_keys, revoke_key
from palate.serve.settings import Limits, ServiceSettings

OBJECTS = ("i1", "n1", "hidden", "gone", "nothing", "u1", "a/b", "i1/hide", "..", "\x00", "\u00e9")
"""Of the run, new, hidden, deleted, none, a person, and names that are no names of a path."""
REFUSED = ("none", "nonsense", "damaged", "revoked", "expired")
"""Keys that are no keys."""


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """Kind of key -> what is sent."""
    path = tmp_path / "keys.json"
    found = {role: new_key(path, [role])[0] for role in ROLES}
    found["read event"] = new_key(path, ["read", "event"])[0]
    found |= {"none": "", "nonsense": "palate_1_2", "damaged": f"{found['admin'][:-1]}!"}
    found["revoked"], revoked = new_key(path, ["admin"])
    revoke_key(path, revoked.id)
    found["expired"], expired = new_key(path, ["admin"], days=1)
    known = read_keys(path)
    past = tuple(replace(k, expires=1) if k.id == expired.id else k for k in known.keys)
    path.write_bytes(msgspec.json.encode(KeyFile(past)))
    return found


@pytest.fixture
def client(opened: Opened, keys: dict[str, str], tmp_path: Path) -> Iterator[TestClient]:
    settings = ServiceSettings(limits=Limits(per_second=1e6))
    service = Service(opened.engine, Keyring(tmp_path / "keys.json"), settings)
    with TestClient(application(service), raise_server_exceptions=False) as client:
        yield client
    service.close()


def ask(client: TestClient, operation: Operation, secret: str, name: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    path = operation.path.replace("{id}", quote(name, safe="").replace(".", "%2E"))
    reply = client.request(operation.method, path, headers=headers, json=operation.example)
    assert reply.status_code in operation.statuses(), (operation.name, name, reply.text)
    return reply.status_code


def may(kind: str, operation: Operation) -> bool:
    return operation.role in kind.split() or kind == "admin"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_key_at_every_route_on_every_object(
    client: TestClient, keys: dict[str, str], operation: Operation
) -> None:
    admin = {"Authorization": f"Bearer {keys['admin']}"}
    for name in ("n1", "hidden", "gone"):
        assert client.post("/v1/items", json={"item": name}, headers=admin).status_code == 201
    client.post("/v1/items/hidden/hide", headers=admin)
    client.delete("/v1/items/gone", headers=admin)
    objects = OBJECTS if "{id}" in operation.path else ("",)
    cells, wrong = 0, []
    for kind, secret in keys.items():
        for name in objects:
            status = ask(client, operation, secret, name)
            if operation.role is None:
                right = status == 200
            elif kind in REFUSED:
                right = status == 401
            else:
                right = status not in (401, 403) if may(kind, operation) else status == 403
            cells += 1
            if not right:
                wrong.append((kind, name, status))
    assert wrong == []
    assert cells == len(keys) * len(objects)


def test_a_file_of_keys_that_is_damaged_later_lets_nobody_in(
    client: TestClient, keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("palate.serve.keys._EVERY", 0.0)
    read = next(o for o in OPERATIONS if o.name == "read_item")
    before = (tmp_path / "keys.json").read_bytes()
    (tmp_path / "keys.json").write_bytes(before[: len(before) // 2])
    assert [ask(client, read, keys["admin"], "i1") for _ in range(2)] == [503, 503]
    (tmp_path / "keys.json").write_bytes(before)
    assert ask(client, read, keys["admin"], "i1") == 200
