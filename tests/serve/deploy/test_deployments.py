"""Models that come while the service runs, and what is refused."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from tests.serve.conftest import recipe_of
from tests.serve.engine.test_engine import items_of, send

import palate
from palate import store
from palate.errors import BadInput, Refused
from palate.runs.manifest import entries, read_manifest, verified, write_manifest
from palate.serve.data_folder import MODELS, Opened, open_engine
from palate.serve.deploy.checked import CheckedRun
from palate.serve.deploy.deployments import Deployments
from palate.serve.documents import FileDocument
from palate.serve.engine.answers import ListRequest
from palate.serve.records.items import Create, Hide
from palate.serve.refusals import Conflict, NotFound, Unavailable
from palate.tables import Event


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
    run_folder: Path,
    frames: tuple[pl.DataFrame, pl.DataFrame],
) -> Path:
    """A folder of runs: `second` of the same log and other words, `third` a copy of it, `foreign`
    of another shop.
    """
    folder = tmp_path_factory.mktemp("runs")
    log, items = frames
    palate.run(palate.read(log, items), recipe_of(seed=4), folder=folder / "second")
    shutil.copytree(folder / "second", folder / "third")
    strange = [
        frame.with_columns(pl.concat_str(pl.lit("other "), pl.col("item_id")).alias("item_id"))
        for frame in frames
    ]
    palate.run(palate.read(*strange), recipe_of(), folder=folder / "foreign")
    return folder


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second process, which takes seconds; the digests are looked at all the same."""

    def quick(run: Path, model: str = "") -> CheckedRun:
        return CheckedRun(model or "both", verified(run).sha256)

    monkeypatch.setattr("palate.serve.deploy.deployments.checked", quick)


@pytest.fixture
def opened(run_folder: Path, runs: Path, tmp_path: Path) -> Iterator[Opened]:
    opened = open_engine(run_folder, tmp_path / "data", "both", runs=runs)
    yield opened
    opened.close()


def uses(deployments: Deployments) -> dict[str, str]:
    return {one.deployment.name: one.use for one in deployments.listed()}


def test_a_run_is_checked_deployed_rolled_back_and_deleted(opened: Opened) -> None:
    deployments, engine = opened.deployments, opened.engine
    assert uses(deployments) == {"run": "answering"}
    send(engine, Event("new", "i5"))
    engine.change_items([Create("n1", {"title": "violin"}), Hide("i7")]).result(10)
    assert deployments.deploy("second", "ids") == "second"  # in a process of its own
    assert uses(deployments) == {"run": "ready", "second": "answering"}
    assert engine.recommend(ListRequest("new")).model == "ids"
    every = items_of(engine.recommend(ListRequest("new", k=80)))
    assert "n1" in every
    assert "i7" not in every
    with pytest.raises(Conflict, match="answers"):
        deployments.remove("second")
    assert deployments.roll_back() == "run"
    assert engine.recommend(ListRequest("new")).model == "both"
    with pytest.raises(Conflict, match="no model answered before"):
        deployments.roll_back()
    deployments.remove("second")
    assert uses(deployments) == {"run": "answering"}
    with pytest.raises(NotFound):
        deployments.use("second", "answering")


@pytest.mark.usefixtures("unchecked")
def test_a_start_over_the_same_run_keeps_nothing_anew(
    run_folder: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_engine(run_folder, tmp_path, "both", runs=runs)
    first.deployments.deploy("second", "ids", use="shadow")
    kept = (tmp_path / "models.json").read_bytes()
    first.close()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileDocument, "change", full)
    later = SimpleNamespace(time=lambda: 2_000_000_000.0)
    monkeypatch.setattr("palate.serve.deploy.deployments.time", later)
    again = open_engine(run_folder, tmp_path, "both", runs=runs)
    assert uses(again.deployments) == {"run": "answering", "second": "shadow"}
    assert (tmp_path / "models.json").read_bytes() == kept
    again.close()


@pytest.mark.usefixtures("unchecked")
def test_what_is_deployed_is_the_same_after_a_restart(
    run_folder: Path, runs: Path, tmp_path: Path
) -> None:
    first = open_engine(run_folder, tmp_path, "both", runs=runs)
    first.deployments.deploy("second", "ids", use="shadow")
    first.deployments.deploy("third", "by-words", "words")
    first.deployments.use("second", "answering")
    before = uses(first.deployments)
    assert before == {"run": "ready", "second": "answering", "words": "ready"}
    first.close()
    again = open_engine(run_folder, tmp_path, "both", runs=runs)
    assert uses(again.deployments) == before
    assert again.engine.model == "ids"
    assert again.deployments.roll_back() == "words"
    assert again.deployments.roll_back() == "run"
    again.deployments.use("words", "answering")
    again.close()
    other = open_engine(runs / "second", tmp_path, "both", runs=runs)  # the start counts
    assert uses(other.deployments) == {"second": "answering"}
    other.close()


@pytest.mark.usefixtures("unchecked")
def test_a_run_that_is_gone_after_a_restart_is_left_out(
    run_folder: Path, runs: Path, tmp_path: Path
) -> None:
    shutil.copytree(runs / "second", tmp_path / "runs" / "gone")
    first = open_engine(run_folder, tmp_path / "data", "both", runs=tmp_path / "runs")
    first.deployments.deploy("gone", "ids")
    first.close()
    shutil.rmtree(tmp_path / "runs" / "gone")
    again = open_engine(run_folder, tmp_path / "data", "both", runs=tmp_path / "runs")
    assert uses(again.deployments) == {"run": "answering"}
    assert again.engine.recommend(ListRequest("u1")).model == "both"
    again.close()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b'{"base": 3}'])
