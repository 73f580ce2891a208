import json
import shutil

import numpy as np
import pytest

from palate.encode.content_encoder import text_matrix
from palate.encode.text.static import Static, StaticSettings, read_static
from palate.errors import BadInput

pytest.importorskip("tokenizers")
pytest.importorskip("transformers")


@pytest.fixture
def folder(tmp_path):
    from palate.testing.language_models import make_static_model

    return make_static_model(tmp_path / "static")


def rewrite(folder, **changed):
    from safetensors.numpy import load_file, save_file

    tensors = {**load_file(folder / "model.safetensors"), **changed}
    save_file({k: v for k, v in tensors.items() if v is not None}, folder / "model.safetensors")


def encoded(folder, texts, **settings):
    return text_matrix(Static(StaticSettings(model=str(folder), **settings)), texts)


def test_a_text_is_the_mean_of_its_tokens(folder):
    model = read_static(folder)
    ids = [model.tokeniser.token_to_id(w) for w in ("red", "red", "wine")]
    expected = model.vectors[ids].mean(axis=0)
    np.testing.assert_allclose(
        encoded(folder, ["Red red wine"], normalise=False)[0][0], expected, rtol=1e-5
    )
    unit = encoded(folder, ["Red red wine"])[0][0]
    np.testing.assert_allclose(unit, expected / np.linalg.norm(expected), rtol=1e-5)


def test_unknown_tokens_do_not_count_and_nothing_known_is_absent(folder):
    matrix, present = encoded(folder, ["red \u2603", "red", "\u2603"])
    assert np.array_equal(matrix[0], matrix[1])
    assert present.tolist() == [True, True, False]


def test_long_texts_are_cut_off(folder):
    assert np.array_equal(
        encoded(folder, ["red wine"], max_tokens=1)[0], encoded(folder, ["red"])[0]
    )


def test_company_does_not_show(folder):
    texts = ["red wine", "old glass of red", "queen", "war and peace"]
    together = encoded(folder, texts)[0]
    alone = np.vstack([encoded(folder, [t])[0] for t in texts])
    assert together.tobytes() == alone.tobytes()


def test_shared_vectors_and_weights(folder):
    model = read_static(folder)
    n = len(model.rows)
    few = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    weights = np.linspace(1, 2, n)
    rewrite(folder, embeddings=few, mapping=np.arange(n) % 3, weights=weights)
    ids = [model.tokeniser.token_to_id(w) for w in ("red", "wine")]
    expected = sum(weights[i] * few[i % 3] for i in ids) / 2
    np.testing.assert_allclose(
        encoded(folder, ["red wine"], normalise=False)[0][0], expected, rtol=1e-5
    )


def test_the_static_kind_of_sentence_transformers(folder, tmp_path):
    vectors = read_static(folder).vectors
    inner = tmp_path / "st" / "0_StaticEmbedding"
    shutil.copytree(folder, inner)
    (inner / "config.json").unlink()
    rewrite(inner, embeddings=None, **{"embedding.weight": vectors})
    plain = encoded(folder, ["red wine"], normalise=False)[0]
    assert np.array_equal(encoded(tmp_path / "st", ["red wine"])[0], plain)


@pytest.mark.parametrize(
    "change", [{"embeddings": None}, {"embeddings": np.zeros((3, 4), np.float32)}]
)
def test_what_is_no_static_model_is_said(folder, change):
    rewrite(folder, other=np.zeros(2), **change)
    with pytest.raises(BadInput, match="this is no static model"):
        read_static(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_broken_files_are_said(folder, name):
    (folder / name).write_text("nothing")
    with pytest.raises(BadInput, match=name):
        read_static(folder)


def test_the_key_follows_files_and_settings(folder):
    def identity(**settings):
        return Static(StaticSettings(model=str(folder), **settings)).identity()

    before = identity()
    assert identity(max_tokens=5) != before
    assert identity(normalise=False) != before
    (folder / "config.json").write_text(json.dumps({"normalize": False}))
    assert identity() != before
