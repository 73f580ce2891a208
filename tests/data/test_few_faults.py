"""Data without a recipe: a few faulty rows are left out and named, many are refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import palate
from palate.cli.main import main
from palate.data.assemble import read, read_frames, read_unseen_frames
from palate.data.settings import DataSettings
from palate.errors import BadInput, SeveralProblems
from palate.recipe.init import init
from palate.recipe.propose import guessed_recipe
from palate.recipe.recipe import load, parse

N = 40
NO_SETTINGS = DataSettings()


def log(no_rating: int = 0, no_time: int = 0, no_item: int = 0) -> pl.DataFrame:
    """Faults of one kind lie at the end, those of the next before them."""
    index = pl.Series(range(N))
    first = N - no_rating
    return pl.DataFrame(
        {
            "user_id": index % 5,
            "item_id": (index // 5).cast(pl.String).set(index < no_item, None),
            "rating": (index % 5 + 1).set(index >= first, None),
            "timestamp": (index + 1_500_000_000).set(
                (index >= first - no_time) & (index < first), None
            ),
        }
    )


def test_a_few_rows_are_left_out_and_named() -> None:
    data, settings = read_unseen_frames(log(2, 3, 1), None, None, NO_SETTINGS)
    assert len(data.interactions) == N - 6
    assert set(settings.drop) == {"bad-values", "bad-times", "missing-ids"}
    said = " ".join(data.guesses)
    assert (
        "Left out: 2 of 40 rows of interactions without a finite number as value:"
        " rows 39 and 40." in said
    )
    assert "3 of 40 rows" in said
    again = read_frames(log(2, 3, 1), settings=settings)
    assert len(again.interactions) == len(data.interactions)


def test_nothing_is_left_out_of_sound_data() -> None:
    data, settings = read_unseen_frames(log(), None, None, NO_SETTINGS)
    assert settings is NO_SETTINGS
    assert len(data.interactions) == N
    assert "drop" not in guessed_recipe(data).get("data", {})


@pytest.mark.parametrize(("count", "few"), [(8, True), (9, False)])
def test_a_fifth_is_the_most(count: int, few: bool) -> None:
    if few:
        assert len(read_unseen_frames(log(count), None, None, NO_SETTINGS)[0].interactions) == 32
        return
    with pytest.raises(SeveralProblems, match="9 rows without a finite number") as caught:
        read_unseen_frames(log(count), None, None, NO_SETTINGS)
    rows, total = caught.value.problems
    assert 'drop = ["bad-values"]' in rows.next_step
    assert "9 of 40 rows (22%) are faulty" in total.what
    assert "palate init FILES 'drop=[\"bad-values\"]'" in total.next_step


def test_faults_of_a_table_count_together_and_each_row_once() -> None:
    with pytest.raises(SeveralProblems, match="3 problems"):
        read_unseen_frames(log(5, 5), None, None, NO_SETTINGS)
    rated = pl.col("rating").is_not_null()
    both = log(6).with_columns(pl.when(rated).then(pl.col("timestamp")).alias("timestamp"))
    assert len(read_unseen_frames(both, None, None, NO_SETTINGS)[0].interactions) == N - 6


def test_faults_of_the_catalogue_count_by_themselves() -> None:
    items = pl.DataFrame({"item_id": [*map(str, range(8)), "0", None], "title": list("abcdefghij")})
    data, settings = read_unseen_frames(log(8), items, None, NO_SETTINGS)
    assert settings.drop == ("bad-values", "missing-ids", "duplicate-items")
    assert data.catalogue.fields["title"].to_list() == list("abcdefgh")


def test_other_faults_are_refused() -> None:
    odd = log(1).with_columns(pl.Series("timestamp", ["01/02/2020"] * N))
    with pytest.raises(BadInput, match="day/month"):
        read_unseen_frames(odd, None, None, NO_SETTINGS)


def test_init_writes_what_it_leaves_out(tmp_path: Path) -> None:
    log(4).write_parquet(tmp_path / "log.parquet")
    understood = init([tmp_path / "log.parquet"], tmp_path / "recipe.toml")
    assert any("4 of 40 rows of log.parquet" in s for s in understood.sentences)
    recipe = load(tmp_path / "recipe.toml")
    assert recipe.data.drop == ("bad-values",)
    assert any('drop = ["bad-values"]' in reason for reason in recipe.reasons)
    assert len(read(recipe.data, recipe.base).interactions) == N - 4
    with pytest.raises(BadInput, match="4 rows"):
        read(DataSettings(interactions=str(tmp_path / "log.parquet")), tmp_path)


def test_one_row_is_spoken_of_as_one() -> None:
    with pytest.raises(BadInput, match="1 row without an item: row 1") as caught:
        read_frames(log(no_item=1))
    assert caught.value.next_step


def test_init_refuses_many(tmp_path: Path) -> None:
    log(20).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(SeveralProblems, match="20 rows"):
        init([tmp_path / "log.parquet"], tmp_path / "recipe.toml")
    assert not (tmp_path / "recipe.toml").exists()


def test_python_reads_alike_and_can_be_strict() -> None:
    source = palate.read(log(4))
    assert source.left_out == ("bad-values",)
    assert len(source.data.interactions) == N - 4
    guessed = parse(guessed_recipe(source.data, left_out=source.left_out), Path())
    assert guessed.data.drop == ("bad-values",)
    with pytest.raises(BadInput, match="4 rows"):
        palate.read(log(4), drop=[])
    assert palate.read(log(4), drop=["bad-values"]).left_out == ()


def test_a_recipe_loses_nothing_that_it_does_not_name(tmp_path: Path) -> None:
    table = {
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"pop": {"part": "model.popularity.v1"}},
    }
    with pytest.raises(BadInput, match="reading left out rows with bad-values") as caught:
        palate.run(palate.read(log(4)), table, folder=tmp_path / "run")
    assert "bad-values" in caught.value.next_step
    assert not (tmp_path / "run").exists()


def test_describe_reads_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log(4).write_parquet(tmp_path / "log.parquet")
    assert main(["data", "describe", str(tmp_path / "log.parquet")]) == 0
    assert "Left out: 4 of 40 rows" in capsys.readouterr().out


def test_convert_reads_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log(4).write_parquet(tmp_path / "log.parquet")
    out = tmp_path / "out"
    assert (
        main(["data", "convert", str(tmp_path / "log.parquet"), "--to", "csv", "--out", str(out)])
        == 0
    )
    assert "Left out: 4 of 40 rows" in capsys.readouterr().out
    assert len(pl.read_csv(next(out.glob("*inter*")))) == N - 4
