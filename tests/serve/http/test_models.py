"""Models over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from palate.runs.manifest import verified
from palate.serve.data_folder import Opened, open_engine
from palate.serve.deploy.checked import CheckedRun
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.settings import ServiceSettings


@pytest.fixture
def service(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """With a folder of runs that has a copy of the run; no second process looks at it."""

    def quick(run: Path, model: str = "") -> CheckedRun:
        return CheckedRun(model or "both", verified(run).sha256)

    monkeypatch.setattr("palate.serve.deploy.deployments.checked", quick)
    shutil.copytree(run_folder, tmp_path / "runs" / "later")
    opened: Opened = open_engine(
        run_folder, tmp_path / "data", model="both", runs=tmp_path / "runs"
    )
    settings, keyring = ServiceSettings(), Keyring(tmp_path / "keys.json")
    service = Service(
        opened.engine,
        keyring,
        settings,
        deployments=opened.deployments,
        experiments=opened.experiments,
    )
    yield service
    service.close()
    opened.close()


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(application(service), raise_server_exceptions=False) as client:
        yield client


def model_of(client: TestClient) -> str:
    return str(client.post("/v1/recommendations", json={"user": "u1"}).json()["model"])


def test_deploy_shadow_roll_back_and_delete(client: TestClient, service: Service) -> None:
    body = {"run": "later", "model": "ids", "name": "b", "use": "shadow"}
    made = client.post("/v1/models", json=body)
    assert made.status_code == 201
    assert {k: made.json()[k] for k in ("name", "run", "model", "use", "shadow")} == {
        "name": "b", "run": "later", "model": "ids", "use": "shadow", "shadow": None,
    }  # fmt: skip
    assert model_of(client) == "both"
    service.shadows.settle()
    listed = client.get("/v1/models").json()
    assert listed["answering"] == "run"
    shadow = listed["models"][1]["shadow"]
    assert (shadow["lists"], shadow["failed"]) == (1, 0)
    metrics = client.get("/metrics").text
    assert 'palate_shadow_lists_total{model="b"} 1.0' in metrics
    assert 'palate_model{model="run",use="answering"} 1.0' in metrics
    assert client.post("/v1/models/b/deploy").json()["use"] == "answering"
    assert model_of(client) == "ids"
    assert client.post("/v1/models/b/rest").status_code == 409
    assert client.post("/v1/models/b/shadow").status_code == 409
    assert client.post("/v1/models/roll-back").json()["name"] == "run"
    assert model_of(client) == "both"
    assert client.post("/v1/models/roll-back").status_code == 409
    assert client.post("/v1/models/b/rest").json()["use"] == "ready"
    assert client.delete("/v1/models/b").status_code == 204
    assert client.delete("/v1/models/b").status_code == 404


def test_a_damaged_run_is_refused_and_what_answered_goes_on(
    client: TestClient, tmp_path: Path
) -> None:
    path = next((tmp_path / "runs" / "later" / "models" / "ids").glob("*.safetensors"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    refused = client.post("/v1/models", json={"run": "later"})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert "is not the file that this run wrote" in refused.json()["what"]
    assert model_of(client) == "both"
    assert client.post("/v1/models", json={"run": "../data"}).status_code == 422


def test_only_one_is_deployed_at_a_time(client: TestClient, service: Service) -> None:
    assert service.deployments._opening.acquire(blocking=False)
    assert client.post("/v1/models", json={"run": "later"}).status_code == 409
    service.deployments._opening.release()
    assert client.post("/v1/models", json={"run": "later"}).status_code == 201
