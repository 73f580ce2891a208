"""Every policy of palate keeps the contract."""

from __future__ import annotations

import pytest

from palate import registry
from palate.parts import PARTS
from palate.stages import Policy
from palate.testing.policy import PolicyContract


class TestPolicies(PolicyContract):
    @pytest.fixture(params=sorted(PARTS["policy"]))
    def part(self, request: pytest.FixtureRequest) -> Policy:
        return registry.spec({"part": request.param}, "policy").build()
