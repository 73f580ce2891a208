"""Every policy of palate that learns keeps the contract of those that learn."""

from __future__ import annotations

import pytest

from palate import registry
from palate.acting import LearnsFromRewards
from palate.parts import PARTS
from palate.stages import Policy
from palate.testing.learning_policy import LearningPolicyContract

LEARNING = [
    n for n in sorted(PARTS["policy"]) if issubclass(registry.part_class(n), LearnsFromRewards)
]


class TestLearningPolicies(LearningPolicyContract):
    @pytest.fixture(params=LEARNING)
    def part(self, request: pytest.FixtureRequest) -> Policy:
        return registry.spec({"part": request.param}, "policy").build()


def test_there_are_some() -> None:
    assert len(LEARNING) >= 4
