"""The judge of the dirty files: right recipes pass, wrong ones are told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "quality")]

import dirty_files  # noqa: E402
from dirt import big, judge  # noqa: E402

from palate.recipe.init import init  # noqa: E402

PAIRS = {pair.name: pair for pair in dirty_files.pairs()}


def test_every_pair_is_another_and_has_its_truth(tmp_path: Path) -> None:
    assert len(PAIRS) == len(dirty_files.pairs()) >= 41
    for name, pair in PAIRS.items():
        assert len(pair.truth.good) > 1000, name
        assert not set(pair.truth.good) & set(pair.truth.not_good), name


def made(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *keys: str) -> list[str]:
    pair = PAIRS[name]
    pair.write(folder)
    monkeypatch.chdir(folder)
    init(list(pair.files), Path("recipe.toml"), overrides=keys)
    return judge.faults(Path("recipe.toml"), pair.truth)


def test_a_right_recipe_has_no_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made("thumbs", tmp_path, monkeypatch) == []


@pytest.mark.parametrize(
    ("name", "key", "fault"),
    [
        ("thumbs", "value_column=-", "must not count"),
        ("mixed zones", "time_column=-", "no times are read"),
        ("mixed zones", "split.part=split.ratio.v1", "does not suit"),
    ],
)
def test_a_wrong_recipe_is_told(
    name: str, key: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = made(name, tmp_path, monkeypatch, key)
    assert any(fault in one for one in found)


def test_a_key_counts_as_named_only_as_a_word() -> None:
    assert dirty_files._names_key("data.time_zone", 'set time_zone = "..."')
    assert not dirty_files._names_key("data.time_zone", "time_zones")


def test_the_large_log_is_drawn_in_pieces(tmp_path: Path) -> None:
    big.write(tmp_path, rows=1000, piece=400)
    lines = (tmp_path / big.FILES[0]).read_text().splitlines()
    assert len(lines) == 1000 + 3
    assert lines.count(lines[0]) == 3


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ((), None),
        (("data.item_column=agent",), "of the true events are found"),
        (("clean.min_value=3",), "of the true events are found"),
        (("split.part=split.ratio.v1",), "does not suit"),
        (("time_column=-", "split.part=split.time.v1"), "no times are read"),
        (("action_column=-",), "kinds of events are not told apart"),
    ],
)
def test_a_recipe_for_the_large_log_is_known_by_what_it_makes_of_a_small_one(
    keys: tuple[str, ...], fault: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    big.write(tmp_path, 30_000, 10_000)
    init(list(big.FILES), Path("recipe.toml"), overrides=keys)
    found = big.faults(Path("recipe.toml"), tmp_path / "small")
    assert found == [] if fault is None else any(fault in one for one in found)
