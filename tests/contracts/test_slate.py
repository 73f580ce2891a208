"""Everything of palate that puts a list together keeps the contract."""

from __future__ import annotations

import pytest

from palate import registry
from palate.parts import PARTS
from palate.stages import Slate
from palate.testing.slate import SlateContract


class TestSlates(SlateContract):
    @pytest.fixture(params=sorted(PARTS["slate"]))
    def part(self, request: pytest.FixtureRequest) -> Slate:
        return registry.spec({"part": request.param}, "slate").build()
