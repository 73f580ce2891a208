"""Every registered reader keeps the contract; broken ones do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate import registry
from palate.data.assemble import FilesReader, read_frames
from palate.data.settings import DataSettings
from palate.stages import Reader
from palate.tables import Dataset
from palate.testing.reader import ReaderContract

LOG = "user_id,item_id,rating,timestamp\nu,a,5,1\nv,b,4,2\nu,b,3,3\n"
ITEMS = "item_id,title\nb,Bee\na,Ant\nc,Cat\n"


@dataclass(frozen=True)
class Sample:
    good: Callable[[Path], Mapping[str, object]]
    bad: Callable[[Path], Mapping[str, object]]


def _files(folder: Path) -> Mapping[str, object]:
    (folder / "log.csv").write_text(LOG, encoding="utf-8")
    (folder / "items.csv").write_text(ITEMS, encoding="utf-8")
    return {"interactions": str(folder / "log.csv"), "items": str(folder / "items.csv")}


# Settings for which a reader finds something, and for which it must fail; a new reader needs an
# entry.
SAMPLES: dict[str, Sample] = {
    "reader.files.v1": Sample(_files, lambda folder: {"interactions": str(folder / "nothing.csv")}),
}


@pytest.mark.parametrize("name", registry.names("reader"))
class TestReaders(ReaderContract):
    @pytest.fixture
    def part(self, name: str, tmp_path: Path) -> Reader:
        kind = registry.part_class(name)
        return kind(kind.Settings(**SAMPLES[name].good(tmp_path)))

    @pytest.fixture
    def broken(self, name: str, tmp_path: Path) -> Reader:
        kind = registry.part_class(name)
        return kind(kind.Settings(**SAMPLES[name].bad(tmp_path)))


class Forgetful:
    """Gives something else at the second call."""

    Settings = DataSettings

    def __init__(self) -> None:
        self.calls = 0

    def read(self) -> Dataset:
        self.calls += 1
        return _dataset(self.calls)


def _dataset(n: int) -> Dataset:
    return read_frames(
        pl.DataFrame({"user_id": [1, 2, 1], "item_id": ["a", "b", "b"], "rating": [n, n, n]})
    )


def test_the_contract_finds_faults() -> None:
    suite, reader = ReaderContract(), Forgetful()
    with pytest.raises(AssertionError):
        suite.test_reading_twice_gives_the_same(reader, reader.read())
    whole = _dataset(1)
    wrong = replace(
        whole, interactions=replace(whole.interactions, value=np.array([1, np.nan, 1], np.float32))
    )
    with pytest.raises(AssertionError):
        suite.test_values_and_times_are_numbers(wrong)
    backwards = replace(whole.interactions, user=whole.interactions.user[::-1].copy())
    with pytest.raises(AssertionError):
        suite.test_users_come_in_order_of_appearance(
            replace(whole, interactions=replace(backwards, user=1 - backwards.user))
        )
    with pytest.raises(pytest.fail.Exception):
        suite.test_a_broken_source_is_an_error_of_ours(reader)


def test_the_constructor_only_stores() -> None:
    settings = DataSettings(interactions="/nowhere/at/all.csv")
    assert FilesReader(settings).settings is settings
