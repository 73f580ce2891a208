"""After forgetting, no file of the run holds a byte of the id, and the rest works as before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import palate
from palate import store
from palate.errors import BadInput, Refused
from palate.model.cooccurrence import Cooccurrence
from palate.runs.forget import forget
from palate.runs.manifest import complete, read_manifest
from palate.runs.open import open_run

Frames = tuple[pl.DataFrame, pl.DataFrame]

USER, ITEM = "person-4711-of-tests", "thing-0815-of-tests"
SECRET_TITLE = "planet unheardofword"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, frames: Frames) -> Path:
    log, items = frames
    log = log.with_columns(
        pl.col("user_id").replace({"u3": USER}), pl.col("item_id").replace({"i8": ITEM})
    )
    log = log.with_columns(request_id=pl.lit("request-of-") + pl.col("user_id"))
    title = pl.when(pl.col("item_id") == "i8").then(pl.lit(SECRET_TITLE)).otherwise("title")
    items = items.with_columns(title=title, item_id=pl.col("item_id").replace({"i8": ITEM}))
    folder = tmp_path_factory.mktemp("runs") / "one"
    recipe = {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "words": {"part": "text.tfidf.v1", "fields": ["title"]},
            "prices": {"part": "structured.fields.v1", "fields": ["price"]},
        },
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "words"},
            "all": {"part": "model.blend.v1", "members": ["ids", "words"]},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 60, "k": 5},
    }
    palate.run(palate.read(log, items), recipe, folder=folder)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def holding(folder: Path, text: str) -> list[str]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return sorted(
        p.relative_to(folder).as_posix() for p in files if text.encode() in p.read_bytes()
    )


def fields_of(folder: Path) -> pl.DataFrame:
    """What is known of the items; its file is packed, so that bytes say nothing."""
    return pl.read_parquet(folder / "log" / "fields.parquet")


def test_no_byte_of_a_user_is_left(folder: Path) -> None:
    before = holding(folder, USER)
    assert {"recommendations.json", "report.html"} <= set(before)
    assert any(name.startswith("log/users_text") for name in before)
    n = len(open_run(folder).data.interactions)
    done = palate.Run(folder).forget(users=[USER])
    assert holding(folder, USER) == []
    assert done.left == ()
    assert len(open_run(folder).data.interactions) == n - done.events < n


def test_no_byte_of_an_item_is_left(folder: Path) -> None:
    assert len(holding(folder, ITEM)) > 2
    assert SECRET_TITLE in fields_of(folder)["title"].to_list()
    done = palate.Run(folder).forget(items=[ITEM])
    assert holding(folder, ITEM) == []
    assert holding(folder, SECRET_TITLE) == []
    assert SECRET_TITLE not in fields_of(folder)["title"].to_list()
    assert fields_of(folder)["title"].null_count() == 1
    assert done.events > 0
    opened = open_run(folder)
    (row,) = opened.forgotten_items
    assert opened.data.catalogue.items.ids[row] == "(forgotten item 1)"
    assert row not in opened.data.interactions.item
    for block in opened.features.blocks.values():
        matrix = block.matrix if isinstance(block.matrix, np.ndarray) else block.matrix.toarray()
        assert not block.present[row]
        assert not matrix[row].any()


def test_a_forgotten_item_is_never_recommended(folder: Path) -> None:
    run = palate.Run(folder)
    likes = next(
        user
        for user in ("u8", "u13", "u18", "u23", "u28")
        if ITEM in run.recommend(user, 75)["item_id"].to_list()
    )
    run.forget(items=[ITEM])
    again = run.recommend(likes, 75)["item_id"].to_list()
    assert not {ITEM, "(forgotten item 1)"} & set(again)
    assert len(again) > 50


def test_everybody_else_gets_the_same_lists(folder: Path) -> None:
    run = palate.Run(folder)
    before = run.recommend("u8", 10)
    run.forget(users=[USER])
    assert run.recommend("u8", 10).equals(before)
    with pytest.raises(BadInput, match="unknown user"):
        run.recommend(USER)


def test_the_run_is_whole_and_says_what_still_holds_an_influence(folder: Path) -> None:
    before = json.loads((folder / "leaderboard.json").read_text())
    done = forget(folder, users=[USER])
    told = complete(folder)
    assert told.replacing == ()
    assert len(told.forgotten.user_rows) == 1
    assert told.forgotten.influence == done.influence == ("all", "ids", "words")
    assert not (folder / "report.html").exists()
    assert "report.html" not in told.files
    assert json.loads((folder / "leaderboard.json").read_text()) == before
    more = palate.Run(folder).forget(items=[ITEM])
    assert more.influence == ("all", "ids", "prices", "words")
    assert complete(folder).forgotten.user_rows == told.forgotten.user_rows
    assert "report.html" in complete(folder).files
    assert holding(folder, USER) == holding(folder, ITEM) == []


def test_models_keep_no_events_of_anybody(folder: Path) -> None:
    before = store.read(folder / "models" / "ids")
    assert before is not None
    assert {"events.user", "events.item"} <= set(before.arrays)
    scorer = open_run(folder).scorer("ids")
    assert isinstance(scorer, Cooccurrence)
    none = open_run(folder).data.interactions.take(np.arange(0))
    scorer.updated(none)
    forget(folder, users=[USER])
    after = store.read(folder / "models" / "ids")
    assert after is not None
    assert {n for n in before.arrays if not n.startswith("events.")} == set(after.arrays)
    with pytest.raises(Refused, match="cannot be updated"):
        open_run(folder).scorer("ids").updated(none)  # type: ignore[attr-defined]


def test_a_split_of_each_user_alone_is_still_the_same(folder: Path) -> None:
    before = open_run(folder).split
    forget(folder, users=[USER])
    after = open_run(folder).split
    assert len(after.train) < len(before.train)
    assert len(after.test) == len(before.test) - 1


def test_files_that_are_not_of_the_run_are_named(folder: Path) -> None:
    (folder / "notes.txt").write_text(f"ask {USER} about it")
    (folder / "other.txt").write_text(f"{USER}s")  # another word
    assert forget(folder, users=[USER]).left == ("notes.txt",)
    assert (folder / "notes.txt").is_file()


@pytest.mark.parametrize(("users", "items"), [(["nobody"], []), ([], ["nothing"]), ([USER], ["x"])])
def test_unknown_ids_are_refused_and_nothing_changes(
    folder: Path, users: list[str], items: list[str]
) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(BadInput, match="unknown"):
        forget(folder, users, items)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_one_text_is_not_a_list_of_ids(folder: Path) -> None:
    with pytest.raises(BadInput, match="users is one text"):
        forget(folder, USER)


def test_nobody_is_forgotten_without_a_trace_of_change(folder: Path) -> None:
    forget(folder)
    assert complete(folder).forgotten.user_rows == ()
    assert USER in open_run(folder).data.interactions.users.row_of


class Killed(BaseException):
    """What a kill looks like from inside."""


def test_who_is_cut_off_calls_again(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Path(shutil.copytree(finished, tmp_path / "expected"))
    forget(expected, [USER], [ITEM])
    number, cut = 0, True
    while cut:
        number += 1
        folder = Path(shutil.copytree(finished, tmp_path / str(number)))
        with monkeypatch.context() as patch:
            left = [number]
            for name in ("write", "write_text", "write_file"):
                patch.setattr(store, name, dying(getattr(store, name), left))
            try:
                forget(folder, [USER], [ITEM])
                cut = False
            except Killed:
                pass
        if cut:
            forget(folder, [USER], [ITEM])
        assert holding(folder, USER) == holding(folder, ITEM) == []
        same(read_manifest(folder), read_manifest(expected))
        assert fields_of(folder).equals(fields_of(expected))
        shutil.rmtree(folder)
    assert number > 8


def dying(call, left: list[int]):  # type: ignore[no-untyped-def]
    def write(*arguments, **options):  # type: ignore[no-untyped-def]
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return call(*arguments, **options)

    return write


def same(found, wanted) -> None:  # type: ignore[no-untyped-def]
    assert found.state == "complete"
    assert found.replacing == ()
    assert found.forgotten == wanted.forgotten
    # a table written again says the same, but not by the same bytes in every polars
    packed = "log/fields.parquet"
    assert found.files.keys() == wanted.files.keys()
    assert {n: e for n, e in found.files.items() if n != packed} == {
        n: e for n, e in wanted.files.items() if n != packed
    }


def test_names_of_nameless_rows_are_never_taken() -> None:
    from palate.tables import Vocabulary

    ids = Vocabulary(("a", "(forgotten user 1)", "b"))
    made = ids.nameless("ab", "user")
    assert made.ids == ("(forgotten user 2)", "(forgotten user 1)", "(forgotten user 3)")


def test_no_byte_of_an_item_is_left_in_an_encoder_that_keeps_ids(
    tmp_path: Path, frames: Frames
) -> None:
    log, items = frames
    log = log.with_columns(pl.col("item_id").replace({"i8": ITEM}))
    items = items.with_columns(item_id=pl.col("item_id").replace({"i8": ITEM}))
    data = palate.read(log, items)
    n_items = len(data.data.catalogue)
    np.save(tmp_path / "made.npy", np.eye(n_items, 8, dtype=np.float32) + 0.1)
    made = {"part": "vectors.file.v1", "path": str(tmp_path / "made.npy"), "rows": "catalogue"}
    recipe = {
        "name": "small",
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"made": made},
        "models": {"made": {"part": "model.text_kernel.v1", "block": "made"}},
        "evaluate": {"metrics": ["ndcg@10"]},
        "report": {"users": 2, "map_items": 0},
    }
    folder = tmp_path / "run"
    palate.run(data, recipe, folder=folder)
    kept = holding(folder, ITEM)
    assert any(name.startswith("features/made/encoder/") for name in kept)
    found = forget(folder, items=[ITEM])
    assert holding(folder, ITEM) == []
    assert found.left == ()
    assert complete(folder)
    opened = open_run(folder)
    assert opened.fitted.blocks["made"].extend(opened.data.catalogue).width == 8
