"""One id has one spelling, or the user is told: over files, frames and tables of users."""

from __future__ import annotations

import decimal
import enum
import pathlib
import uuid
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from palate.cli.main import main
from palate.data.assemble import read, read_frames, read_unseen
from palate.data.checks import check, check_path, check_paths
from palate.data.settings import DataSettings
from palate.tables import Finding

LOG = "user_id,item_id\nu1,001\nu1,002\nu2,002\nu2,003\n"
ITEMS = "item_id,title\n1,red pot\n2,rake\n3,tea\n"


class Shop(enum.Enum):
    LAMP = "lamp"


def one(findings: Any, code: str) -> Finding:
    found = [f for f in findings if f.code == code]
    assert len(found) == 1, [f.code for f in findings]
    return found[0]


def test_leading_zeros_are_told_by_check_of_both_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clicks.csv").write_text(LOG)
    (tmp_path / "items.csv").write_text(ITEMS)
    files = [tmp_path / "clicks.csv", tmp_path / "items.csv"]
    assert main(["data", "check", *map(str, files)]) == 2
    printed = capsys.readouterr().out
    assert "leading zeros" in printed
    assert 'same_ids = ["leading-zeros"]' in printed
    by_folder = one(check_path(tmp_path), "spelled-apart")
    (checked,) = check_paths(files)
    assert one(checked.findings, "spelled-apart") == by_folder
    assert by_folder.severity == "error"
    assert '"001" and "1"' in by_folder.examples


def test_same_ids_reads_them_alike(tmp_path: Path) -> None:
    (tmp_path / "clicks.csv").write_text(LOG)
    (tmp_path / "items.csv").write_text(ITEMS)
    named = DataSettings(interactions="clicks.csv", items="items.csv")
    assert one(check(read(named, tmp_path)), "no-common-items").severity == "error"
    alike = DataSettings(interactions="clicks.csv", items="items.csv", same_ids=("leading-zeros",))
    data = read(alike, tmp_path)
    assert data.interactions.items.ids == ("1", "2", "3")
    assert [f.code for f in check(data) if f.severity == "error"] == []


def test_two_spellings_in_one_column() -> None:
    log = pl.DataFrame({"user_id": ["Ann", "ann", "bob"], "item_id": ["01", "1", "2"]})
    found = [f for f in check(read_frames(log)) if f.code == "spelled-twice"]
    assert [f.examples for f in found] == [('"Ann" and "ann"',), ('"01" and "1"',)]


def test_floats_beyond_exactness_are_an_error_in_check_and_run(tmp_path: Path) -> None:
    log = pl.DataFrame({"user_id": [1, 2], "item_id": [float(2**53 + 2), 7.0]})
    data = read_frames(log)
    assert data.interactions.items.ids == (str(2**53 + 2), "7")
    assert one(check(data), "rounded-ids").severity == "error"
    (tmp_path / "log.csv").write_text(f"user_id,item_id\n1,{2**53 + 2}.0\n2,7.0\n")
    assert one(check_path(tmp_path / "log.csv"), "rounded-ids").count == 1
    assert "rounded-ids" not in {f.code for f in check(read_frames(log.cast(pl.Int64)))}


def test_exponents_are_written_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id\n1,1E+05\n2,7\n")
    data = read(DataSettings(interactions="log.csv"), tmp_path)
    assert data.interactions.items.ids == ("100000", "7")
    assert one(check(data), "exponent-ids").count == 1


