"""A run directory is complete or says that it is not, whenever its writer dies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate import store
from palate.errors import BadInput, DamagedArtefact
from palate.report import draw
from palate.runs import manifest, writer
from palate.runs.files import read
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
            made(frames, folder, seed=9)
        except Killed:
            return True
    return False


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


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
def test_whoever_dies_leaves_the_earlier_run_as_it_was(
    finished: Path, frames: Frames, tmp_path: Path
) -> None:
    folder = tmp_path / "dying"
    shutil.copytree(finished, folder)
    before, at = content(folder), 0
    while died(frames, folder, at):
        assert content(folder) == before
        assert [p.name for p in tmp_path.iterdir()] == ["dying"]
        at += 3
    assert at > 20
    assert palate.Run(folder).recipe.seed == 9
    assert [p.name for p in tmp_path.iterdir()] == ["dying"]


@pytest.mark.integration
def test_a_run_that_is_refused_costs_nothing_of_the_one_before(tmp_path: Path) -> None:
    """A second log and a catalogue without words, into the folder of a run that succeeded."""
    pairs = [(f"u{u}", (3 * u + n * n) % 20) for u in range(30) for n in range(6)]

    def log(letter: str) -> pl.DataFrame:
        named = [(u, f"{letter}{i}") for u, i in pairs]
        return pl.DataFrame(named, schema=["user_id", "item_id"], orient="row")

    def items(letter: str, title: str | None) -> pl.DataFrame:
        ids = [f"{letter}{i}" for i in range(20)]
        titles = [title and f"{title} n{i}" for i in range(20)]
        return pl.DataFrame(
            {"item_id": ids, "title": titles}, schema_overrides={"title": pl.String}
        )

    folder = tmp_path / "run"
    palate.run(palate.read(log("A"), items("A", "red pot")), small(), folder=folder)
    before = content(folder)
    with pytest.raises(BadInput, match="no word occurs"):
        palate.run(palate.read(log("B"), items("B", None)), small(4), folder=folder)
    assert content(folder) == before
    run = palate.Run(folder)
    assert run.recipe.seed == 3
    assert set(run.recommend("u3", k=2)["item_id"].str.head(1)) == {"A"}


KILLED = """
import os, sys
import polars as pl, palate
from palate.runs.writer import RunWriter
log = pl.DataFrame({"user_id": [1, 1, 2, 2] * 5, "item_id": [1, 2, 3, 1] * 5})
RunWriter.finish = lambda self: os._exit(9)
palate.run(
    palate.read(log),
    {"split": {"part": "split.ratio.v1"}, "models": {"p": {"part": "model.popularity.v1"}}},
    folder=sys.argv[1],
)
"""


@pytest.mark.integration
def test_what_a_kill_leaves_is_named_and_the_next_run_removes_it(
    frames: Frames, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert done.returncode == 9
    (left,) = tmp_path.iterdir()
    with pytest.raises(BadInput, match="only what one left that was cut off") as told:
        palate.Run(folder)
    assert str(left) in str(told.value)
    made(frames, folder)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def written(folder: Path, text: str, *others: str) -> Path:
    """A whole run with few files."""
    with RunWriter(folder) as writer:
        writer.text("recipe.toml", text)
        for name in others:
            writer.text(name, text)
        writer.finish()
    return folder


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("foreign", [False, True], ids=["only a run", "with files of others"])
def test_cut_off_while_one_run_takes_the_place_of_another(
    at: int, foreign: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "run", "a", "a.json", "deep/a.json")
    if foreign:
        (folder / "notes.txt").write_text("mine")
    moved = os.replace if foreign else os.rename
    calls = 0

    def dying(a: Any, b: Any) -> None:
        nonlocal calls
        if not (foreign and str(a).endswith(".part")):
            calls += 1
            if calls == at + 1:
                raise Killed
        moved(a, b)

    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(os, moved.__name__, dying)
        written(folder, "b", "b.json", "deep/b.json")
    if (folder / "run.json").is_file():
        with suppress(BadInput):
            complete(folder)  # never a mixture that reads as a run
            assert set(content(folder)) - {"notes.txt"} in (
                {"recipe.toml", "a.json", "deep/a.json", "run.json"},
                {"recipe.toml", "b.json", "deep/b.json", "run.json"},
            )
    else:
        with pytest.raises(BadInput, match="cut off"):
            complete(folder)
    with suppress(ZeroDivisionError), RunWriter(folder):
        raise ZeroDivisionError  # the next run fails, and yet has put things in order
    whole = content(folder)
    letter = whole["recipe.toml"].decode()
    assert set(complete(folder).files) == {"recipe.toml", f"{letter}.json", f"deep/{letter}.json"}
    assert set(whole) - {"notes.txt"} == {*complete(folder).files, "run.json"}
    assert ("notes.txt" in whole) is foreign
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert letter == "a" if at == 0 and not foreign else letter == "b"


def test_a_run_goes_where_its_folder_is_a_link_or_the_place_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    written(tmp_path / "link", "a", "old.json")
    assert (tmp_path / "link").is_symlink()
    assert (real / "recipe.toml").read_text() == "a"
    monkeypatch.chdir(real)
    written(Path(), "b")
    assert {p.name for p in Path().iterdir()} == {"recipe.toml", "run.json"}
    assert complete(real).files.keys() == {"recipe.toml"}


def test_two_runs_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RunWriter(folder) as first:
        first.text("recipe.toml", "a")
        written(folder, "b", "b.json")
        assert (first.folder / "recipe.toml").is_file()  # it lives, so it is nobody's left-over
        first.finish()
    assert set(content(folder)) == {"recipe.toml", "run.json"}
    assert (folder / "recipe.toml").read_text() == "a"


@pytest.mark.parametrize("content", ["a file", None])
def test_a_place_where_no_folder_can_be_is_refused(content: str | None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    place = tmp_path / "file" if content else tmp_path / "file" / "below"
    with pytest.raises(BadInput, match=r"this is a file|no folder can be made"):
        RunWriter(place)


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


@pytest.mark.integration
def test_what_was_opened_before_another_run_came_is_not_read_from_that_one(
    frames: Frames, finished: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    run = palate.Run(folder)
    assert run.recipe.seed == 3
    made(frames, folder, seed=4)
    for ask in (run.leaderboard, lambda: run.recommend("u1", 3), lambda: run.summary):
        with pytest.raises(BadInput, match="another run took the place"):
            ask()
    assert palate.Run(folder).recipe.seed == 4


@pytest.mark.integration
def test_the_page_shows_no_file_of_another_run(finished: Path, other: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(finished, mixed)
    shutil.copy(other / "leaderboard.json", mixed / "curves.json")  # a name this run never wrote
    assert "curves.json" in read(mixed).absent
    (mixed / "leaderboard.json").write_bytes((mixed / "leaderboard.json").read_bytes() + b" ")
    with pytest.raises(BadInput, match="is not the file that this run wrote"):
        draw(mixed)


def test_what_an_earlier_run_left_goes_and_what_palate_never_wrote_stays(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    written(folder, "a", "ablation.json", "models/x/facts.json")
    (folder / "notes.txt").write_text("mine")
    (folder / "models" / "notes.txt").write_text("mine")
    written(folder, "b")
    assert set(content(folder)) == {"recipe.toml", "notes.txt", "models/notes.txt", "run.json"}
    assert set(complete(folder).files) == {"recipe.toml"}


def test_an_unfinished_folder_of_an_older_version_is_put_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "recipe.toml").write_text("old")
    (folder / "curves.json").write_text("{}")
    manifest.write_manifest(
        folder, manifest.RunManifest("unfinished", "1", leftovers=("recipe.toml", "curves.json"))
    )
    assert unfinished(folder)
    assert 'class="tag">unfinished' in draw(folder).read_text(encoding="utf-8")
    (folder / "report.html").unlink()
    written(folder, "new")
    assert set(content(folder)) == {"recipe.toml", "run.json"}


def test_files_made_anew_are_taken_up_in_one_step(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(BadInput, match="no run here"), replacing(folder, ["worth.json"]):
        pass
    written(folder, "a", "importance.json")
    with replacing(folder, ["importance.json", "worth.json"]) as place:
        store.write_text(place / "importance.json", "[1]")
        store.write_text(place / "worth.json", "{}")
    assert set(complete(folder).files) == {"recipe.toml", "importance.json", "worth.json"}
    before = content(folder)
    with suppress(ZeroDivisionError), replacing(folder, ["importance.json"]) as place:
        store.write_text(place / "importance.json", "[2]")
        raise ZeroDivisionError
    assert content(folder) == before  # who fails before all is there changes nothing
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    cut_off(folder)
    told = complete(folder)  # the run itself is whole
    assert told.replacing == ("importance.json",)
    with pytest.raises(BadInput, match=r"importance\.json was being made again"):
        manifest.check_file(folder, told, "importance.json")
    manifest.check_file(folder, told, "worth.json")
    with replacing(folder, ["importance.json"]) as place:
        store.write_text(place / "importance.json", "[2]")
    assert complete(folder).replacing == ()


def cut_off(folder: Path) -> None:
    """Die between putting the files in place and saying so."""
    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        patch.setattr(writer, "entries", _killed)
        with replacing(folder, ["importance.json"]) as place:
            store.write_text(place / "importance.json", "[2]")


def _killed(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": "done", "palate_version": "1"}'])
def test_a_manifest_that_says_nothing_is_no_complete_run(content: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("")
    assert "missing" in unfinished(tmp_path)
    (tmp_path / "run.json").write_text(content)
    assert "cannot be understood" in unfinished(tmp_path)
    with pytest.raises(BadInput, match="cannot be understood"):
        complete(tmp_path)
    written(tmp_path, "a")
    assert json.loads((tmp_path / "run.json").read_text())["state"] == "complete"
