"""Tiny language models with random weights, made on the spot: the real classes and files, a
thousandth of the size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias

from palate.optional import need

Family: TypeAlias = Literal["bert", "roberta", "gpt2", "t5"]

_WORDS = """the a red blue green old new wine glass lip nail polish story of love war and peace in
city river dragon queen cheap best with for kids adults night day music guitar running shoes garden
tools light heavy"""

WORDS = tuple(_WORDS.split())
"""What the tokenisers know as whole words; everything else falls into letters."""


def make_language_model(
    folder: Path, family: Family = "bert", seed: int = 0, max_tokens: int = 64
) -> Path:
    """Write a model of hidden width 32 with its tokeniser, as `save_pretrained` does.

    Args:
        folder: Where to; made if it is not there.
        family: Which architecture.
        seed: Of the random weights; the caller's random state is left as it was.
        max_tokens: Longest text.
    """
    torch = need("torch", extra="text", purpose="make a tiny language model")
    transformers = need("transformers", extra="text", purpose="make a tiny language model")
    tokeniser = _tokeniser(transformers, family, max_tokens)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = _model(transformers, family, len(tokeniser), max_tokens)
        for parameter in model.parameters():
            # The usual tiny initial weights make all texts look alike.
            torch.nn.init.normal_(parameter, std=0.15)
    model.save_pretrained(folder)
    tokeniser.save_pretrained(folder)
    return folder


def as_sentence_transformer(
    folder: Path, pooling: str = "mean", normalise: bool = True, max_tokens: int = 16
) -> Path:
    """Add the files that make a model's folder one of sentence-transformers."""
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + (
        [("2_Normalize", "Normalize")] if normalise else []
    )
    listed = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(modules)
    ]
    modes = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens", "last": "lasttoken"}
    pooling_modes = {f"pooling_mode_{name}": mode == pooling for mode, name in modes.items()}
    _write(folder / "modules.json", listed)
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, **pooling_modes})
    _write(
        folder / "sentence_bert_config.json", {"max_seq_length": max_tokens, "do_lower_case": False}
    )
    return folder


def _model(transformers: Any, family: Family, vocabulary: int, max_positions: int) -> Any:
    if family == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=vocabulary, n_positions=max_positions, n_embd=32, n_layer=2, n_head=4
        )
        return transformers.GPT2Model(config)
    if family == "t5":
        config = transformers.T5Config(
            vocab_size=vocabulary, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4
        )
        return transformers.T5EncoderModel(config)
    kind = {"bert": "Bert", "roberta": "Roberta"}[family]
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=max_positions + (2 if family == "roberta" else 0),
        pad_token_id=0,
    )
    return getattr(transformers, f"{kind}Model")(config)


def _tokeniser(transformers: Any, family: Family, max_tokens: int) -> Any:
    tokenizers = need("tokenizers", extra="text", purpose="make a tiny tokeniser")
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + [str(i) for i in range(10)]
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *WORDS,
        *letters,
        *(f"##{c}" for c in letters),
        ".",
        ",",
        ":",
        ";",
    ]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token=pieces[1]))
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]"}
    if family in ("bert", "roberta"):
        made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        special |= {"cls_token": "[CLS]", "sep_token": "[SEP]"}
    elif family == "t5":
        made.post_processor = tokenizers.processors.TemplateProcessing(
            "$A [SEP]", special_tokens=[("[SEP]", 3)]
        )
        special |= {"eos_token": "[SEP]"}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=max_tokens, **special
    )


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def make_static_model(folder: Path, seed: int = 0, width: int = 16) -> Path:
    """Write a static model in model2vec's format, with random vectors for the tokens of `WORDS`."""
    import numpy as np

    transformers = need("transformers", extra="text", purpose="make a tiny tokeniser")
    safetensors = need("safetensors.numpy", extra="text", purpose="write a static model")
    made = _tokeniser(transformers, "gpt2", 64).backend_tokenizer
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    n_tokens = made.get_vocab_size()
    vectors = np.random.default_rng(seed).normal(size=(n_tokens, width)).astype(np.float32)
    safetensors.save_file({"embeddings": vectors}, folder / "model.safetensors")
    _write(folder / "config.json", {"model_type": "model2vec", "normalize": True})
    return folder
