"""Every registered scorer that says it can be updated keeps the contract, with its default
settings.
"""

from __future__ import annotations

from typing import Any

import pytest

from palate import registry
from palate.capabilities import Updatable
from palate.model.cooccurrence import Cooccurrence
from palate.model.popularity import Popularity
from palate.model.text_kernel import TextKernel
from palate.stages import FitContext, Scorer
from palate.testing.updatable import Stream, UpdatableContract

UPDATABLE = [
    name for name in registry.names("scorer") if issubclass(registry.part_class(name), Updatable)
]


class TestEveryUpdatableScorer(UpdatableContract):
    @pytest.fixture(params=UPDATABLE)
    def part(self, request: pytest.FixtureRequest) -> Any:
        return registry.part_class(request.param)()

    @pytest.fixture
    def context(self, part: Any, stream: Stream) -> FitContext:
        if part.updates == "exactly":
            return FitContext()
        models: dict[str, Scorer] = {
            "id": Cooccurrence(),
            "text": TextKernel(),
            "popularity": Popularity(),
        }
        return FitContext(members={name: m.fit(stream.first) for name, m in models.items()})


def test_which_scorers_can_be_updated() -> None:
    assert UPDATABLE == [
        "model.blend.v1",
        "model.cooccurrence.v1",
        "model.item_knn.v1",
        "model.item_knn.v2",
        "model.popularity.v1",
        "model.recent_popularity.v1",
    ]
