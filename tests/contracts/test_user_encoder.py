"""Every registered user encoder keeps the contract, with its default settings."""

import pytest

from palate import registry
from palate.stages import UserEncoder
from palate.testing.user_encoder import UserEncoderContract


class TestEveryUserEncoder(UserEncoderContract):
    @pytest.fixture(params=registry.names("user_encoder"))
    def part(self, request: pytest.FixtureRequest) -> UserEncoder:
        built: UserEncoder = registry.part_class(request.param)()
        return built
