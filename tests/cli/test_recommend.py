"""`palate recommend`: whom it serves, in which form, and what it refuses."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

import palate
from palate.answering import WritesHeadings
from palate.cli import main
from palate.tables.list_heading import ListHeading


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pairs = [(u, (3 * u + n * n) % 20) for u in range(30) for n in range(6)]
    log = pl.DataFrame(pairs, schema=["user_id", "item_id"], orient="row")
    titles = [f"thing {i}" for i in range(20)]
    items = pl.DataFrame({"item_id": range(20), "title": titles, "price": range(20)})
    place = tmp_path_factory.mktemp("cli") / "run"
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"ids": {"part": "model.cooccurrence.v1"}},
        "report": {"users": 1},
    }
    palate.run(palate.read(log, items), recipe, folder=place)
    return place


def printed(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["recommend", *map(str, words)]) == 0
    return capsys.readouterr().out


@pytest.mark.integration
def test_the_three_forms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = palate.Run(folder).recommend([7, 8], 3)
    words = (folder, "--user", 7, "--user", 8, "-k", 3)
    table = printed(capsys, *words)
    assert all(title in table for title in wanted["title"])
    assert table.count("\n") == 7
    csv = pl.read_csv(io.StringIO(printed(capsys, *words, "--format", "csv")))
    assert csv.drop("score").equals(wanted.drop("score").cast({"rank": pl.Int64}))
    assert json.loads(printed(capsys, *words, "--format", "json")) == wanted.to_dicts()
    assert json.loads(printed(capsys, *words, "--json")) == wanted.to_dicts()


@pytest.mark.integration
def test_users_from_a_file_and_from_standard_input(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = palate.Run(folder).recommend([7, 8], 2).to_dicts()
    (tmp_path / "users.txt").write_text("7\n\n 8 \n")
    words = ("-k", 2, "--json", "--users-file")
    assert json.loads(printed(capsys, folder, *words, tmp_path / "users.txt")) == wanted
    monkeypatch.setattr("sys.stdin", io.StringIO("7\n8\n"))
    assert json.loads(printed(capsys, folder, *words, "-")) == wanted


@pytest.mark.integration
def test_histories_likes_filters_and_lists(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = palate.Run(folder)
    (tmp_path / "ids.txt").write_text("1\n2\n3\n")

    def same(found: pl.DataFrame, *words: object) -> None:
        assert json.loads(printed(capsys, folder, *words, "--json")) == found.to_dicts()

    same(run.recommend(history=[1, 4]), "--history", "1,4")
    same(run.recommend(like=3, k=2), "--like", 3, "-k", 2)
    same(
        run.recommend(7, where={"title": ["thing 1", "thing 2"]}),
        "--user",
        7,
        "--where",
        "title=thing 1,thing 2",
    )
    priced = pl.col("price").is_between(3, 9)
    same(
        run.recommend(7, where=priced), "--user", 7, "--where", "price>=3", "--where", "price <= 9"
    )
    same(run.recommend(7, allow=[1, 2, 3]), "--user", 7, "--allow-file", tmp_path / "ids.txt")
    same(
        run.recommend(7, deny=[1, 2, 3, 5]),
        "--user",
        7,
        "--deny-file",
        tmp_path / "ids.txt",
        "--deny",
        "5",
    )
    same(run.recommend(7, 20, seen="allow"), "--user", 7, "--seen", "allow", "-k", 20)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--users-file"),
        (["--user", "x"], 'unknown user, the first is "x"'),
        (["--user", "7", "--where", "price"], "is no condition"),
        (["--user", "7", "--where", "titel=x"], 'did you mean "title"'),
        (["--users-file", "nowhere.txt"], "cannot be read"),
        (["--user", "7", "-k", "0"], "k is 0"),
    ],
)
def test_refusals(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recommend", str(folder), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", str(tmp_path), "--user", "7"]) == 2
    assert "no run here" in capsys.readouterr().err


@pytest.mark.integration
@pytest.mark.parametrize("name", ["lists.parquet", "lists.csv", "lists.tsv", "lists.jsonl"])
def test_lists_of_many_users_in_a_file(
    folder: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = palate.Run(folder).recommend([7, 8], 3)
    (tmp_path / "users.txt").write_text("7\n8\n")
    file = tmp_path / name
    text = printed(capsys, folder, "--users", tmp_path / "users.txt", "-k", 3, "--out", file)
    assert "6 rows of 2 lists" in text
    read = {
        ".parquet": pl.read_parquet,
        ".csv": pl.read_csv,
        ".tsv": lambda path: pl.read_csv(path, separator="\t"),
        ".jsonl": pl.read_ndjson,
    }[file.suffix](file)
    assert read["item_id"].to_list() == wanted["item_id"].to_list()
    assert read["score"].to_list() == pytest.approx(wanted["score"].to_list())


def test_a_file_of_no_known_format_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recommend", str(tmp_path / "no run"), "--out", "lists.xlsx"]) == 2
    assert ".parquet, .csv, .tsv, .jsonl" in capsys.readouterr().err


class Writer(WritesHeadings):
    """Writes how many items there are."""

    def head_list(self, texts: Sequence[str]) -> ListHeading | None:
        return ListHeading("Things", f"There are {len(texts)} of them.")


def test_a_heading_of_each_list(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "palate.recipe.providers.provider_of", lambda recipe, name, where: (name, Writer())
    )
    args = ["recommend", str(folder), "--user", "7", "-k", "2", "--heading", "mine", "--json"]
    assert main(args) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["heading"], row["sentence"]) for row in rows} == {
        ("Things", "There are 2 of them.")
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [("answers.lexicon.v1", "writes no headings"), ("answers.chatt.v1", "there is no provider")],
)
def test_what_cannot_write_a_heading(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    assert main(["recommend", str(folder), "--user", "7", "--heading", name]) == 2
    assert words in capsys.readouterr().err
