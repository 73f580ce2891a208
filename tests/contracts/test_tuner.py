"""Every registered tuner keeps the contract, on a tiny transformer."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate import registry
from palate.adapt.attribute_dropout import AttributeDropoutSettings
from palate.adapt.contrastive import ContrastiveSettings
from palate.adapt.distil import DistilSettings
from palate.encode.text.transformer import Transformer, TransformerSettings
from palate.gradient.loop import Schedule
from palate.stages import Tunable, Tuner
from palate.tables import Catalogue, Training
from palate.testing.language_models import WORDS, make_language_model
from palate.testing.scorer import made_training
from palate.testing.tuner import TunerContract

BRIEF = Schedule(epochs=1, batch=20, rate=1e-3)
QUICK = {
    "adapt.attribute_dropout.v1": AttributeDropoutSettings(pairs=40, schedule=BRIEF),
    "adapt.contrastive.v1": ContrastiveSettings(pairs=40, schedule=BRIEF),
    "adapt.distil.v1": DistilSettings(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.mark.parametrize("name", registry.names("tuner"))
class TestEveryTuner(TunerContract):
    @pytest.fixture
    def part(self, name: str) -> Tuner:
        built: Tuner = registry.part_class(name)(QUICK[name])
        return built

    @pytest.fixture
    def encoder(self, folder: Path, catalogue: Catalogue) -> Tunable:
        part = Transformer(TransformerSettings(model=str(folder), backend="torch", precision="f32"))
        return part.fit(catalogue, np.arange(len(catalogue), dtype=np.int32))

    @pytest.fixture
    def training(self) -> Training:
        return made_training()

    @pytest.fixture
    def catalogue(self, training: Training) -> Catalogue:
        random = np.random.default_rng(0)
        titles: list[str | None] = [
            " ".join(random.choice(WORDS, 4)) for _ in range(training.log.n_items - 1)
        ]
        return Catalogue(training.log.items, pl.DataFrame({"title": [*titles, None]}))
