"""Lines above the names of the columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from palate.data.assemble import read
from palate.data.checks import check_path
from palate.data.readers.files import read_file
from palate.data.readers.heading import without_heading
from palate.data.readers.options import TextOptions
from palate.data.settings import DataSettings

ROWS = "K1;7;01.02.2024;2\nK1;8;02.02.2024;1\nK2;7;13.02.2024;1\nK2;9;14.02.2024;3\n"
NAMES = "Kundennr.;Artikelnummer;Bestelldatum;Menge\n"


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("Bestellungen 2024;;;\n", 3),
        ("Bestellungen 2024\n", 3),
        ("Bestellungen 2024;;;\n;;;\n\n", 5),
        ("\ufeffShop:;Tee;;\r\nVom:;05.03.2024;;\r\n\r\n", 5),
        ('"Bestellungen; alle";;;\n', 3),
    ],
)
def test_they_are_left_out_and_told(tmp_path: Path, above: str, line: int) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes((above + NAMES + ROWS).encode())
    table = read_file(path)
    assert table.frame.columns == NAMES.strip().split(";")
    assert table.frame.rows()[0] == ("K1", "7", "01.02.2024", "2")
    assert table.first_line == line
    assert any("above the names of the columns" in note for note in table.notes)
    log = read(DataSettings(interactions="orders.csv"), tmp_path).interactions
    assert (log.n_users, log.items.ids) == (2, ("7", "8", "9"))
    assert "row 1" not in "".join(f.message for f in check_path(path) if f.severity == "error")


def test_a_broken_line_keeps_its_number(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Bestellungen;;;\n" + NAMES + ROWS * 4 + "K3;1\n" + ROWS)
    found = [f for f in check_path(path) if f.code == "ragged-rows"]
    assert found[0].where.endswith("row 17 (line 19)")


@pytest.mark.parametrize(
    "text",
    [
        ",title\n0,a\n1,b\n2,c\n3,d\n4,e\n",
        "item_id,,\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n",
        "item_id,name\na,b;c\nd,e;f\nd,e;f\nd,e;f\nd,e;f\n",
        "user item\nr1 1 2\nr2 1 2\nr3 1 2\nr4 1 2\nr5 1 2\n",
        '"a\tb"\n1,2\n1,2\n1,2\n1,2\n',
        "a\nb\nc\nd\ne\nf\n",
        "Orders;;\nid;day;sum\n1;2;3\n",
        "user;;\n1;2;3\n4;5;6\n1;2;3\n4;5;6\n",
        "",
    ],
)
def test_names_and_rows_are_no_heading(text: str) -> None:
    assert without_heading(text.encode(), TextOptions()) == (text.encode(), "")


def test_columns_that_are_empty_everywhere_are_none(tmp_path: Path) -> None:
    lines = ["Orders 2024;;;;", "id;day;sum;;", "1;2;3;;", "2;2;3;;", "3;2;3;;"]
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(lines) + "\n")
    assert read_file(path).frame.columns[:3] == ["id", "day", "sum"]
