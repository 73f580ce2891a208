"""Integrated gradients through a small transformer of random weights: they add up, and find what
was put in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from palate.errors import BadInput
from palate.explain.attribution.gradients import TransformerScore, attention, integrated_gradients

torch = pytest.importorskip("torch")
pytest.importorskip("captum")
transformers = pytest.importorskip("transformers")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "tea", "cup", "the", "of"]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> TransformerScore:
    torch.manual_seed(0)
    vocabulary = tmp_path_factory.mktemp("words") / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS))
    tokenizer: Any = transformers.BertTokenizerFast(vocab=str(vocabulary))
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        attn_implementation="eager",
    )
    model = transformers.BertModel(config).eval()
    return TransformerScore(model, tokenizer, np.random.default_rng(0).normal(size=16))


def test_words_add_up_to_the_score(scorer: TransformerScore) -> None:
    text, empty = "the cup of green tea", scorer.tokenizer.pad_token
    found = integrated_gradients(text, scorer, steps=128)
    assert [p.text for p in found.pieces] == text.split()
    ids = scorer.tokenize([text])
    start = scorer.model.get_input_embeddings()(
        torch.where(ids["input_ids"] > 3, torch.zeros_like(ids["input_ids"]), ids["input_ids"])
    )
    base = float(scorer.of_embeddings(start, ids["attention_mask"]).detach()[0])
    assert found.values.sum() == pytest.approx(found.score - base, abs=0.01)
    assert empty == "[PAD]"
    with pytest.raises(BadInput):
        integrated_gradients(text, scorer, steps=1)


def test_attention_is_positive_and_scores_agree(scorer: TransformerScore) -> None:
    found = attention("green tea", scorer)
    assert (found.values > 0).all()
    assert found.score == pytest.approx(float(scorer(["green tea"])[0]))
