"""Words of a text picked out by a tagger that was taught on a few hundred texts with values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs
from palate.encode.attributes.checked import LONGEST
from palate.encode.attributes.local.known import known_answers, sampled_lesson
from palate.encode.attributes.local.sentences import DIGITS
from palate.encode.attributes.local.tagged_words import (
    DIMS,
    features_of,
    likeliest,
    marked,
    spans_of,
    words_of,
)
from palate.encode.attributes.local.with_teacher import WithTeacher
from palate.encode.attributes.local.zero_shot import softmax
from palate.errors import BadInput
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables.questions import Answer, Answers, Lesson, Question

_LEAST = 1e-12


@dataclass(frozen=True)
class TaggerSettings:
    """Settings of `answers.tagger.v1`."""

    teacher: Mapping[str, Any] = field(default_factory=dict)
    """A provider that answers for the training items of the sample, e.g. a language model;
    empty: the fields of the items are the answers."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Question -> field of the items that holds its values, where there is no teacher; a question
    that is not named takes the field of its own name."""

    sample: Annotated[int, Ge(4)] = 500
    """Training items that it is taught on at most, drawn by the seed."""

    strength: Annotated[float, Gt(0)] = 1.0
    """How closely it follows the values (the inverse of the ridge)."""

    most: Annotated[int, Ge(1)] = 3
    """Values of an attribute that are given at most, the surest ones."""


class Tagger(WithTeacher):
    """Softmax regression on each word and its neighbours: begin, inside or outside of a value.

    It knows a value that it never saw by where it stands and how it is written, which
    `answers.dictionary.v1` cannot. Only for `"text"`; values that do not stand in the text teach it
    nothing. Each value is its own evidence.

    Args:
        settings: See `TaggerSettings`.

    Cost: the teacher's for the sample; then about a thousand short texts a second.
    """

    Settings = TaggerSettings
    name: ClassVar[str] = "answers.tagger.v1"
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {"teacher": ("provider",)}

    def __init__(self, settings: TaggerSettings = TaggerSettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part, its settings and what was learnt."""
        names = fitted(self, "names_")
        weights = hashlib.sha256(self.weights_.tobytes() + self.biases_.tobytes()).hexdigest()
        return f"{self.name} {digest([self.settings.most, list(names), weights])}"

    def learn(self, lesson: Lesson) -> Self:
        """Ask the teacher, or read the fields, mark the words, and fit.

        Raises:
            BadRecipe: A field or a question that is named does not exist.
            BadInput: No value stands in the text of its item.
        """
        drawn = sampled_lesson(lesson, self.settings.sample)
        texts = [q for q in drawn.questions if q.kind == "text"]
        narrowed = replace(drawn, questions=texts)
        known = known_answers(narrowed, self.part("teacher"), self.settings.labels)
        names = tuple(name for name, one in known.items() if one.words)
        words = [words_of(str(t)) for t in drawn.texts]
        tags = [marked(w, [known[n].words[row] for n in names]) for row, w in enumerate(words)]
        joined = np.concatenate([np.empty(0, np.int64), *tags])
        if not joined.any():
            raise BadInput(
                f"no value stands in the text of any of {len(words)} training items",
                where=self.name,
                allowed="a teacher, or fields whose values are words of the text",
                next_step='name them, e.g. labels = {brand = "maker"}, or a teacher',
            )
        features = sparse.vstack([features_of(w) for w in words], format="csr")
        self.names_ = names
        self.weights_, self.biases_ = _learnt(features, joined, len(names), self.settings.strength)
        return self

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """In the order of the texts."""
        place_of = {name: q for q, name in enumerate(fitted(self, "names_"))}
        for place, text in enumerate(texts):
            found = self._found(text)
            yield (
                place,
                tuple(
                    _answer(found.get(place_of.get(q.name, -1), []), self.settings.most)
                    if q.kind == "text"
                    else Answer()
                    for q in questions
                ),
            )

    def state(self) -> Artefact:
        """Weights and biases.

        Raises:
            Refused: It has not learnt.
        """
        names = list(fitted(self, "names_"))
        arrays: dict[str, Any] = {"weights": self.weights_, "biases": self.biases_}
        return state_of(self, arrays, {"names": names})

    def load(self, state: Artefact) -> Self:
        """Take up weights and biases, instead of `learn`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        names = kept.fact("names", tuple[str, ...])
        self.weights_ = kept.array("weights", np.float32, DIMS, 2 * len(names) + 1)
        self.biases_ = kept.array("biases", np.float64, 2 * len(names) + 1)
        self.names_ = names
        return self

    def _found(self, text: str) -> dict[int, list[tuple[str, float]]]:
        """Question -> its values with how sure each is, in the order of the text."""
        words = words_of(text)
        found: dict[int, list[tuple[str, float]]] = {}
        if not words:
            return found
        shares = softmax(features_of(words) @ self.weights_ + self.biases_)
        tags = likeliest(np.log(np.maximum(shares, _LEAST)))
        sure = shares[np.arange(len(words)), tags]
        for question, start, end in spans_of(tags):
            value = text[words[start].start : words[end - 1].end]
            if len(value) <= LONGEST:
                pair = (value, round(float(sure[start:end].mean()), DIGITS))
                found.setdefault(question, []).append(pair)
        return found


def _learnt(
    features: Any, tags: Longs, n_questions: int, strength: float
) -> tuple[Floats, Doubles]:
    """float32 [DIMS, n_tags] and float64 [n_tags]; a tag that never occurs is never given."""
    from sklearn.linear_model import LogisticRegression

    # most of the columns are never met, and would only make each step slower
    met = np.flatnonzero(features.getnnz(axis=0))
    model = LogisticRegression(C=strength, max_iter=100, tol=1e-3).fit(features[:, met], tags)
    n_tags = 2 * n_questions + 1
    weights = np.zeros((DIMS, n_tags), np.float32)
    biases = np.full(n_tags, -1e3)
    if len(model.classes_) == 2:  # one line parts two tags
        weights[met, model.classes_[1]] = model.coef_[0]
        biases[model.classes_] = (0.0, float(model.intercept_[0]))
        return weights, biases
    weights[np.ix_(met, model.classes_)] = model.coef_.T
    biases[model.classes_] = model.intercept_
    return weights, biases


def _answer(found: Sequence[tuple[str, float]], most: int) -> Answer:
    if not found:
        return Answer()
    surest = sorted(found, key=lambda pair: -pair[1])[:most]
    words = tuple(dict.fromkeys(value for value, _ in found if value in dict(surest)))
    confidence = float(np.mean([dict(surest)[w] for w in words]))
    return Answer(words=words, evidence=words, confidence=confidence)
