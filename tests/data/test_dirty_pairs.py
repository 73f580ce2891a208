"""A stranger's files: `palate init` ends in a recipe that reads what was meant, or in a message
that leads to one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.data.dirty_pairs import (
    PAIRS,
    Truth,
    big,
    emails_and_strangers,
    inserts,
)

from palate.cli.main import main
from palate.data.assemble import read
from palate.recipe.recipe import load
from palate.tables import Dataset


def _read(truth: Truth, folder: Path) -> Dataset:
    recipe = folder / "recipe.toml"
    words = ["init", str(truth.log), str(truth.items), "--out", str(recipe), *truth.keys]
    assert main(words) == 0
    made = load(recipe)
    return read(made.data, made.base)


@pytest.mark.parametrize("make", PAIRS, ids=[make.__name__ for make in PAIRS])
def test_what_is_read_is_what_was_meant(make: Callable[[Path], Truth], tmp_path: Path) -> None:
    truth = make(tmp_path)
    data = _read(truth, tmp_path)
    log = data.interactions
    assert len(log) == truth.events
    assert set(log.users.ids) == truth.users
    assert {log.items.ids[i] for i in log.item} == truth.bought
    if truth.values is not None:
        assert float(log.value.sum()) == truth.values
    if truth.times is None:
        assert log.time is None
    else:
        assert log.time is not None
        assert (log.time.min(), log.time.max()) == truth.times
    for name, meant in truth.fields.items():
        column = data.catalogue.column(name)
        rows = {item: data.catalogue.items.ids.index(item) for item in meant}
        found = {item: column[row] for item, row in rows.items()}
        plain = {i: v.to_list() if hasattr(v, "to_list") else v for i, v in found.items()}
        assert plain == meant, name


def test_statements_are_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = inserts(tmp_path)
    log = truth.log.rename(tmp_path / "dump.csv")
    words = ["init", str(log), str(truth.items), "--out", str(tmp_path / "recipe.toml")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "statements of SQL" in said
    assert "ending .sql" in said
    assert "mysql -B" in said


def test_addresses_are_read_alike_and_of_names_a_person_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = emails_and_strangers(tmp_path)
    command = ["init", str(truth.log), str(truth.items), "--out", str(tmp_path / "r.toml")]
    assert main(command) == 0
    assert truth.says in capsys.readouterr().out
    names = truth.log.read_text().replace("@Example.com", "Lee").replace("@example.com", "lee")
    truth.log.write_text(names.replace("email,", "customer,"))
    assert main([*command, "--force"]) == 0
    said = capsys.readouterr().out
    assert "40 of 80 ids of users differ from another one in blanks" in said
    assert 'if they mean the same: same_ids = ["blanks", "case"]' in said


def test_a_log_of_any_length_is_written_as_a_stream(tmp_path: Path) -> None:
    assert big(tmp_path, 200).events == 200
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 201


@pytest.mark.parametrize("behind", [True, False])
def test_keys_may_stand_behind_options(behind: bool, tmp_path: Path) -> None:
    truth = inserts(tmp_path)
    truth.log.write_text("a,b\n1,2\n1,3\n2,2\n")
    options = ["--out", str(tmp_path / "recipe.toml")]
    keys = ["user_column=a", "item_column=b"]
    words = [*options, *keys] if behind else [*keys, *options]
    assert main(["init", str(truth.log), *words]) == 0
    assert load(tmp_path / "recipe.toml").data.item_column == "b"
