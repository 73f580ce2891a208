"""Every registered adapter keeps the contract."""

import pytest

from palate import registry
from palate.adapt.residual import ResidualSettings
from palate.encode.geometry.choose import ChooseSettings
from palate.gradient.loop import Schedule
from palate.stages import Adapter
from palate.testing.adapter import AdapterContract

QUICK = {
    "adapt.residual.v1": ResidualSettings(pairs=200, schedule=Schedule(epochs=2, batch=100)),
    # both leave states of one size, so that what is chosen on other items does not change the size
    "geometry.choose.v1": ChooseSettings(candidates=("pca-whiten", "shrink"), dims=4),
}


@pytest.mark.parametrize("name", registry.names("adapter"))
class TestEveryAdapter(AdapterContract):
    @pytest.fixture
    def part(self, name: str) -> Adapter:
        built: Adapter = registry.part_class(name)(QUICK[name])
        return built
