"""A small classifier over sentence vectors, taught on a few hundred answers of somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles
from palate.encode.attributes.local.known import known_answers, sampled_lesson
from palate.encode.attributes.local.sentences import (
    DIGITS,
    encoder_identity,
    unit_vectors,
)
from palate.encode.attributes.local.with_teacher import WithTeacher
from palate.encode.attributes.local.zero_shot import (
    label_answer,
    labels_answer,
    sigmoid,
    softmax,
)
from palate.encode.labels.linear import Linear, fit_linear
from palate.errors import BadInput
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables.questions import Answer, Answers, Lesson, Question

_CHUNK = 512


@dataclass(frozen=True)
class TaughtSettings:
    """Settings of `answers.taught.v1`."""

    encoder: Mapping[str, Any] = field(default_factory=lambda: {"part": "text.transformer.v1"})
    """The sentence encoder: a part that encodes single texts, and its settings."""

    teacher: Mapping[str, Any] = field(default_factory=dict)
    """A provider that answers for the training items of the sample, e.g. a language model;
    empty: the fields of the items are the answers."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Question -> field of the items that holds its answer, where there is no teacher; a question
    that is not named takes the field of its own name."""

    sample: Annotated[int, Ge(4)] = 400
    """Training items that it is taught on at most, drawn by the seed."""

    strength: Annotated[float, Gt(0)] = 10.0
    """How closely it follows the answers (the inverse of the ridge)."""


class Taught(WithTeacher):
    """Logistic and ridge regression on sentence vectors of a few hundred training items.

    The teacher makes the labels, and the classifier the work: a language model reads
    `sample` items and not all of them. Options that no item of the sample has stay near
    probability 0. Words of the text (`"text"`) and evidence it cannot give: unknown.

    Args:
        settings: See `TaughtSettings`.

    Cost: the teacher's for the sample; then that of encoding each text once.
    """

    Settings = TaughtSettings
    name: ClassVar[str] = "answers.taught.v1"
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "encoder": ("encoder",),
        "teacher": ("provider",),
    }

    def __init__(self, settings: TaughtSettings = TaughtSettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part, the encoder's weights and what was learnt."""
        weights = {
            n: [one.weights.tolist(), one.biases.tolist()]
            for n, one in fitted(self, "weights_").items()
        }
        return f"{self.name} {digest([encoder_identity(self.part('encoder')), weights])}"

    def learn(self, lesson: Lesson) -> Self:
        """Ask the teacher, or read the fields, and fit one classifier a question.

        Raises:
            BadRecipe: A field or a question that is named does not exist.
            BadInput: Nothing is known of any training item.
        """
        drawn = sampled_lesson(lesson, self.settings.sample)
        known = known_answers(drawn, self.part("teacher"), self.settings.labels)
        if not any(one.known.any() for one in known.values()):
            raise BadInput(
                f"no answer to learn from among {len(drawn.texts)} training items",
                where=self.name,
                allowed="a teacher, or fields that hold answers",
                next_step='name them, e.g. labels = {topic = "category"}, or a teacher',
            )
        vectors = unit_vectors(self.part("encoder"), [str(t) for t in drawn.texts])
        self.weights_: dict[str, Linear] = {}
        for name, one in known.items():
            if one.question.kind != "text" and one.known.sum() >= 2:
                X, Y = vectors[one.known], one.values[one.known]
                self.weights_[name] = fit_linear(one.question.kind, X, Y, self.settings.strength)
        return self

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """In the order of the texts."""
        weights = fitted(self, "weights_")
        known = [q for q in questions if q.name in weights and not q.evidence]
        for start in range(0, len(texts), _CHUNK):
            vectors = unit_vectors(self.part("encoder"), texts[start : start + _CHUNK])
            found = {q.name: _answered(q, vectors, weights[q.name]) for q in known}
            for row in range(len(vectors)):
                yield (
                    start + row,
                    tuple(found[q.name][row] if q.name in found else Answer() for q in questions),
                )

    def state(self) -> Artefact:
        """Weights and biases of each question.

        Raises:
            Refused: It has not learnt.
        """
        weights = fitted(self, "weights_")
        arrays: dict[str, Any] = {}
        for number, one in enumerate(weights.values()):
            arrays |= {f"weights{number}": one.weights, f"biases{number}": one.biases}
        return state_of(self, arrays, {"questions": list(weights)})

    def load(self, state: Artefact) -> Self:
        """Take up weights and biases, instead of `learn`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        names = kept.fact("questions", tuple[str, ...])
        self.weights_ = {
            name: Linear(
                kept.array(f"weights{number}", np.float64, None, None),
                kept.array(f"biases{number}", np.float64, None),
            )
            for number, name in enumerate(names)
        }
        return self


def _answered(question: Question, vectors: Doubles, learnt: Linear) -> list[Answer]:
    z = learnt.margins(vectors)
    if question.kind == "label":
        found = [label_answer(row) for row in softmax(z)]
    elif question.kind == "labels":
        found = [labels_answer(row) for row in sigmoid(z)]
    else:
        low, high = question.ends
        found = [Answer(number=float(np.clip(np.round(x, DIGITS), low, high))) for x in z[:, 0]]
    # of a text without a vector nothing is known
    return [a if v.any() else Answer() for a, v in zip(found, vectors, strict=True)]
