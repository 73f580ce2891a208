"""Columns of a log that names do not tell."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.cli.main import main
from palate.data.assemble import read_unseen_frames
from palate.data.checks import check_paths
from palate.data.settings import DataSettings
from palate.data.shared_ids import with_shared_ids
from palate.data.table import Table
from palate.recipe.recipe import load

N = 60
EVENTS = [(u, (7 * u + n) % 20) for u in range(N) for n in range(8)]
CATALOGUE = pl.DataFrame(
    {"ref": [f"A{i}" for i in range(20)], "blurb": [f"thing {i}" for i in range(20)]}
)


def _log(**more: list[object]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "who": [f"Ann {u}" for u, _ in EVENTS],
            "what": [f"A{i}" for _, i in EVENTS],
            "till": [1 + n % 4 for n in range(len(EVENTS))],
            **more,
        }
    )


def _found(log: pl.DataFrame, items: pl.DataFrame | None = CATALOGUE) -> DataSettings:
    tables = {"interactions": Table("log.csv", log)}
    if items is not None:
        tables["items"] = Table("items.csv", items)
    return with_shared_ids(tables, DataSettings())[0]


def test_the_item_is_what_the_catalogue_has_and_the_user_what_else_comes_again() -> None:
    found = _found(_log())
    assert (found.item_column, found.items_item_column) == ("what", "ref")
    assert found.user_column == "who"


def test_a_number_of_the_row_is_no_item_though_it_is_called_so() -> None:
    log = _log(item_id=list(range(len(EVENTS)))).rename({"who": "customer_id", "what": "sku"})
    tables = {"interactions": Table("log.csv", log), "items": Table("items.csv", CATALOGUE)}
    found, said = with_shared_ids(tables, DataSettings())
    assert found.item_column == "sku"
    assert said == (
        'In log.csv "sku" is the item, and not "item_id": the catalogue has 100% of its values.',
    )


def test_names_that_the_catalogue_bears_out_stay() -> None:
    log = _log().rename({"who": "user_id", "what": "item_id"})
    assert _found(log) == DataSettings()


def test_an_id_goes_before_a_name_that_fits_as_well() -> None:
    log = _log(label=[f"thing {i}" for _, i in EVENTS]).rename({"what": "code"})
    assert _found(log, CATALOGUE.rename({"ref": "code"})).item_column == "code"


def test_two_columns_that_fit_alike_are_left_to_the_user() -> None:
    log = _log(other=[f"A{i}" for _, i in EVENTS])
    assert _found(log).item_column == ""


def test_small_numbers_that_a_catalogue_has_by_chance_are_no_items() -> None:
    items = pl.DataFrame({"ref": list(range(20)), "blurb": [f"thing {i}" for i in range(20)]})
    found = _found(_log(thing=[i for _, i in EVENTS]).drop("what"), items)
    assert found.item_column == "thing"


@pytest.mark.parametrize("name", ["order_no", "Rechnung", "订单号"])
def test_what_is_bought_at_once_is_no_user(name: str) -> None:
    log = _log().rename({"who": name})
    assert _found(log).user_column == ""


def test_of_two_columns_that_come_again_none_is_the_user() -> None:
    log = _log(street=[f"S{u % 50}" for u, _ in EVENTS])
    assert _found(log).user_column == ""


def test_what_the_item_decides_describes_it() -> None:
    log = _log(maker=[f"M{i % 19}" for _, i in EVENTS])
    assert _found(log).user_column == "who"


def test_frames_are_read_so_too() -> None:
    data, settings = read_unseen_frames(_log(), CATALOGUE, None, DataSettings())
    assert data.interactions.n_users == N
    assert settings.item_column == "what"
    assert any("is the user" in line for line in data.guesses)


def test_check_and_init_see_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, items = tmp_path / "log.csv", tmp_path / "items.csv"
    _log().write_csv(log)
    CATALOGUE.write_csv(items)
    (checked,) = check_paths([log, items])
    assert checked.error is None
    assert any("is the user" in f.message for f in checked.findings)
    recipe = tmp_path / "recipe.toml"
    assert main(["init", str(log), str(items), "--out", str(recipe)]) == 0
    assert load(recipe).data.user_column == "who"
    capsys.readouterr()


def test_check_takes_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.csv"
    _log(street=[f"S{u % 50}" for u, _ in EVENTS]).write_csv(log)
    assert main(["data", "check", str(log), "-q"]) == 2
    assert "user_column" in capsys.readouterr().err
    assert main(["data", "check", str(log), "-q", "user_column=who", "item_column=what"]) == 0
    assert main(["data", "check", str(log), "user_colum=who"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_a_long_log_is_read_again_with_what_was_found(tmp_path: Path) -> None:
    log, items, n = tmp_path / "log.csv", tmp_path / "items.csv", 210_000
    pl.DataFrame(
        {
            "user_id": [i % 5000 for i in range(n)],
            "item_id": list(range(n)),
            "sku": [f"A{i * 7 % 20}" for i in range(n)],
        }
    ).write_csv(log)
    CATALOGUE.write_csv(items)
    recipe = tmp_path / "recipe.toml"
    assert main(["init", str(log), str(items), "--out", str(recipe), "-q"]) == 0
    assert load(recipe).data.item_column == "sku"
