"""Options chosen by how near their words are to the text, for a sentence encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt

from palate import config
from palate.answering import Learns
from palate.arrays import Doubles
from palate.capabilities import MadeOf
from palate.encode.attributes.local.sentences import (
    DIGITS,
    encoder_identity,
    products,
    unit_vectors,
)
from palate.encode.attributes.propose import sampled
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables.questions import Answer, Answers, Lesson, Question

OPTION = "{option}"
_CHUNK = 512


@dataclass(frozen=True)
class ZeroShotSettings:
    """Settings of `answers.zero_shot.v1`."""

    encoder: Mapping[str, Any] = field(default_factory=lambda: {"part": "text.transformer.v1"})
    """The sentence encoder: a part that encodes single texts, and its settings."""

    phrases: Mapping[str, str] = field(default_factory=dict)
    """Attribute -> how an option is put into words, e.g. `"a {option} movie"`; without, the option
    stands after what `describe` says."""

    ends: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Scale -> words for its lowest and its highest end, e.g. `["a sad book", "a funny book"]`; a
    scale that is not named stays unknown."""

    sharpness: Annotated[float, Gt(0)] = 1.5
    """How quickly probabilities go to 0 and 1 with the distance of the scores, in their standard
    deviations."""

    threshold: float = 1.0
    """Standard deviations above its mean where an option of `"labels"` is as likely as not."""

    sample: Annotated[int, Ge(2)] = 1000
    """Training items whose mean score is subtracted, at most."""


class ZeroShot(Learns, MadeOf):
    """Cosines between the text and each option in words, less their mean over training items.

    Of the training items no labels are needed, only their texts: an option that is near to every
    text would otherwise be the answer to all of them. With a few hundred labels `answers.taught.v1`
    is far better. Words of the text (`"text"`) and evidence it cannot give: unknown.

    Args:
        settings: See `ZeroShotSettings`.

    Cost: that of encoding each text once.
    """

    Settings = ZeroShotSettings
    name: ClassVar[str] = "answers.zero_shot.v1"
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {"encoder": ("encoder",)}

    def __init__(self, settings: ZeroShotSettings = ZeroShotSettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part, its settings, the encoder's weights and what was learnt."""
        kept = {k: v for k, v in config.resolved(self.settings).items() if k != "encoder"}
        encoder = encoder_identity(self.part("encoder"))
        return f"{self.name} {digest([kept, encoder, fitted(self, 'scores_')])}"

    def learn(self, lesson: Lesson) -> Self:
        """Mean score of every option over a sample of the texts.

        Raises:
            BadInput: No item has text.
        """
        vectors = unit_vectors(
            self.part("encoder"), sampled(lesson.texts, self.settings.sample, lesson.seed)
        )
        self.scores_: dict[str, dict[str, Any]] = {}
        for question in lesson.questions:
            phrases = self._phrases(question)
            if phrases:
                scores = self._scores(
                    vectors, question, unit_vectors(self.part("encoder"), phrases)
                )
                means = scores.mean(axis=0)
                spread = float((scores - means).std()) or 1.0
                self.scores_[question.name] = {"means": means.tolist(), "spread": spread}
        return self

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """In the order of the texts."""
        learnt = fitted(self, "scores_")
        known = [q for q in questions if q.name in learnt and not q.evidence]
        anchors = {q.name: unit_vectors(self.part("encoder"), self._phrases(q)) for q in known}
        for start in range(0, len(texts), _CHUNK):
            vectors = unit_vectors(self.part("encoder"), texts[start : start + _CHUNK])
            found = {q.name: self._answered(vectors, q, anchors[q.name]) for q in known}
            for row, vector in enumerate(vectors):
                # a text without a vector is near to nothing
                said = found if vector.any() else {}
                yield (
                    start + row,
                    tuple(said[q.name][row] if q.name in said else Answer() for q in questions),
                )

    def state(self) -> Artefact:
        """The mean scores.

        Raises:
            Refused: It has not learnt.
        """
        return state_of(self, facts={"scores": fitted(self, "scores_")})

    def load(self, state: Artefact) -> Self:
        """Take up the mean scores, instead of `learn`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        self.scores_ = PartState.of(self, state).fact("scores", dict[str, dict[str, Any]])
        return self

    def _phrases(self, question: Question) -> list[str]:
        """What a text is held against; empty where the question cannot be answered so."""
        if question.kind == "scale":
            return list(self.settings.ends.get(question.name, ()))
        usual = f"{question.describe}: {OPTION}" if question.describe else OPTION
        form = self.settings.phrases.get(question.name, usual)
        return [form.replace(OPTION, option) for option in question.options]

    def _scores(self, vectors: Doubles, question: Question, anchors: Doubles) -> Doubles:
        """float64 [n, n_options], or [n, 1] for a scale."""
        cosines = products(vectors, anchors.T)
        return cosines[:, 1:] - cosines[:, :1] if question.kind == "scale" else cosines

    def _answered(self, vectors: Doubles, question: Question, anchors: Doubles) -> list[Answer]:
        learnt = self.scores_[question.name]
        scores = self._scores(vectors, question, anchors)
        z = (scores - np.asarray(learnt["means"])) / learnt["spread"]
        s = self.settings
        if question.kind == "label":
            return [label_answer(row) for row in softmax(s.sharpness * z)]
        if question.kind == "scale":
            low, high = question.ends
            share = np.round(sigmoid(s.sharpness * z[:, 0]), DIGITS)
            return [Answer(number=float(low + (high - low) * x)) for x in share]
        return [labels_answer(row) for row in sigmoid(s.sharpness * (z - s.threshold))]


def softmax(z: Doubles) -> Doubles:
    """float64 [n, k] whose rows add up to one."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def sigmoid(z: Doubles) -> Doubles:
    """float64 of the same shape, between 0 and 1."""
    return np.asarray(0.5 * (1 + np.tanh(z / 2)))


def label_answer(probabilities: Doubles) -> Answer:
    """An answer to `"label"`, as sure as its likeliest option."""
    rounded = np.round(probabilities, DIGITS)
    return Answer(probabilities=tuple(map(float, rounded)), confidence=float(rounded.max()))


def labels_answer(probabilities: Doubles) -> Answer:
    """An answer to `"labels"`, as sure as the option that is least so."""
    rounded = np.round(probabilities, DIGITS)
    surest = np.maximum(rounded, 1 - rounded)
    return Answer(probabilities=tuple(map(float, rounded)), confidence=float(surest.min()))
