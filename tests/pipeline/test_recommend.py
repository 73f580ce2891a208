"""What `Run.recommend` answers: users, sessions, items alike, filters, lists of ids, types."""

from __future__ import annotations

import decimal
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import palate
from palate.errors import BadInput
from palate.pipeline.wishes import ids_of, length_of, one_id

N_ITEMS = 20
GENRES = ("tea", "garden", "light")


def made(folder: Path, log: Any, items: Any, **split: str) -> palate.Run:
    recipe = {
        "name": "r",
        "split": {"part": "split.leave_last_out.v1", **split},
        "models": {"ids": {"part": "model.cooccurrence.v1"}},
        "report": {"users": 1},
    }
    return palate.run(palate.read(log, items), recipe, folder=folder)


def frames(kind: type = int) -> tuple[pl.DataFrame, pl.DataFrame]:
    log = pl.DataFrame(
        {
            "user_id": [kind(u) for u in range(30) for _ in range(6)],
            "item_id": [kind((3 * u + n * n) % N_ITEMS + 100) for u in range(30) for n in range(6)],
        }
    )
    items = pl.DataFrame(
        {
            "item_id": [kind(i + 100) for i in range(N_ITEMS)],
            "title": [f"{GENRES[i % 3]} thing {i}" for i in range(N_ITEMS)],
            "genre": [GENRES[i % 3] for i in range(N_ITEMS)],
            "price": [float(i) for i in range(N_ITEMS)],
            "tags": [[GENRES[i % 3], "new" if i < 5 else "old"] for i in range(N_ITEMS)],
            "sold": [i % 2 == 0 for i in range(N_ITEMS)],
        }
    )
    return log, items


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> palate.Run:
    return made(tmp_path_factory.mktemp("recommend") / "run", *frames())


def items_of(found: pl.DataFrame) -> list[int]:
    return found["item_id"].to_list()


@pytest.mark.integration
def test_ids_come_back_as_the_caller_has_them(run: palate.Run, tmp_path: Path) -> None:
    found = palate.Run(run.folder).recommend(7, 3)
    assert found.columns == ["user_id", "item_id", "title", "score", "rank"]
    assert (found["user_id"].dtype, found["item_id"].dtype) == (pl.Int64, pl.Int64)
    log, items = frames()
    assert found.join(items, on="item_id").height == 3
    assert found["title"].to_list() == [
        f"{GENRES[(i - 100) % 3]} thing {i - 100}" for i in items_of(found)
    ]
    texts = made(tmp_path / "text", *frames(str)).recommend("7", 3)
    assert (texts["user_id"].dtype, texts["item_id"].dtype) == (pl.String, pl.String)
    assert texts["item_id"].to_list() == [str(i) for i in items_of(found)]
    pandas = made(tmp_path / "pandas", log.to_pandas(), items.to_pandas()).recommend(user=7, k=3)
    assert pandas.merge(items.to_pandas(), on="item_id").shape[0] == 3
    log.write_csv(tmp_path / "log.csv")
    items.drop("tags").write_csv(tmp_path / "items.csv")
    written = made(tmp_path / "csv", tmp_path / "log.csv", tmp_path / "items.csv")
    assert items_of(written.recommend(7, 3)) == items_of(found)
    zeros = log.with_columns(pl.col("user_id").cast(pl.String).str.zfill(3))
    zeros.write_csv(tmp_path / "zeros.csv")
    padded = made(tmp_path / "zeros", tmp_path / "zeros.csv", None).recommend("007", 2)
    assert padded["user_id"].to_list() == ["007", "007"]
    assert padded.columns == ["user_id", "item_id", "score", "rank"]


@pytest.mark.integration
@pytest.mark.parametrize(
    "users",
    [
        ["7", "8"],
        (7, 8),
        np.array([7, 8]),
        np.array([7.0, 8.0]),
        np.array(["7", "8"], object),
        pl.Series([7, 8]),
        pd.Series([7, 8], index=[5, 6]),
        pd.Index(["7", "8"]),
        pa.array([7, 8]),
        pa.chunked_array([["7"], ["8"]]),
    ],
    ids=lambda users: type(users).__name__,
)
def test_many_users_in_one_call(run: palate.Run, users: Any) -> None:
    found = run.recommend(users, 4)
    assert found.equals(pl.concat([run.recommend(7, 4), run.recommend("8", 4)]))
    assert found["user_id"].to_list() == [7] * 4 + [8] * 4


@pytest.mark.integration
def test_no_users_have_no_lists(run: palate.Run) -> None:
    assert run.recommend([]).is_empty()
    assert run.recommend([]).columns == run.recommend(7).columns


@pytest.mark.integration
def test_histories_stand_for_users_that_the_log_does_not_know(run: palate.Run) -> None:
    session = run.recommend(history=[101, "104"], k=3)
    assert session.columns[0] == "session"
    assert session["session"].to_list() == [1, 1, 1]
    assert not {101, 104} & set(items_of(session))
    many = run.recommend(history=[[101, 104], [105], []], k=3)
    assert many.filter(pl.col("session") == 1).equals(session)
    assert many["session"].n_unique() == 3
    named = run.recommend(history={99: [101, 104]}, k=3)
    assert named["user_id"].to_list() == [99] * 3
    assert items_of(named) == items_of(session)
    assert run.recommend("new", 3, history=[101, 104])["user_id"].to_list() == ["new"] * 3
    replaced = run.recommend(7, 3, history=[101, 104])  # what is given counts, not the log
    assert items_of(replaced) == items_of(session)
    known = frames()[0].filter(pl.col("user_id") == 7)["item_id"].to_list()
    assert items_of(run.recommend(history=known, k=5)) == items_of(run.recommend(7, 5))


