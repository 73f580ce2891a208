"""Every registered splitter keeps the contract."""

from __future__ import annotations

import pytest

from palate import registry
from palate.stages import Splitter
from palate.testing.splitter import SplitterContract


@pytest.mark.parametrize("name", registry.names("splitter"))
class TestSplitters(SplitterContract):
    @pytest.fixture
    def part(self, name: str) -> Splitter:
        kind = registry.part_class(name)
        return kind(kind.Settings())
