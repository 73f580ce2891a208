"""Contrastive tuning on behaviour: texts of items that the same people had move together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt

from palate import config
from palate.adapt.tuning import TextVectors, Weights, drawn, kept
from palate.arrays import Floats, Longs, Rows
from palate.gradient.engine import Tensor
from palate.gradient.infonce import infonce, negatives_of, text_groups, unique_of
from palate.gradient.kernel_objective import KernelObjective
from palate.gradient.loop import Schedule, train
from palate.gradient.origin import digest_of_log, digest_of_texts
from palate.gradient.pairs import cooccurring
from palate.language_model import LanguageModel
from palate.stages import Encoder, FitContext, Tunable
from palate.tables import Catalogue, Training


@dataclass(frozen=True)
class ContrastiveSettings:
    """Settings of `adapt.contrastive.v1`."""

    window: Annotated[int, Ge(1)] = 10
    """Two events of a user make a pair when at most so many steps lie between them."""
    power: Annotated[float, Ge(0)] = 0.5
    """A pair's share is divided by (deg_a deg_b)^power: at 0 popular items make up most pairs."""
    tau: Annotated[float, Gt(0)] = 0.05
    """Temperature: the smaller, the more the nearest negatives count."""
    pairs: Annotated[int, Ge(1)] = 20_000
    """Pairs drawn for each epoch."""
    skip_known: bool = True
    """Leave items that were ever had together out of each other's negatives."""
    weights: Weights = field(default_factory=Weights)
    """Which weights are tuned."""
    validation_cases: Annotated[int, Ge(1)] = 4096
    """Most validation cases that early stopping looks at."""
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=5, batch=128, rate=5e-5, patience=2)
    )
    """How long and how fast it learns."""


class Contrastive:
    """Tunes the language model so that the texts of items that users of the training part had
    together are alike.

    A language model knows what words mean, and not which meanings matter here; InfoNCE on pairs
    tells it. Pairs are drawn so that rare items get their share; items of equal text are never each
    other's negatives. For vectors that cannot be tuned (images, a service's embeddings) or for a
    quick try use `adapt.residual.v1`.

    The tuned model lies in the cache under a digest of everything it depends on and is not made
    twice.

    Args:
        settings: See `ContrastiveSettings`.

    Cost: about six multiplications for each weight and token (all-MiniLM-L6-v2: 65 MFLOP a token):
    100,000 pairs of product titles take an hour or so on two cores. An evaluation encodes the whole
    catalogue.

    Zhang et al., NoteLLM, WWW 2024; Reimers & Gurevych, Sentence-BERT, EMNLP 2019.
    """

    Settings = ContrastiveSettings
    name: ClassVar[str] = "adapt.contrastive.v1"
    uses_behaviour: ClassVar[bool] = True

    def __init__(self, settings: ContrastiveSettings | None = None) -> None:
        self.settings = settings or ContrastiveSettings()

    def tune(
        self,
        encoder: Tunable,
        catalogue: Catalogue,
        training: Training,
        context: FitContext = FitContext(),
    ) -> Encoder:
        """Tune on the training part; early stopping looks at the validation cases.

        Raises:
            Refused: No two items with a text were ever had by the same user.
        """
        texts = encoder.texts(catalogue)
        model = encoder.language_model()
        facts = {
            "settings": config.resolved(self.settings),
            "seed": context.seed,
            "model": model.identity,
            "texts": digest_of_texts(texts),
            "log": digest_of_log(training),
        }
        return encoder.with_model(
            kept(
                self.name, facts, lambda folder: self._make(model, texts, training, context, folder)
            )
        )

    def reopen(self, encoder: Tunable, folder: Path) -> Encoder:
        """The encoder with the tuned weights of `folder`."""
        return encoder.with_model(folder)

    def _make(
        self,
        model: LanguageModel,
        texts: list[str | None],
        training: Training,
        context: FitContext,
        folder: Path,
    ) -> None:
        learner = _Learner(self.settings, model, texts, training, context)
        train(learner, self.settings.schedule, context.seed, context.tracker, from_start=True)
        learner.vectors.merged().save(folder)


class _Learner:
    def __init__(
        self,
        settings: ContrastiveSettings,
        model: LanguageModel,
        texts: list[str | None],
        training: Training,
        context: FitContext,
    ) -> None:
        self.settings = settings
        usable = np.array([i for i, text in enumerate(texts) if text is not None], np.int32)
        self.pairs = cooccurring(training.log, usable, settings.window, settings.power)
        tokens = model.tokens([text or "" for text in texts])
        self.vectors = TextVectors(model, tokens, settings.weights, context.seed)
        self.group = text_groups(texts)
        self.objective = KernelObjective.of(
            training.validation, settings.validation_cases, context.seed
        )
        self.present = usable
        self.parameters = self.vectors.parameters

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Rows, Rows]]:
        left, right = self.pairs.draw(self.settings.pairs, rng)
        for part in drawn(len(left), self.settings.schedule.batch):
            yield left[part], right[part]

    def loss(self, batch: tuple[Rows, Rows]) -> Tensor:
        items, positions = unique_of(*batch)
        known = self.pairs.known if self.settings.skip_known else None
        negatives = negatives_of(items, self.group, known)
        return infonce(
            self.vectors(items.astype(np.int64)), *positions, negatives, self.settings.tau
        )

    def metric(self) -> float:
        return (
            self.objective(present_only(self.vectors.all(), self.present))
            if len(self.objective.cases)
            else float("nan")
        )


def present_only(E: Floats, present: Rows | Longs) -> Any:
    """`E` [n, d] with zeros in every row but the `present` ones."""
    out = np.zeros_like(E)
    out[present] = E[present]
    return out
