"""Contrastive tuning without behaviour: two partial views of one item are alike, views of two items
are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import polars as pl
from annotated_types import Ge, Gt, Le

from palate import config
from palate.adapt.tuning import TextVectors, Weights, drawn, kept
from palate.arrays import Rows
from palate.errors import Refused
from palate.gradient.engine import Tensor
from palate.gradient.infonce import infonce, negatives_of, text_groups
from palate.gradient.loop import Schedule, train
from palate.gradient.origin import digest_of_texts
from palate.language_model import LanguageModel
from palate.seeding import generator
from palate.stages import Encoder, FitContext, Tunable
from palate.tables import Catalogue, Training


@dataclass(frozen=True)
class AttributeDropoutSettings:
    """Settings of `adapt.attribute_dropout.v1`."""

    keep: Annotated[float, Gt(0), Le(1)] = 0.6
    """Chance of each field (of each entry, if it is a list) to stay in a view."""
    keep_words: Annotated[float, Gt(0), Le(1)] = 0.7
    """Chance of each word to stay, where an item has a single field."""
    views: Annotated[int, Ge(2)] = 4
    """Partial views made of each item; two of them are drawn for each pair."""
    tau: Annotated[float, Gt(0)] = 0.05
    """Temperature: the smaller, the more the nearest negatives count."""
    pairs: Annotated[int, Ge(1)] = 20_000
    """Pairs drawn for each epoch."""
    weights: Weights = field(default_factory=Weights)
    """Which weights are tuned."""
    schedule: Schedule = field(default_factory=lambda: Schedule(epochs=1, batch=128, rate=3e-5))
    """How long and how fast it learns; nothing stops it early, for nothing is measured."""


class AttributeDropout:
    """Tunes the language model to tell the items of this catalogue apart by any part of what is
    known of them.

    For new catalogues: needs no behaviour and looks at none, only at the items of the training
    part. Where people's behaviour is known, `adapt.contrastive.v1` learns from what matters to
    them.

    Args:
        settings: See `AttributeDropoutSettings`.

    Cost: that of `adapt.contrastive.v1` for as many pairs, without the evaluations.

    Liu et al., LLMEmb: large language model can be a good embedding generator for sequential
    recommendation, AAAI 2025; Gao et al., SimCSE, EMNLP 2021.
    """

    Settings = AttributeDropoutSettings
    name: ClassVar[str] = "adapt.attribute_dropout.v1"
    uses_behaviour: ClassVar[bool] = False

    def __init__(self, settings: AttributeDropoutSettings | None = None) -> None:
        self.settings = settings or AttributeDropoutSettings()

    def tune(
        self,
        encoder: Tunable,
        catalogue: Catalogue,
        training: Training,
        context: FitContext = FitContext(),
    ) -> Encoder:
        """Tune on the content of the items that the training part knows.

        Raises:
            Refused: Fewer than two of them have a text.
        """
        rows = np.unique(training.log.item)
        whole = encoder.texts(catalogue)
        rows = np.array([row for row in rows if whole[row] is not None], np.int32)
        if len(rows) < 2:
            raise Refused(
                "fewer than two items of the training part have a text",
                next_step="leave this tuning out",
            )
        views = [
            partial_texts(
                encoder, catalogue, whole, self.settings, generator(context.seed, "view", number)
            )
            for number in range(self.settings.views)
        ]
        model = encoder.language_model()
        facts = {
            "settings": config.resolved(self.settings),
            "seed": context.seed,
            "model": model.identity,
            "texts": digest_of_texts(text for view in views for text in view),
            "rows": digest_of_texts([",".join(map(str, rows))]),
        }

        def make(folder: Path) -> None:
            learner = _Learner(self.settings, model, views, text_groups(whole), rows, context.seed)
            train(learner, self.settings.schedule, context.seed, context.tracker)
            learner.vectors.merged().save(folder)

        return encoder.with_model(kept(self.name, facts, make))

    def reopen(self, encoder: Tunable, folder: Path) -> Encoder:
        """The encoder with the tuned weights of `folder`."""
        return encoder.with_model(folder)


def partial_texts(
    encoder: Tunable,
    catalogue: Catalogue,
    whole: list[str | None],
    settings: AttributeDropoutSettings,
    rng: np.random.Generator,
) -> list[str]:
    """One partial text an item: some fields left out, or some words where leaving fields out
    changes nothing.

    Args:
        encoder: Says how fields become a text.
        catalogue: All items.
        whole: The texts of whole items.
        settings: How much stays.
        rng: Decides what stays.
    """
    thinned = Catalogue(
        catalogue.items,
        catalogue.fields.select(
            _thinned(catalogue.fields[name], settings.keep, rng)
            for name in catalogue.fields.columns
        ),
    )
    texts = encoder.texts(thinned)
    return [
        (
            part
            if part is not None and part != text
            else _fewer_words(text or "", settings.keep_words, rng)
        )
        for part, text in zip(texts, whole, strict=True)
    ]


def _thinned(column: pl.Series, keep: float, rng: np.random.Generator) -> pl.Series:
    if column.dtype in (pl.List, pl.Array):
        entries = column.cast(pl.List(pl.String)).to_list()
        left = [None if e is None else [x for x in e if rng.random() < keep] for e in entries]
        return pl.Series(column.name, left, dtype=pl.List(pl.String))
    stays = pl.Series(rng.random(len(column)) < keep)
    return (
        column.to_frame()
        .select(pl.when(stays).then(pl.col(column.name)).alias(column.name))
        .to_series()
    )


def _fewer_words(text: str, keep: float, rng: np.random.Generator) -> str:
    words = text.split()
    left = [word for word in words if rng.random() < keep]
    return " ".join(left or words[:1])


class _Learner:
    def __init__(
        self,
        settings: AttributeDropoutSettings,
        model: LanguageModel,
        views: list[list[str]],
        group: Rows,
        rows: Rows,
        seed: int,
    ) -> None:
        self.settings = settings
        self.n_items = len(group)
        tokens = model.tokens([text for view in views for text in view])
        self.vectors = TextVectors(model, tokens, settings.weights, seed)
        self.group = group
        self.rows = rows
        self.parameters = self.vectors.parameters

    def batches(self, rng: np.random.Generator) -> Iterator[Rows]:
        for part in drawn(self.settings.pairs, self.settings.schedule.batch):
            size = min(part.stop - part.start, len(self.rows))
            items = rng.choice(self.rows, size, replace=False)
            first = rng.integers(self.settings.views, size=size)
            second = (first + rng.integers(1, self.settings.views, size=size)) % self.settings.views
            yield np.stack([items, first, second]).astype(np.int32)

    def loss(self, batch: Rows) -> Tensor:
        items, first, second = (line.astype(np.int64) for line in batch)
        vectors = self.vectors(
            np.concatenate([first * self.n_items + items, second * self.n_items + items])
        )
        apart = np.tile(negatives_of(items.astype(np.int32), self.group), (2, 2))
        place = np.arange(len(items))
        return infonce(vectors, place, place + len(items), apart, self.settings.tau)

    def metric(self) -> float:
        return float("nan")
