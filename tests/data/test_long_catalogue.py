"""Catalogues with one row a property of an item."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.cli.main import main
from palate.data.assemble import read_frames
from palate.data.checks import check_paths
from palate.data.long_catalogue import as_wide
from palate.data.table import Table
from palate.recipe.recipe import load

LOG = pl.DataFrame(
    {
        "visitorid": [u for u in range(40) for _ in range(5)],
        "itemid": [(3 * u + n * n) % 20 for u in range(40) for n in range(5)],
        "timestamp": [1_700_000_000_000 + 1000 * n for n in range(200)],
    }
)
ROWS = [
    (1_600_000_000_000 + time, item, name, value)
    for item in range(20)
    for time, name, value in (
        (5, "title", f"thing {item} of oak"),
        (9, "price", "7.5"),
        (1, "price", "3.5"),
        (2, "available", "1"),
    )
]
LONG = pl.DataFrame(ROWS, schema=["timestamp", "itemid", "property", "value"], orient="row")


def test_a_row_an_item_and_the_latest_value_of_each_property() -> None:
    data = read_frames(LOG, LONG)
    assert data.catalogue.fields.columns == ["price", "available", "title"]
    assert data.catalogue.column("price").to_list() == [7.5] * 20
    assert any("were put together to 20 items with 3 fields" in line for line in data.guesses)


@pytest.mark.parametrize(
    "columns",
    [
        {"itemid": [1, 2, 3], "property": ["a", "b", "c"], "value": ["x", "y", "z"]},
        {"itemid": [1, 1, 2], "property": ["a", "b", "a"], "price": ["x", "y", "z"]},
        {"itemid": [1, 1, 2], "property": ["itemid", "b", "a"], "value": ["x", "y", "z"]},
        {"colour": [1, 1, 2], "property": ["a", "b", "a"], "value": ["x", "y", "z"]},
    ],
)
def test_other_tables_stay_as_they_are(columns: dict[str, list[object]]) -> None:
    table = Table("items.csv", pl.DataFrame(columns))
    assert as_wide(table) is table


def test_check_init_and_recipe_read_it_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, items, recipe = (tmp_path / n for n in ("log.csv", "props.csv", "recipe.toml"))
    LOG.write_csv(log)
    LONG.write_csv(items)
    (checked,) = check_paths([log, items])
    assert not [f for f in checked.findings if f.severity == "error"]
    assert main(["init", str(log), str(items), "--out", str(recipe)]) == 0
    assert "field title: text" in capsys.readouterr().out
    assert load(recipe).data.drop == ()
