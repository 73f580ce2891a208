"""Every registered splitter keeps the contract; broken ones do not."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from palate import registry
from palate.data.splits.leave_last_out import LeaveLastOut, LeaveLastOutSettings
from palate.data.splits.ratio import Ratio
from palate.stages import Splitter
from palate.tables import Interactions, Split
from palate.testing.logs import made_log
from palate.testing.splitter import SplitterContract


@pytest.mark.parametrize("name", registry.names("splitter"))
class TestSplitters(SplitterContract):
    @pytest.fixture
    def part(self, name: str) -> Splitter:
        kind = registry.part_class(name)
        return kind(kind.Settings())


class Leaky:
    """The classical fault: what is asked for is trained on as well."""

    Settings = LeaveLastOutSettings

    def __init__(self) -> None:
        self.settings = LeaveLastOutSettings()

    def split(self, log: Interactions, seed: int) -> Split:
        return replace(LeaveLastOut(self.settings).split(log, seed), train=log)


class Restless(Leaky):
    """Another split at every call."""

    def split(self, log: Interactions, seed: int) -> Split:
        return Ratio().split(log, int.from_bytes(os.urandom(4), "big"))


def test_the_contract_finds_faults() -> None:
    suite, log = SplitterContract(), made_log()
    with pytest.raises(AssertionError):
        suite.test_every_event_is_used_once(Leaky().split(log, 0), log)
    with pytest.raises(AssertionError):
        suite.test_same_seed_same_split(Restless(), log, Restless().split(log, 7))