@pytest.mark.integration
def test_more_like_this(run: palate.Run) -> None:
    found = run.recommend(like=103, k=4)
    assert found.columns[0] == "like"
    assert found["like"].to_list() == [103] * 4
    assert 103 not in items_of(found)
    assert 103 not in items_of(run.recommend(like=103, k=50, seen="allow"))
    assert items_of(found) == items_of(run.recommend(history=[103], k=4))
    both = run.recommend(like=[103, 104], k=4)
    assert both.filter(pl.col("like") == 103).equals(found)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({"genre": "tea"}, lambda i: i % 3 == 0),
        ({"genre": ["tea", "garden"]}, lambda i: i % 3 < 2),
        ({"genre": "tea", "tags": "new"}, lambda i: i % 3 == 0 and i < 5),
        ({"price": 4}, lambda i: i == 4),
        ({"price": ["4", 5.0]}, lambda i: i in (4, 5)),
        ({"sold": True}, lambda i: i % 2 == 0),
        (pl.col("price") < 6, lambda i: i < 6),
        ([{"genre": "tea"}, pl.col("price") >= 6], lambda i: i % 3 == 0 and i >= 6),
    ],
)
def test_filters_on_fields(run: palate.Run, where: Any, fits: Any) -> None:
    everything = run.recommend(7, 50)
    wanted = [i for i in items_of(everything) if fits(i - 100)]
    assert items_of(run.recommend(7, 50, where=where)) == wanted


@pytest.mark.integration
def test_lists_of_what_may_and_may_not_be(run: palate.Run) -> None:
    everything = items_of(run.recommend(7, 50))
    first = everything[0]
    assert first not in items_of(run.recommend(7, 50, deny=[first, "no such item"]))
    some = [*everything[3:6], "no such item"]
    assert items_of(run.recommend(7, 50, allow=some)) == everything[3:6]
    assert run.recommend(7, 50, allow=some, deny=some).is_empty()


@pytest.mark.integration
def test_repeats_are_a_choice_of_the_call_and_of_the_recipe(
    run: palate.Run, tmp_path: Path
) -> None:
    mine = set(frames()[0].filter(pl.col("user_id") == 7)["item_id"].to_list())
    assert not mine & set(items_of(run.recommend(7, 50)))
    assert set(items_of(run.recommend(7, 50, seen="allow"))) == set(range(100, 120))
    again = made(tmp_path / "again", *frames(), seen="allow")
    assert mine < set(items_of(again.recommend(7, 50)))
    assert not mine & set(items_of(again.recommend(7, 50, seen="mask")))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "nothing says for whom"),
        ({"user": 7, "k": 2.5}, r"k is 2\.5"),
        ({"user": 7, "k": "5"}, "k is '5'"),
        ({"user": 7, "k": None}, "k is None"),
        ({"user": 7, "k": True}, "k is True"),
        ({"user": 7, "k": 0}, "k is 0"),
        ({"user": "nobody"}, r"history=\[items\]"),
        ({"user": [7, None]}, "None is no id"),
        ({"user": True}, "True is no id"),
        ({"user": 7.5}, r"7\.5 is no id"),
        ({"user": {"a": 1}}, "user is a dict"),
        ({"user": pd.DataFrame({"u": [7]})}, "user is a DataFrame"),
        ({"user": np.array([[7]])}, "user is a ndarray"),
        ({"user": 7, "like": 103}, "both an item"),
        ({"like": 999}, '"999"'),
        ({"history": ["x"]}, 'unknown item, the first is "x"'),
        ({"user": [1, 2], "history": [101]}, "1 histories for 2 users"),
        ({"user": 1, "history": {1: [101]}}, "given twice"),
        ({"user": 7, "where": {"genres": "tea"}}, 'did you mean "genre"'),
        ({"user": 7, "where": {"genre": "taa"}}, 'did you mean "tea"'),
        ({"user": 7, "where": {"price": "cheap"}}, "holds numbers"),
        ({"user": 7, "where": pl.col("prise") < 5}, "cannot be used"),
        ({"user": 7, "where": pl.col("price")}, "yes or no"),
        ({"user": 7, "allow": ["x"]}, "none of the 1 allowed"),
        ({"user": 7, "seen": "maybe"}, "seen is 'maybe'"),
        ({"user": 7, "model": "idz"}, 'mean "ids"'),
    ],
)
def test_what_is_not_understood_is_refused(
    run: palate.Run, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        run.recommend(**wrong)


def test_ids_of_any_type_are_texts() -> None:
    name = uuid.uuid4()
    assert one_id(name, "user") == str(name)
    assert one_id(decimal.Decimal(7), "user") == "7"
    assert ids_of({7}, "user") == ["7"]
    assert length_of(np.int32(3)) == 3


@pytest.mark.integration
def test_a_notebook_shows_the_headline_and_the_leaderboard(run: palate.Run, tmp_path: Path) -> None:
    shown = palate.Run(run.folder)._repr_html_()
    for part in ("<h4>r</h4>", "<td>ids</td>", "ndcg@10", "report.html", "<script"):
        assert (part in shown) is (part != "<script")
    folder = tmp_path / "cut off"
    folder.mkdir()
    (folder / "recipe.toml").write_text("")
    assert "no finished run" in palate.Run(folder)._repr_html_()
