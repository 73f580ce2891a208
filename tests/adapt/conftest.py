"""A tiny language model and a small world whose people like one family of words each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
import pytest

from palate import store
from palate.arrays import Ragged, Rows
from palate.gradient.engine import torch_rng
from palate.store import Artefact
from palate.tables import (
    Block,
    Cases,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Training,
    Vocabulary,
)

WORDS = [f"w{i}" for i in range(40)]
N_ITEMS = 40


class TinyModel:
    """A BERT of 16 columns and two layers; a token is a word, 0 is the padding, 1 begins and 2 ends
    a text.
    """

    def __init__(self, folder: Path | None = None) -> None:
        import torch
        import transformers

        settings = transformers.BertConfig(
            vocab_size=64,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            body = transformers.BertModel(settings, add_pooling_layer=False)
        values = torch_rng(0, "tiny")
        with torch.no_grad():
            for parameter in body.parameters():
                if parameter.ndim == 2:
                    parameter.copy_(torch.randn(parameter.shape, generator=values) * 0.3)
        kept = None if folder is None else store.read(folder / "tiny")
        if kept is not None:
            body.load_state_dict({n: torch.from_numpy(np.array(a)) for n, a in kept.arrays.items()})

        class Pooled(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.body = body

            def forward(self, tokens: Any, mask: Any) -> Any:
                hidden = self.body(input_ids=tokens, attention_mask=mask).last_hidden_state
                weight = mask.unsqueeze(-1).float()
                return (hidden * weight).sum(1) / weight.sum(1)

        self.module = Pooled().eval()
        self.padding = 0
        self.identity = "base" if folder is None else str(folder)

    def tokens(self, texts: Sequence[str]) -> Ragged:
        return Ragged.of([[1, *(3 + int(w[1:]) for w in t.split()), 2] for t in texts])

    def save(self, folder: Path) -> None:
        arrays = {n: p.detach().numpy() for n, p in self.module.body.state_dict().items()}
        store.write(folder / "tiny", arrays, {})


@dataclass(frozen=True)
class TinyEncoder:
    folder: Path | None = None

    def texts(self, catalogue: Catalogue) -> list[str | None]:
        return catalogue.texts(catalogue.fields.columns, separator=" ")

    def language_model(self) -> TinyModel:
        return TinyModel(self.folder)

    def with_model(self, folder: Path) -> TinyEncoder:
        return TinyEncoder(folder)

    def save_model(self, folder: Path) -> None:
        self.language_model().save(folder)

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        return self

    def state(self) -> Artefact:
        return Artefact({}, {})

    def load(self, state: Artefact) -> Self:
        return self

    def encode(self, catalogue: Catalogue) -> Block:
        from palate.adapt.tuning import TextVectors, Weights

        texts = self.texts(catalogue)
        model = self.language_model()
        vectors = TextVectors(
            model, model.tokens([t or "" for t in texts]), Weights(), seed=0
        ).all()
        present = np.array([t is not None for t in texts])
        return Block(
            "tiny",
            np.where(present[:, None], vectors, 0),
            present,
            Origin("tiny", weights=model.identity),
        )


@pytest.fixture
def encoder() -> TinyEncoder:
    return TinyEncoder()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Item i has one word of its family (i % 4) and two that say nothing; the last item has no
    text.
    """
    random = np.random.default_rng(0)
    first = [WORDS[4 * int(random.integers(4)) + i % 4] for i in range(N_ITEMS)]
    rest = [" ".join(WORDS[16 + int(j)] for j in random.integers(0, 24, 2)) for _ in range(N_ITEMS)]
    frame = pl.DataFrame({"family": [*first[:-1], None], "other": [*rest[:-1], None]})
    return Catalogue(Vocabulary.of(f"i{i}" for i in range(N_ITEMS)), frame)


@pytest.fixture(scope="session")
def training(catalogue: Catalogue) -> Training:
    """Everybody has six items of one family; the seventh is what validation asks for."""
    random = np.random.default_rng(1)
    rows = [random.choice(np.arange(u % 4, N_ITEMS, 4), 7, replace=False) for u in range(120)]
    user = np.repeat(np.arange(120, dtype=np.int32), 6)
    item = np.concatenate([r[:6] for r in rows]).astype(np.int32)
    users = Vocabulary.of(f"u{i}" for i in range(120))
    log = Interactions(users, catalogue.items, user, item, np.ones(len(user), np.float32))
    histories = Histories.of(log, np.arange(120, dtype=np.int32))
    cases = Cases(histories, histories.items, Ragged.of([r[6:] for r in rows]))
    return Training(log, FeatureTable(catalogue.items), cases)


@pytest.fixture
def closeness() -> Callable[[np.ndarray], float]:
    """How much more alike items of one family are than items of two, by their mean cosine."""

    def measure(E: np.ndarray) -> float:
        E = E[: N_ITEMS - 1]
        S = E @ E.T
        own = np.arange(len(E)) % 4
        same = own[:, None] == own[None, :]
        off = ~np.eye(len(E), dtype=bool)
        return float(S[same & off].mean() - S[~same].mean())

    return measure
