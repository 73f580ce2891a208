"""Every registered scorer keeps the contract, with its default settings or quicker ones."""

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate import registry
from palate.encode.text.transformer import TransformerSettings
from palate.encode.text_source import BlockTexts
from palate.model.cooccurrence import Cooccurrence
from palate.model.popularity import Popularity
from palate.model.text_kernel import TextKernel
from palate.registry import PartSpec
from palate.stages import FitContext, Scorer
from palate.tables import Catalogue
from palate.testing.language_models import WORDS, make_language_model
from palate.testing.scorer import ScorerContract, made_training

LIKELIHOOD = {"likelihood": {"epochs": 2}, "width": 16}
QUICK: dict[str, dict[str, Any]] = {
    "model.generator.v1": LIKELIHOOD,
    "model.seqgan.v1": {**LIKELIHOOD, "schedule": {"epochs": 1}, "roll_outs": 2, "warm_up": 1},
    "model.grpo.v1": {**LIKELIHOOD, "schedule": {"epochs": 1}, "evaluator_steps": 5},
    "model.generator_evaluator.v1": {**LIKELIHOOD, "samples": 2, "evaluator_steps": 5},
}
"""Settings of parts whose defaults take seconds to learn."""


@functools.cache
def with_members() -> FitContext:
    alone = made_training()
    models = {"id": Cooccurrence(), "text": TextKernel(), "popularity": Popularity()}
    return FitContext(members={name: model.fit(alone) for name, model in models.items()})


@pytest.fixture(scope="module")
def context_of_all(tmp_path_factory: pytest.TempPathFactory) -> FitContext:
    """With members, and with titles that a tiny language model reads."""
    items = made_training().log.items
    folder = make_language_model(tmp_path_factory.mktemp("tiny") / "model")
    spec = PartSpec(
        "text.transformer.v1", TransformerSettings(str(folder), backend="torch", precision="f32")
    )
    random = np.random.default_rng(0)
    titles = [*(" ".join(random.choice(WORDS, 3)) for _ in range(len(items) - 1)), None]
    catalogue = Catalogue(items, pl.DataFrame({"title": titles}))
    reader = spec.build().fit(catalogue, np.arange(len(items), dtype=np.int32))
    text = BlockTexts(lambda: reader, catalogue)
    return replace(with_members(), texts={"text.words": text})


class TestEveryScorer(ScorerContract):
    @pytest.fixture(params=registry.names("scorer"))
    def part(self, request: pytest.FixtureRequest) -> Scorer:
        table = {"part": request.param, **QUICK.get(request.param, {})}
        built: Scorer = registry.spec(table, "scorer").build()
        return built

    @pytest.fixture
    def context(self, context_of_all: FitContext) -> FitContext:
        return context_of_all
