"""Whatever changes a vector changes the key of its row: every setting there is, and one that is
added tomorrow.
"""

import dataclasses
import hashlib
import json
import shutil

import numpy as np
import polars as pl
import pytest

from palate.encode.content import texts_of
from palate.encode.content_encoder import content_matrix
from palate.encode.text.hashing import Hashing, HashingSettings
from palate.encode.text.http import Http, HttpSettings
from palate.encode.text.static import Static, StaticSettings
from palate.encode.text.transformer import Transformer, TransformerSettings
from palate.errors import BadRecipe
from palate.tables import Catalogue, Vocabulary
from palate.testing.endpoint import embedding_server

TITLES = [
    "red wine",
    "red wine glass old city river story war peace queen",
    "old lamp lamp lamp",
    "Gläser rot",
]
BRANDS = ["old", "city", None, "queen"]
SHOP = Catalogue(Vocabulary.of(range(4)), pl.DataFrame({"title": TITLES, "brand": BRANDS}))
FIELDS = ("title", "brand")


@pytest.fixture(scope="session")
def static_model(tmp_path_factory):
    from safetensors.numpy import save_file

    tokenizers = pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("static")
    words = sorted({w for t in [*TITLES, *filter(None, BRANDS)] for w in t.split()})
    model = tokenizers.models.WordLevel(
        {"[UNK]": 0, **{w: i + 1 for i, w in enumerate(words)}}, unk_token="[UNK]"
    )
    tokeniser = tokenizers.Tokenizer(model)
    tokeniser.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokeniser.save(str(folder / "tokenizer.json"))
    vectors = np.random.default_rng(0).normal(size=(len(words) + 1, 8)).astype(np.float32)
    save_file({"embeddings": vectors}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"normalize": True}))
    return folder


def embedding(place):
    """An endpoint whose vectors depend on everything that is asked for, and on which endpoint it
    is.
    """

    def answer(number, body):
        def vector(text):
            told = json.dumps([place, body["model"], body.get("dimensions"), text]).encode()
            return list(hashlib.sha256(told).digest()[: body.get("dimensions", 8)])

        data = [{"index": i, "embedding": vector(text)} for i, text in enumerate(body["input"])]
        return 200, {}, {"data": data, "usage": {"total_tokens": 1}}

    return embedding_server(answer=answer)


@pytest.fixture(scope="session")
def server():
    with embedding("here") as one, embedding("there") as two:
        yield one, two


def another_static(folder, place):
    from safetensors.numpy import load_file, save_file

    shutil.copytree(folder, place)
    tensors = load_file(place / "model.safetensors")
    save_file({k: v + 1 for k, v in tensors.items()}, place / "model.safetensors")
    return str(place)


@pytest.fixture
def parts(tiny, static_model, server, tmp_path, monkeypatch):
    """Part -> (settings to start from, other values of every setting)."""
    from palate.testing.language_models import make_language_model

    monkeypatch.setenv("A_KEY", "k")
    common = {"fields": [("brand", "title"), ("title",)], "layout": ["named"]}
    other_model = str(make_language_model(tmp_path / "other", "bert", seed=1))
    here, there = server
    return {
        Transformer: (
            TransformerSettings(
                model=str(tiny("bert")), fields=FIELDS, backend="torch", precision="f32"
            ),
            {
                **common,
                "model": [other_model],
                "revision": ["main"],
                "pooling": ["cls", "max", "last", "weighted_mean"],
                "prompt": ["the ", "old "],
                "max_tokens": [5, 6],
                "long_texts": ["chunk"],
                "normalise": [True, False],
                "backend": ["openvino", "onnx"],
                "precision": ["auto"],
                "batch_tokens": [8, 64],
            },
        ),
        Http: (
            HttpSettings(url=here.url, width=8, fields=FIELDS),
            {
                **common,
                "url": [there.url],
                "model": ["another"],
                "width": [9],
                "shorten": [True],
                "key_env": ["A_KEY"],
                "prompt": ["the "],
                "max_letters": [3, 8],
                "normalise": [False],
                "batch": [1],
                "concurrency": [1],
                "retries": [1],
                "timeout": [9.0],
                "requests_per_minute": [1e6],
                "price": [1.0],
                "budget": [1e6],
            },
        ),
        Hashing: (
            HashingSettings(fields=FIELDS, dims=64),
            {
                **common,
                "dims": [8, 32],
                "word_runs": [2, 3],
                "letters": [2, 3],
                "chinese": ["words"],
                "simplify": [True],
            },
        ),
        Static: (
            StaticSettings(model=str(static_model), fields=FIELDS),
            {
                **common,
                "model": [another_static(static_model, tmp_path / "static")],
                "revision": ["main"],
                "max_tokens": [1, 4],
                "normalise": [False],
            },
        ),
    }


