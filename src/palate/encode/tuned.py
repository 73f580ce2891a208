"""Encoders whose language model is trained further before they encode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from palate import config
from palate.arrays import Rows
from palate.capabilities import NamesModel
from palate.errors import BadInput, BadRecipe
from palate.stages import Encoder, FitContext, Tunable, Tuner
from palate.tables import Catalogue, Origin, Training

T_co = TypeVar("T_co", covariant=True)
"""What a part is, by its stage."""


class Named(Protocol[T_co]):
    """A part's name and settings, not yet built; `palate.registry.PartSpec` is one."""

    @property
    def name(self) -> str:
        """Versioned name of the part."""
        ...

    @property
    def settings(self) -> Any:
        """Its settings."""
        ...

    def build(self) -> T_co:
        """The part itself."""
        ...


@dataclass(frozen=True)
class Tuning:
    """What tuners did to an encoder, for the origin of its block.

    Attributes:
        steps: Each tuner with its settings, in order.
        model: What the recipe calls the model that was tuned; empty if nothing was.
    """

    steps: tuple[dict[str, Any], ...] = ()
    model: str = ""

    @classmethod
    def of(cls, encoder: Named[Encoder], tuners: Sequence[Named[Tuner]]) -> Tuning:
        """Tuning of an encoder by tuners, as a recipe names them."""
        if not tuners:
            return cls()
        steps = [{"part": t.name, "settings": config.resolved(t.settings)} for t in tuners]
        part = encoder.build()
        named = part.model_of(encoder.settings) if isinstance(part, NamesModel) else ""
        return cls(tuple(steps), named)

    def origin(self, origin: Origin) -> Origin:
        """The origin of the encoder's block, with the steps in it and without the place of the
        tuned weights.

        The digest of those weights stands in it already; where the cache lies does not matter.
        """
        has_model = self.model and "model" in origin.settings
        settings = {**origin.settings, "model": self.model} if has_model else origin.settings
        return replace(origin, settings=settings, steps=(*self.steps, *origin.steps))


@dataclass(frozen=True)
class Tuned:
    """An encoder after tuning.

    Attributes:
        encoder: The encoder with its tuned weights, not fitted.
        tuning: What was done to it.
        reader: The encoder before the first tuner, fitted; None where nothing was tuned.
    """

    encoder: Encoder
    tuning: Tuning = field(default_factory=Tuning)
    reader: Tunable | None = None

    def build(self) -> Encoder:
        """The encoder, as a part's name and settings would build it."""
        return self.encoder


def can_be_tuned(encoder: type[Any]) -> bool:
    """Whether a class of encoders has a language model that tuners can train.

    >>> from palate.encode.text.transformer import Transformer
    >>> can_be_tuned(Transformer)
    True
    """
    return issubclass(encoder, Tunable)


def tuned(
    encoder: Named[Encoder],
    tuners: Sequence[Named[Tuner]],
    catalogue: Catalogue,
    rows: Rows,
    training: Training,
    context: FitContext,
) -> Tuned:
    """Tune an encoder by each tuner in turn.

    Args:
        encoder: The encoder's name and settings.
        tuners: Names and settings of the tuners, in order.
        catalogue: All items.
        rows: int32 [n], items that the training part knows.
        training: Behaviour, and the cases that stop training early.
        context: What else the tuners get: a seed, and who watches.

    Raises:
        BadRecipe: The encoder, or what a tuner before made of it, has no language model to train.
    """
    part: Encoder = encoder.build()
    reader: Tunable | None = None
    for spec in tuners:
        tuner = spec.build()
        before = _tunable(part.fit(catalogue, rows), spec.name)
        reader = reader or before
        part = tuner.tune(before, catalogue, training, context)
    return Tuned(part, Tuning.of(encoder, tuners), reader)


def reopened(
    encoder: Named[Encoder], tuners: Sequence[Named[Tuner]], folder: Path | None = None
) -> Encoder:
    """The encoder that `tuned` gave, unfitted: its `load` comes next.

    Args:
        encoder: The encoder's name and settings.
        tuners: Names and settings of the tuners, in order.
        folder: What `save_model` of the tuned encoder filled; needed where there are tuners.

    Raises:
        BadInput: There are tuners and no folder.
        BadRecipe: The encoder has no language model.
    """
    part = encoder.build()
    if not tuners:
        return part
    if folder is None:
        raise BadInput(
            "the weights of a tuned encoder were not kept",
            where=tuners[-1].name,
            next_step="run again, so that they are kept with the run",
        )
    # Only the last one is asked: the folder holds what all before it did to the weights.
    last = tuners[-1].build()
    return last.reopen(_tunable(part, tuners[-1].name), folder)


def _tunable(encoder: Encoder, tuner: str) -> Tunable:
    if isinstance(encoder, Tunable):
        return encoder
    raise BadRecipe(
        f"{type(encoder).__name__} has no language model that {tuner} could train",
        where="adapt",
        allowed="text.transformer.v1, and other encoders with a language model of their own",
        next_step="put this tuner before the one that gives up the language model, or leave it out",
    )