def test_points_and_signs_meet_over_files(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id\n1.0,-1.0\n2,2\n")
    (tmp_path / "items.csv").write_text("item_id,title\n-1,a\n2,b\n")
    data = read(DataSettings(interactions="log.csv", items="items.csv"), tmp_path)
    assert data.interactions.items.ids == ("-1", "2")
    assert data.interactions.users.ids == ("1", "2")


@pytest.mark.parametrize("packed", [False, True])
def test_repeated_lines_of_names_are_no_events(tmp_path: Path, packed: bool) -> None:
    cell = '"a, b"' if packed else "a"
    part = f"user_id,item_id\n1,{cell}\n"
    (tmp_path / "log.csv").write_text(part + part + part)
    data = read(DataSettings(interactions="log.csv"), tmp_path)
    assert len(data.interactions) == 3
    assert any("repeat the line of names" in line for line in data.guesses)
    frame = pl.DataFrame({"user_id": ["1", "user_id"], "item_id": ["a", "item_id"]})
    assert len(read_frames(frame).interactions) == 1


def test_numbers_of_rows_are_no_fields_and_no_ids(tmp_path: Path) -> None:
    frame = pd.DataFrame({"product": ["a", "b", "a"], "customer": ["u", "u", "v"]})
    frame.to_csv(tmp_path / "log.csv")
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ["red pot", "rake"]})
    items.to_csv(tmp_path / "once.csv")
    pd.read_csv(tmp_path / "once.csv").to_csv(tmp_path / "items.csv")
    data = read(DataSettings(interactions="log.csv", items="items.csv"), tmp_path)
    assert data.catalogue.fields.columns == ["title"]
    assert data.interactions.n_users == 2
    assert any("only numbers the rows" in line for line in data.guesses)
    pl.from_pandas(items).with_columns(index=pl.Series([0, 1])).write_parquet(
        tmp_path / "i.parquet"
    )
    again = read(DataSettings(interactions="log.csv", items="i.parquet"), tmp_path)
    assert again.catalogue.fields.columns == ["title"]


def test_such_a_column_can_be_named_as_the_id(tmp_path: Path) -> None:
    pd.DataFrame({"title": ["red pot", "rake"]}).to_csv(tmp_path / "items.csv")
    (tmp_path / "log.csv").write_text("user_id,item_id\nu,0\nu,1\n")
    settings = DataSettings(interactions="log.csv", items="items.csv", items_item_column="column_1")
    assert read(settings, tmp_path).catalogue.fields.columns == ["title"]


def test_objects_of_pandas_are_what_they_write() -> None:
    ids = [uuid.UUID(int=n) for n in range(3)]
    log = pd.DataFrame(
        {
            "user_id": [b"ann", b"bob", b"ann"],
            "item_id": ids,
            "rating": [decimal.Decimal("4.5"), decimal.Decimal("3"), decimal.Decimal("1.25")],
        }
    )
    items = pd.DataFrame(
        {
            "item_id": [str(i) for i in ids],
            "price": [decimal.Decimal("9.50"), None, decimal.Decimal("1")],
            "image": [pathlib.PurePosixPath("a.png"), None, pathlib.PurePosixPath("b.png")],
            "shop": [Shop.LAMP, Shop.LAMP, None],
        }
    )
    data = read_frames(log, items)
    assert data.interactions.items.ids == tuple(str(i) for i in ids)
    assert data.interactions.users.ids == ("ann", "bob")
    assert data.interactions.value.tolist() == [4.5, 3.0, 1.25]
    assert data.catalogue.fields["price"].to_list() == [9.5, None, 1.0]
    assert data.catalogue.fields["image"].to_list() == ["a.png", None, "b.png"]
    assert data.catalogue.fields["shop"].to_list() == ["lamp", "lamp", None]


def test_decimals_too_long_for_a_float_keep_their_digits(tmp_path: Path) -> None:
    long = [decimal.Decimal(2**60 + 1), decimal.Decimal(2**60 + 2)]
    frame = pl.DataFrame({"user_id": ["u", "u"], "item_id": long})
    wanted = (str(2**60 + 1), str(2**60 + 2))
    assert read_frames(frame).interactions.items.ids == wanted
    frame.write_parquet(tmp_path / "log.parquet")
    assert read(DataSettings(interactions="log.parquet"), tmp_path).interactions.items.ids == wanted
    objects = pl.DataFrame({"user_id": ["u", "u"], "item_id": pl.Series(long, dtype=pl.Object)})
    assert read_frames(objects).interactions.items.ids == wanted


