"""Who may do what: every role at every route, revoked keys, rates."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from palate.errors import BadInput
from palate.serve.data_folder import Opened
from palate.serve.http.app import OPERATIONS, application
from palate.serve.http.operations import Operation
from palate.serve.http.service import Service
from palate.serve.keys import Keyring, new_key, read_keys, revoke_key
from palate.serve.rates import Rates
from palate.serve.refusals import NotFound
from palate.serve.settings import Limits, ServiceSettings

ALLOWED = {
    "read": {
        "recommend",
        "next_page",
        "rows",
        "rank",
        "similar",
        "search",
        "read_item",
        "item_words",
        "live_figures",
        "list_models",
        "list_experiments",
        "drift",
        "metrics",
    },
    "event": {"post_events"},
    "admin": {o.name for o in OPERATIONS},
}
OPEN = {"live", "ready"}


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """One key of each role."""
    return {role: new_key(tmp_path / "keys.json", [role])[0] for role in ALLOWED}


@pytest.fixture
def client(opened: Opened, keys: dict[str, str], tmp_path: Path) -> Iterator[TestClient]:
    settings = ServiceSettings(limits=Limits(per_second=10_000))
    service = Service(opened.engine, Keyring(tmp_path / "keys.json"), settings)
    with TestClient(application(service)) as client:
        yield client
    service.close()


def ask(client: TestClient, operation: Operation, secret: str | None) -> int:
    headers = {} if secret is None else {b"Authorization": b"Bearer " + secret.encode("latin-1")}
    path = operation.path.replace("{id}", "i1")
    return client.request(
        operation.method, path, headers=headers, json=operation.example
    ).status_code


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_role_at_every_route(
    client: TestClient, keys: dict[str, str], operation: Operation
) -> None:
    wrong = f"{keys['admin'][:-3]}xyz"
    for secret in (None, "", "nonsense", "a_b_c", wrong, "palate_\u00e9_x"):
        status = ask(client, operation, secret)
        assert status == 401 if operation.name not in OPEN else status == 200
    for role in ("read", "event", "admin"):
        status = ask(client, operation, keys[role])
        if operation.name in ALLOWED[role] | OPEN:
            assert status not in (401, 403), role
        else:
            assert status == 403, role


def test_a_key_may_have_several_roles_and_be_revoked(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("palate.serve.keys._EVERY", 0.0)
    secret, key = new_key(tmp_path / "keys.json", ["event", "read"], "shop")
    by_name = {o.name: o for o in OPERATIONS}
    assert ask(client, by_name["recommend"], secret) == 200
    assert ask(client, by_name["post_events"], secret) == 200
    assert ask(client, by_name["read_user"], secret) == 403
    revoke_key(tmp_path / "keys.json", key.id)
    assert ask(client, by_name["recommend"], secret) == 401


def test_keys_are_made_listed_and_revoked_over_http(
    client: TestClient, keys: dict[str, str]
) -> None:
    admin = {"Authorization": f"Bearer {keys['admin']}"}
    made = client.post("/v1/keys", headers=admin, json={"roles": ["read", "read"], "label": "shop"})
    assert made.status_code == 201
    secret, key = made.json()["secret"], made.json()["key"]
    assert (key["roles"], key["label"], key["revoked"]) == (["read"], "shop", False)
    mine = {"Authorization": f"Bearer {secret}"}
    assert client.get("/v1/items/i1", headers=mine).status_code == 200
    assert client.get("/v1/keys", headers=mine).status_code == 403
    known = client.get("/v1/keys", headers=admin)
    assert known.json()["required"]
    assert key in known.json()["keys"]
    assert secret not in known.text
    assert "digest" not in known.text
    assert client.delete(f"/v1/keys/{key['id']}", headers=admin).json()["revoked"]
    assert client.get("/v1/items/i1", headers=mine).status_code == 401
    assert client.delete("/v1/keys/none", headers=admin).status_code == 404
    assert client.post("/v1/keys", headers=admin, json={"roles": ["root"]}).status_code == 422


def test_without_its_file_every_key_is_refused(
    client: TestClient, keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("palate.serve.keys._EVERY", 0.0)
    (tmp_path / "keys.json").unlink()
    assert ask(client, OPERATIONS[0], keys["admin"]) == 401
    assert ask(client, OPERATIONS[0], None) == 401


def test_no_key_lies_in_the_file_and_no_one_else_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    secret, _ = new_key(path, ["read"])
    assert secret.rpartition("_")[2] not in path.read_text()
    assert os.stat(path).st_mode & 0o077 == 0
    assert new_key(path, ["read"])[0] != secret
    assert len(read_keys(path).keys) == 2


def test_what_is_no_role_no_key_or_no_file_of_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(BadInput, match='no role "root"'):
        new_key(path, ["root"])
    with pytest.raises(NotFound, match="no key"):
        revoke_key(path, "abc")
    path.write_text('{"keys": 3}')
    with pytest.raises(BadInput, match="cannot be read"):
        Keyring(path)


def test_a_key_that_asks_too_often_waits_and_the_others_do_not(
    opened: Opened, keys: dict[str, str], tmp_path: Path
) -> None:
    settings = ServiceSettings(limits=Limits(per_second=2))
    service = Service(opened.engine, Keyring(tmp_path / "keys.json"), settings)
    read = next(o for o in OPERATIONS if o.name == "read_item")
    with TestClient(application(service)) as client:
        statuses = [ask(client, read, keys["read"]) for _ in range(8)]
        assert statuses[:4] == [200] * 4
        assert 429 in statuses
        assert ask(client, read, keys["admin"]) == 200
        headers = {"Authorization": f"Bearer {keys['read']}"}
        response = client.get("/v1/items/i1", headers=headers)
        assert response.headers["retry-after"] == "1"
    service.close()


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    rates = Rates(10, lambda: now[0])
    assert [rates.taken("a") for _ in range(20)] == [0.0] * 20
    assert rates.taken("a") == pytest.approx(0.1)
    assert rates.taken("b") == 0
    now[0] = 0.35
    assert [rates.taken("a") for _ in range(3)] == [0.0] * 3
    assert rates.taken("a") > 0
    now[0] = 1000
    assert [rates.taken("a") for _ in range(20)] == [0.0] * 20
    assert rates.taken("a") > 0
