"""Everything that a log of events goes through keeps its columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.arrays import Ragged
from palate.data.assemble import read, read_frames
from palate.data.export import Format, export
from palate.data.settings import DataSettings
from palate.runs.artefacts import read_log, write_log
from palate.runs.writer import RunWriter
from palate.tables import (
    Cases,
    Catalogue,
    Dataset,
    Event,
    Histories,
    Interactions,
    SealedCases,
    Split,
)
from palate.testing.events import Carrier, EventLogContract
from palate.testing.logs import made_events

CONTEXT = ("device", "hour", "price", "logged_in")


def _settings(log: Interactions, **more: str) -> DataSettings:
    return DataSettings(context_columns=() if log.context is None else CONTEXT, **more)


class TestItself(EventLogContract):
    @pytest.fixture
    def part(self) -> Carrier:
        return lambda log: log


class TestEvents(EventLogContract):
    @pytest.fixture
    def part(self) -> Carrier:
        return lambda log: Interactions.of_events(log.events())


class TestFrame(EventLogContract):
    @pytest.fixture
    def part(self) -> Carrier:
        return lambda log: read_frames(log.frame(), settings=_settings(log)).interactions


class _Files(EventLogContract):
    to: Format

    @pytest.fixture
    def part(self, tmp_path: Path) -> Carrier:
        def carried(log: Interactions) -> Interactions:
            export(Dataset(log, Catalogue(log.items, pl.DataFrame())), tmp_path, self.to, "x")
            name = f"{'x' if self.to == 'atomic' else 'interactions'}.{ENDINGS[self.to]}"
            return read(_settings(log, interactions=name), tmp_path).interactions

        return carried


ENDINGS = {"parquet": "parquet", "csv": "csv", "jsonl": "jsonl", "atomic": "inter"}


class TestParquet(_Files):
    to = "parquet"


class TestCsv(_Files):
    to = "csv"


class TestJsonLines(_Files):
    to = "jsonl"


class TestAtomicFiles(_Files):
    to = "atomic"

    @pytest.fixture
    def events(self) -> list[Event]:
        # in this format, a text of several words is a list of words
        return [
            replace(event, context={**event.context, "device": f"phone{i % 3}"})
            for i, event in enumerate(made_events())
        ]


class TestRunFolder(EventLogContract):
    @pytest.fixture
    def part(self, tmp_path: Path) -> Carrier:
        def carried(log: Interactions) -> Interactions:
            nobody = np.empty(0, np.int32)
            none = Ragged.of([])
            cases = Cases(Histories.of(log, nobody), none, none)
            data = Dataset(log, Catalogue(log.items, pl.DataFrame()))
            with RunWriter(tmp_path) as writer:
                write_log(writer, data, Split(log, cases, SealedCases(cases)))
                writer.finish()
            return read_log(tmp_path).log

        return carried