def test_users_are_told_alike_by_check_and_by_read(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user_id,age\nu0,10\nu0,99\n,5\nu1,20\n")
    (tmp_path / "log.csv").write_text("user_id,item_id\nu0,a\nu1,b\n")
    data = read(DataSettings(interactions="log.csv", users="users.csv"), tmp_path)
    assert data.users is not None
    assert data.users["age"].to_list() == [10, 20]
    told = {(f.code, f.severity, f.message) for f in check(data) if "users" in f.where}
    checked = check_path(tmp_path / "users.csv")
    assert told == {
        (f.code, f.severity, f.message)
        for f in checked
        if f.code in ("duplicate-users", "missing-ids")
    }
    assert len(told) == 2
    assert any("row 2" in line for line in data.guesses)


def test_users_of_another_spelling(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user_id,age\n001,10\n002,20\n")
    (tmp_path / "log.csv").write_text("user_id,item_id\n1,a\n2,b\n")
    (checked,) = check_paths([tmp_path / "log.csv", tmp_path / "users.csv"])
    assert one(checked.findings, "spelled-apart").severity == "error"
    data = read(DataSettings(interactions="log.csv", users="users.csv"), tmp_path)
    assert one(check(data), "no-common-users").count == 2


def test_a_catalogue_with_an_author_is_a_catalogue(tmp_path: Path) -> None:
    items = "item_id,author_id,title,rating\n" + "".join(
        f"{i},{i % 3},pot {i},4.{i}\n" for i in range(9)
    )
    (tmp_path / "pots.csv").write_text(items)
    found = check_path(tmp_path / "pots.csv")
    assert any('"item_id" is the item' in f.message for f in found)
    assert not {f.code for f in found} & {"unsaid", "no-order", "one-user", "exact-duplicates"}


def test_a_second_log_and_a_broken_file_stand_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LOG)
    (tmp_path / "b.csv").write_text(LOG)
    (tmp_path / "empty.csv").write_text("")
    found = check_paths([tmp_path / n for n in ("a.csv", "b.csv", "empty.csv")])
    assert [len(c.paths) for c in found] == [1, 1, 1]
    assert [c.error is None for c in found] == [True, True, False]


def test_blanks_around_an_id_that_is_there_without_them_too(tmp_path: Path) -> None:
    rows = "".join(f"u{n % 3},{' ' if n % 5 == 0 else ''}p{n % 4}\n" for n in range(20))
    (tmp_path / "log.csv").write_text("user_id,item_id\n" + rows)
    (tmp_path / "items.csv").write_text(
        "item_id,title\n" + "".join(f"p{n},tea {n}\n" for n in range(4))
    )
    files = DataSettings(interactions="log.csv", items="items.csv")
    data, used = read_unseen(files, tmp_path)
    assert used.same_ids == ("blanks",)
    assert data.interactions.items.ids == ("p0", "p1", "p2", "p3")


def test_a_catalogue_is_known_by_the_ids_of_the_log_too(tmp_path: Path) -> None:
    log, items = tmp_path / "log.csv", tmp_path / "export.csv"
    log.write_text("user_id,item_id\n" + "".join(f"u{n % 4},{n % 9}\n" for n in range(40)))
    items.write_text("ID,SKU,Name\n" + "".join(f"{n},W{n},tea {n}\n" for n in range(9)))
    (checked,) = check_paths([log, items])
    assert checked.error is None
    assert checked.paths == (log, items)
    told = [f for f in checked.findings if '"ID" is the item' in f.message]
    assert [f.where for f in told] == [str(items)]


def addresses(folder: Path, items: str = "p{}") -> DataSettings:
    spelled = ("ann.lee@x.org", "Ann.Lee@X.org", "ANN.LEE@x.org ", "bob@x.org")
    rows = [f"{spelled[n % 4]},{items.format(n % 7)}" for n in range(28)]
    rows += [f"bob@x.org,{items.format(n).upper()}" for n in range(7)]
    (folder / "log.csv").write_text("\n".join(["email,item_id", *rows]) + "\n")
    return DataSettings(interactions="log.csv")


def test_an_address_of_mail_is_one_user(tmp_path: Path) -> None:
    data, used = read_unseen(addresses(tmp_path, "{}"), tmp_path)
    assert used.same_ids == ("blanks", "case")
    assert data.interactions.users.ids == ("ann.lee@x.org", "bob@x.org")


def test_items_that_capitals_tell_apart_stay_two(tmp_path: Path) -> None:
    data, used = read_unseen(addresses(tmp_path), tmp_path)
    assert used.same_ids == ()
    assert data.interactions.n_users == 4
    assert data.interactions.n_items == 14
