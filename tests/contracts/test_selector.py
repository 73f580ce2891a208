"""Every selector of the registry keeps the contract."""

from __future__ import annotations

from typing import Any

import pytest

from palate import registry
from palate.testing.selector import SelectorContract


@pytest.mark.parametrize("name", registry.names("selector"))
class TestEverySelector(SelectorContract):
    @pytest.fixture
    def part(self, name: str) -> Any:
        return registry.part_class(name)()
