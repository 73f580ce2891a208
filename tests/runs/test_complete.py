"""A run directory is complete or says that it is not, whenever its writer dies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate import store
from palate.errors import BadInput, DamagedArtefact
from palate.report import draw
from palate.runs import manifest
from palate.runs.files import ABLATION, CURVES, IMPORTANCE
from palate.runs.manifest import complete, read_manifest, unfinished
from palate.runs.open import open_run
from palate.runs.writer import RunWriter, replacing

Frames = tuple[pl.DataFrame, pl.DataFrame]


class Killed(BaseException):
    """What a kill looks like from inside: nothing catches it."""


def small(seed: int = 3) -> dict[str, Any]:
    return {
        "name": "small",
        "seed": seed,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "words"},
            "all": {"part": "model.blend.v1", "members": ["ids", "words"]},
        },
        "evaluate": {
            "metrics": ["ndcg@10"],
            "controls": False,
            "ablations": False,
        },
        "report": {"users": 1, "k": 3, "map_items": 0},
    }


def made(frames: Frames, folder: Path, seed: int = 3) -> Path:
    palate.run(palate.read(*frames), small(seed), folder=folder)
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, frames: Frames) -> Path:
    return made(frames, tmp_path_factory.mktemp("runs") / "one")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, frames: Frames) -> Path:
    return made(frames, tmp_path_factory.mktemp("runs") / "two", seed=4)


def died(frames: Frames, folder: Path, at: int) -> bool:
    """Run into the folder; whether the writer died, which it does before its write number `at`."""
    done = 0
    put = store._put

    def dying(*args: Any) -> Any:
        nonlocal done
        if done == at:
            raise Killed
        done += 1
        return put(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_put", dying)
        try:
            made(frames, folder)
        except Killed:
            return True
    return False


@pytest.mark.integration
def test_every_file_of_the_run_is_named_once_it_is_complete(finished: Path) -> None:
    told = read_manifest(finished)
    assert told is not None
    assert told.state == "complete"
    assert (told.palate_version, told.leftovers, told.replacing) == (palate.__version__, (), ())
    files = {p.relative_to(finished).as_posix() for p in finished.rglob("*") if p.is_file()}
    assert set(told.files) == files - {"run.json"}
    for name, entry in told.files.items():
        assert entry.bytes == (finished / name).stat().st_size
        assert entry.sha256 == store.digest_file(finished / name)


@pytest.mark.integration
def test_whoever_dies_leaves_a_folder_that_says_so_and_can_be_run_again(
    frames: Frames, tmp_path: Path
) -> None:
    folder = tmp_path / "dying"
    at = 0
    while died(frames, folder, at):
        # before its first write the run has changed nothing; from then on it says so
        assert unfinished(folder)
        with pytest.raises(BadInput, match=r"no finished run|no run here"):
            open_run(folder)
        if at > 0:
            run = palate.Run(folder)
            assert "unfinished" in repr(run)
            with pytest.raises(BadInput, match="no finished run"):
                run.leaderboard()
            assert 'class="tag">unfinished' in draw(folder).read_text(encoding="utf-8")
        at += 1
    assert at > 25
    assert complete(folder).state == "complete"
    assert palate.Run(folder).recommend("u1", 3).height == 3
    assert 'class="tag">unfinished' not in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.integration
@pytest.mark.parametrize(
    "name", ["leaderboard.json", "recipe.toml", "models/all/manifest.json", "log/fields.parquet"]
)
def test_a_file_of_another_run_is_found(
    name: str, finished: Path, other: Path, tmp_path: Path
) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(finished, mixed)
    source = other / name
    if store.digest_file(source) == store.digest_file(mixed / name):
        source.write_bytes(source.read_bytes() + b" ")  # the same data: other bytes all the same
    shutil.copy(source, mixed / name)
    with pytest.raises(BadInput, match=rf"{name} is not the file that this run wrote"):
        open_run(mixed)
    (mixed / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is missing"):
        open_run(mixed)


@pytest.mark.integration
def test_an_array_of_another_run_is_found_when_it_is_read(finished: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(finished, mixed)
    array = next((mixed / "models" / "ids").glob("*.safetensors"))
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(bytes(content))
    run = open_run(mixed)
    with pytest.raises(DamagedArtefact, match="do not match the manifest"):
        run.scorer("all")
    array.write_bytes(bytes(content) + b"x")
    with pytest.raises(BadInput, match="is not the file that this run wrote"):
        open_run(mixed)


def test_what_an_earlier_run_left_goes_and_what_palate_never_wrote_stays(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = RunWriter(folder)
    first.text("recipe.toml", "a")
    first.write(ABLATION, ())
    first.finish()
    (folder / "notes.txt").write_text("mine")
    killed = RunWriter(folder)
    killed.write(CURVES, {})  # never finished
    assert unfinished(folder)
    second = RunWriter(folder)
    second.text("recipe.toml", "b")
    second.finish()
    there = {p.name for p in folder.iterdir()}
    assert there == {"recipe.toml", "notes.txt", "run.json"}
    assert set(complete(folder).files) == {"recipe.toml"}


def test_files_made_anew_are_taken_up_in_one_step(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path)
    writer.text("recipe.toml", "a")
    writer.write(IMPORTANCE, ())
    with pytest.raises(BadInput, match="no finished run"), replacing(tmp_path, ["worth.json"]):
        pass
    writer.finish()
    with replacing(tmp_path, ["importance.json", "worth.json"]):
        store.write_text(tmp_path / "importance.json", "[1]")
        store.write_text(tmp_path / "worth.json", "{}")
    assert set(complete(tmp_path).files) == {"recipe.toml", "importance.json", "worth.json"}
    with pytest.raises(Killed):
        cut_off(tmp_path)
    told = complete(tmp_path)  # the run itself is whole
    assert told.replacing == ("importance.json",)
    with pytest.raises(BadInput, match=r"importance\.json was being made again"):
        manifest.check_file(tmp_path, told, "importance.json")
    manifest.check_file(tmp_path, told, "worth.json")
    with replacing(tmp_path, ["importance.json"]):
        store.write_text(tmp_path / "importance.json", "[2]")
    assert complete(tmp_path).replacing == ()


def cut_off(folder: Path) -> None:
    with replacing(folder, ["importance.json"]):
        store.write_text(folder / "importance.json", "[2]")
        raise Killed


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": "done", "palate_version": "1"}'])
def test_a_manifest_that_says_nothing_is_no_complete_run(content: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("")
    assert "missing" in unfinished(tmp_path)
    (tmp_path / "run.json").write_text(content)
    assert "cannot be understood" in unfinished(tmp_path)
    with pytest.raises(BadInput, match="cannot be understood"):
        complete(tmp_path)
    RunWriter(tmp_path).finish()
    assert json.loads((tmp_path / "run.json").read_text())["state"] == "complete"
