"""Every registered transform keeps the contract, with its default settings."""

import pytest

from palate import registry
from palate.stages import BlockTransform
from palate.testing.block_transform import BlockTransformContract


class TestEveryShaper(BlockTransformContract):
    @pytest.fixture(params=registry.names("block_transform"))
    def part(self, request: pytest.FixtureRequest) -> BlockTransform:
        built: BlockTransform = registry.part_class(request.param)()
        return built
