"""Every registered scorer keeps the contract, with its default settings."""

import functools
from dataclasses import replace

import pytest

from palate import registry
from palate.model.cooccurrence import Cooccurrence
from palate.model.popularity import Popularity
from palate.model.text_kernel import TextKernel
from palate.stages import Scorer
from palate.tables import Training
from palate.testing.scorer import ScorerContract, made_training


@functools.cache
def with_members() -> Training:
    alone = made_training()
    models = {"id": Cooccurrence(), "text": TextKernel(), "popularity": Popularity()}
    return replace(alone, members={name: model.fit(alone) for name, model in models.items()})


class TestEveryScorer(ScorerContract):
    @pytest.fixture(params=registry.names("scorer"))
    def part(self, request: pytest.FixtureRequest) -> Scorer:
        built: Scorer = registry.part_class(request.param)()
        return built

    @pytest.fixture
    def training(self) -> Training:
        return with_members()