PARTS = [Transformer, Http, Hashing, Static]


def rows_of(part):
    """(key, vector) of every item: the key of the table and of the row in it."""
    texts = texts_of(SHOP, part.settings.fields, part.settings.layout)
    matrix, _ = content_matrix(part, texts)
    identity = json.dumps(part.identity(), sort_keys=True)
    return [(identity, part.key(t), row.tobytes()) for t, row in zip(texts, matrix, strict=True)]


@pytest.mark.parametrize("kind", PARTS)
def test_no_setting_is_forgotten(kind, parts):
    _, values = parts[kind]
    assert set(values) == {f.name for f in dataclasses.fields(kind.Settings)}, (
        "say here what the new setting may be"
    )


def compared(kind, start, values):
    """Settings that changed a vector, and those of them that went unnoticed."""
    before = rows_of(kind(start))
    assert before == rows_of(kind(start)), "the same settings give other vectors"
    changed, unnoticed = set(), set()
    for name, value in ((name, value) for name, others in values.items() for value in others):
        if name == "backend":
            pytest.importorskip({"onnx": "onnxruntime"}.get(value, value))
        try:
            after = rows_of(kind(dataclasses.replace(start, **{name: value})))
        except BadRecipe:
            assert name == "width"  # refused, because the endpoint gives vectors of another width
            continue
        pairs = list(zip(before, after, strict=True))
        changed |= {name for old, new in pairs if old[2] != new[2]}
        unnoticed |= {name for old, new in pairs if old[2] != new[2] and old[:2] == new[:2]}
    return changed, unnoticed


@pytest.mark.parametrize("kind", PARTS)
def test_a_change_of_a_vector_is_a_change_of_its_key(kind, parts):
    changed, unnoticed = compared(kind, *parts[kind])
    assert not unnoticed
    assert len(changed) >= 4, f"this test would notice little: only {changed} changed a vector"


def test_a_forgotten_setting_would_be_noticed(parts):
    class Forgetful(Hashing):
        def identity(self):
            return {k: v for k, v in super().identity().items() if k != "letters"}

    assert compared(Forgetful, *parts[Hashing])[1] == {"letters"}


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_change_of_a_file_of_the_weights_is_noticed(name, static_model, tmp_path):
    folder = shutil.copytree(static_model, tmp_path / "copy")
    before = Static(StaticSettings(model=str(folder))).identity()
    content = bytearray((folder / name).read_bytes())
    content[-2] ^= 1
    (folder / name).write_bytes(content)
    assert Static(StaticSettings(model=str(folder))).identity() != before


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"]
)
def test_a_change_of_a_file_of_a_language_model_is_noticed(name, tiny, tmp_path):
    folder = shutil.copytree(tiny("bert"), tmp_path / "copy")
    settings = TransformerSettings(model=str(folder), backend="torch", precision="f32")
    before = Transformer(settings).identity()
    content = (folder / name).read_bytes()
    if name.endswith("json"):
        (folder / name).write_bytes(content.rstrip() + b"\n\n")
    else:
        (folder / name).write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    assert Transformer(settings).identity() != before
