"""Settings of labels out of a few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt

from palate.encode.attributes.wanted import wanted
from palate.encode.content import Layout
from palate.encode.labels.augment import TextAugmentation
from palate.encode.labels.calibration import CalibrationMethod
from palate.encode.labels.self_training import ClassifierKind, LearnsLabels
from palate.errors import BadRecipe

LEAST = 8
"""Labels of training items that a question needs."""


@dataclass(frozen=True)
class SemiSupervisedSettings:
    """Settings of `labels.semi_supervised.v1`."""

    want: Mapping[str, Any]
    """Name of a label -> `{kind, of, describe, at_most}`: a `"label"` or `"labels"` of the options
    `of` (`"propose"`: those that occur among the labels of training items)."""

    labels: str = ""
    """File of labels that `palate label` wrote; in a recipe relative to the recipe."""

    label_fields: Mapping[str, str] = field(default_factory=dict)
    """Name of a label -> field of the items that holds it, with gaps; one that is not named takes
    the field of its own name where there is one."""

    teacher: Mapping[str, Any] = field(default_factory=dict)
    """A provider that answers for `sample` training items, e.g. a language model; what a person
    said goes first."""

    sample: Annotated[int, Ge(LEAST)] = 300
    """Training items that the teacher answers for, drawn by the seed."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field that holds no labels."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    encoder: Mapping[str, Any] = field(default_factory=lambda: {"part": "text.transformer.v1"})
    """The sentence encoder: a part that encodes single texts, and its settings."""

    classifier: ClassifierKind = "linear"
    """`"linear"`: logistic regression; `"boosted"`: trees, which need the extra `trees`."""

    strength: Annotated[float, Gt(0)] = 10.0
    """How closely the linear classifier follows the labels (the inverse of the ridge)."""

    trees: Annotated[int, Ge(1)] = 60
    """Trees of each option."""

    rounds: Annotated[int, Ge(0)] = 1
    """How often it is taught on its own surest answers about items without a label, as long as that
    helps on labels that it did not see."""

    confidence: Annotated[float, Gt(0.5), Lt(1)] = 0.95
    """How sure it has to be of those answers, calibrated."""

    pool: Annotated[int, Ge(0)] = 2000
    """Training items without a label that are looked at for that, drawn by the seed."""

    directions: Annotated[int, Ge(0)] = 200
    """Directions in which the training items' vectors differ most, learnt from all of them, with a
    label or not: where an item lies in these stands beside its vector, if that is at least four
    times as wide (hashed words); 0: never. Other vectors are centred."""

    augment: TextAugmentation = field(default_factory=TextAugmentation)
    """Changed copies of the labelled texts that are learnt from beside them; none by default."""

    paraphraser: Mapping[str, Any] = field(default_factory=dict)
    """A provider whose language model says labelled texts in other words, for `kinds` of `augment`
    with `"paraphrase"`, e.g. `answers.chat.v1`. A paraphrase that loses, changes or adds a name, a
    number or a negation is left."""

    calibration: CalibrationMethod = "temperature"
    """How its log-odds become probabilities: `"temperature"`, `"isotonic"` or `"none"`."""

    folds: Annotated[int, Ge(1)] = 5
    """Parts that the labels are dealt into, each for a classifier that does not see it; 1: a third
    of the labels is held back instead, and not learnt from."""

    alpha: Annotated[float, Gt(0), Lt(1)] = 0.1
    """Share of prediction sets that may miss the right option."""

    keep_given: bool = True
    """Whether what somebody said of an item stands in place of what the classifier says."""

    seed: int = 0
    """For folds and samples."""

    def __post_init__(self) -> None:
        if "paraphrase" in self.augment.kinds and self.augment.copies and not self.paraphraser:
            raise BadRecipe(
                "no one is named who could paraphrase",
                where="paraphraser",
                allowed="a provider with a language model that writes",
                next_step='paraphraser = {part = "answers.chat.v1", ...}',
            )
        for name in self.label_fields:
            if name not in self.want:
                raise BadRecipe(
                    f'"{name}" is not wanted', where="label_fields", allowed=", ".join(self.want)
                )
        for name, one in wanted(self.want).items():
            if one.kind not in ("label", "labels") or one.evidence:
                raise BadRecipe(
                    "prediction sets are of options, and rest on no evidence"
                    if one.evidence
                    else f'a label cannot be of kind "{one.kind}"',
                    where=f"want.{name}",
                    allowed='kind = "label" or "labels"',
                    next_step="attributes.llm.v1 answers questions of all kinds",
                )

    @property
    def how(self) -> LearnsLabels:
        """How labels are learnt."""
        return LearnsLabels(
            self.classifier,
            self.strength,
            self.trees,
            self.rounds,
            self.confidence,
            self.calibration,
            self.folds,
            self.alpha,
            self.seed,
        )
