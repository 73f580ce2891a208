"""Every registered shaper keeps the contract, with its default settings."""

import pytest

from palate import registry
from palate.stages import Shaper
from palate.testing.shaper import ShaperContract


class TestEveryShaper(ShaperContract):
    @pytest.fixture(params=registry.names("shaper"))
    def part(self, request: pytest.FixtureRequest) -> Shaper:
        built: Shaper = registry.part_class(request.param)()
        return built
