"""Every explainer of the registry keeps the contract."""

from __future__ import annotations

from typing import Any

import pytest

from palate import registry
from palate.testing.explainer import ExplainerContract


@pytest.mark.parametrize("name", registry.names("explainer"))
class TestEveryExplainer(ExplainerContract):
    @pytest.fixture
    def part(self, name: str) -> Any:
        return registry.part_class(name)()