def test_a_record_that_cannot_be_read_is_no_reason_not_to_start(
    run_folder: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / MODELS).write_bytes(content)
    opened = open_engine(run_folder, tmp_path, "both")
    assert uses(opened.deployments) == {"run": "answering"}
    opened.close()
    assert json.loads((tmp_path / MODELS).read_text())["answering"] == "run"


@pytest.mark.usefixtures("unchecked")
def test_names_folders_and_models_that_are_refused(opened: Opened, tmp_path: Path) -> None:
    deploy = opened.deployments.deploy
    for run in ("no", "..", "../data", "/", str(tmp_path), ".", "second/recipe.toml"):
        with pytest.raises(BadInput, match="there is no run"):
            deploy(run)
    for name in ("a b", ".", "a/b", "x" * 65):
        with pytest.raises(BadInput, match="cannot be called"):
            deploy("second", name=name)
    with pytest.raises(Conflict, match="already"):
        deploy("second", name="run")
    with pytest.raises(BadInput, match='no model "bth"'):
        deploy("second", "bth")
    with pytest.raises(BadInput, match="no item in common"):
        deploy("foreign")
    with pytest.raises(Conflict):
        opened.deployments.use("run", "ready")
    assert uses(opened.deployments) == {"run": "answering"}
    assert opened.engine.models.every == (opened.engine.answering,)


def test_without_a_folder_of_runs_none_is_deployed(run_folder: Path, tmp_path: Path) -> None:
    opened = open_engine(run_folder, tmp_path, "both")
    with pytest.raises(Refused, match="no folder of runs"):
        opened.deployments.deploy("second")
    opened.close()


@pytest.mark.usefixtures("unchecked")
def test_a_disk_that_cannot_be_written_changes_nothing_but_a_roll_back(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(document: object, record: object, decide: object) -> None:
        raise Unavailable("the disk is full")

    deployments = opened.deployments
    deployments.deploy("second", "ids")
    monkeypatch.setattr("palate.serve.deploy.deployments.change_record", full)
    with pytest.raises(Unavailable):
        deployments.deploy("third", "by-words")
    assert uses(deployments) == {"run": "ready", "second": "answering"}
    assert len(opened.engine.models.every) == 2
    with pytest.raises(Unavailable):
        deployments.use("run", "answering")
    assert opened.engine.model == "ids"
    with pytest.raises(Unavailable):
        deployments.roll_back()
    assert opened.engine.model == "both"


def damaged(folder: Path, rng: random.Random) -> str:
    """Damage one file of a run, and say how."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size)
    path = rng.choice(files)
    content = bytearray(path.read_bytes())
    kind = rng.choice(["flip", "flips", "truncated", "longer", "swapped", "gone", "zeros"])
    if kind == "flip":
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif kind == "flips":
        for _ in range(20):
            content[rng.randrange(len(content))] = rng.randrange(256)
    elif kind == "truncated":
        del content[rng.randrange(len(content)) :]
    elif kind == "longer":
        content += rng.randbytes(9)
    elif kind == "zeros":
        content[:] = bytes(len(content))
    elif kind == "swapped":
        content[:] = rng.choice([p for p in files if p != path]).read_bytes()
    before = path.read_bytes()
    path.write_bytes(content)
    if kind == "gone" or content == before:
        path.unlink()
    return f"{kind} {path.relative_to(folder)}"


@pytest.mark.usefixtures("unchecked")
def test_200_damaged_runs_are_refused_before_they_are_parsed(
    opened: Opened, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(folder: Path) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr("palate.serve.deploy.deployments.open_run", never)
    rng, target = random.Random(7), runs / "damaged"
    for number in range(200):
        shutil.copytree(runs / "second", target)
        how = damaged(target, rng)
        refused = False
        try:
            opened.deployments.deploy("damaged")
        except BadInput:
            refused = True
        assert refused, f"{number}: {how}"
        shutil.rmtree(target)
        assert opened.engine.recommend(ListRequest("u1", k=3)).model == "both"
    assert uses(opened.deployments) == {"run": "answering"}


def test_what_kills_the_process_that_looks_at_it_is_refused(
    opened: Opened, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = runs / "changed"
    shutil.copytree(runs / "second", target)
    place = target / "models" / "ids"
    kept = store.read(place)
    assert kept is not None
    short = {name: np.ravel(array)[:1] for name, array in kept.arrays.items()}
    store.write(place, short, kept.facts, "safetensors")
    manifest = read_manifest(target)
    assert manifest is not None
    names = tuple(n for n in manifest.files if not n.startswith("models/ids/"))
    left = tuple(p.relative_to(target).as_posix() for p in place.iterdir() if p.name[0] != ".")
    made = {**manifest.__dict__, "files": entries(target, (*names, *left))}
    write_manifest(target, type(manifest)(**made))
    verified(target)
    with pytest.raises(BadInput, match="cannot be opened"):
        opened.deployments.deploy("changed", "ids")
    dying = tmp_path / "dying"
    dying.write_text("#!/bin/sh\nkill -SEGV $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr("palate.serve.deploy.checked.sys.executable", str(dying))
    with pytest.raises(BadInput, match=r"ended the process that tried \(-11\)"):
        opened.deployments.deploy("second")
    assert uses(opened.deployments) == {"run": "answering"}
    shutil.rmtree(target)
