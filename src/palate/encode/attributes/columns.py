"""From answers to numbers: probabilities less their mean over the training items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from palate.arrays import Doubles, Floats, Mask
from palate.encode.attributes.wanted import Wanted
from palate.tables.questions import Answer, Answers, Question


@dataclass(frozen=True)
class QuestionColumns:
    """The columns of one question.

    Attributes:
        question: The question.
        values: What each column stands for: the options and then what stands above them, the
            values of `"text"` that are columns, or nothing for `"scale"`, whose one column has the
            question's name.
        centres: What is subtracted from each column: its mean over the training items of which the
            answer is known.
        flagged: Whether some training items with text are "unknown", so that being known is a
            column of its own.
    """

    question: Question
    values: tuple[str, ...]
    centres: tuple[float, ...]
    flagged: bool

    @classmethod
    def learn(cls, question: Question, answers: Sequence[Answer], want: Wanted, least: int) -> Self:
        """Means, and the values of `"text"` that at least `least` training items have."""
        values = (*question.paths, *question.groups)
        if question.kind == "text":
            counts = Counter(word for a in answers for word in set(a.words))
            frequent = (w for w in counts if counts[w] >= least)
            values = tuple(sorted(frequent, key=lambda w: (-counts[w], w))[: want.most])
        bare = cls(question, values, (), False)
        raw, known = bare.raw(answers)
        # text values are marks like those of any categorical field, and stay sparse in meaning
        centred = question.kind != "text" and known.any()
        centres = raw[known].mean(axis=0) if centred else np.zeros(raw.shape[1])
        return cls(question, values, tuple(map(float, centres)), bool((~known).any()))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        name = self.question.name
        named = (
            (name,) if self.question.kind == "scale" else tuple(f"{name}={v}" for v in self.values)
        )
        return (*named, f"{name} is known") if self.flagged else named

    def raw(self, answers: Sequence[Answer]) -> tuple[Doubles, Mask]:
        """float64 [n, n_values] before centring, zeros where unknown, and bool [n], known."""
        known = np.fromiter((not a.unknown for a in answers), np.bool_, len(answers))
        width = 1 if self.question.kind == "scale" else len(self.values)
        out = np.zeros((len(answers), width))
        low, high = self.question.ends
        place_of = {value: j for j, value in enumerate(self.values)}
        for row in np.flatnonzero(known).tolist():
            answer = answers[row]
            if answer.number is not None:
                out[row, 0] = (answer.number - low) / (high - low)
            elif self.question.kind == "text":
                out[row, [place_of[w] for w in answer.words if w in place_of]] = 1
            else:
                out[row, : len(answer.probabilities)] = answer.probabilities
        for place, group in enumerate(self.question.groups, start=len(self.question.options)):
            inside = out[:, [j for j, p in enumerate(self.question.parents) if p == group]]
            # of "labels" one may hold without the others: the likeliest is the least that is sure
            one = self.question.kind == "label"
            out[:, place] = inside.sum(axis=1) if one else inside.max(axis=1)
        return out, known

    def encode(self, answers: Sequence[Answer]) -> Doubles:
        """float64 [n, n_columns]; where the answer is unknown, the mean, which is zero."""
        raw, known = self.raw(answers)
        centred = np.where(known[:, None], raw - np.asarray(self.centres), 0.0)
        return np.column_stack([centred, known]) if self.flagged else centred


@dataclass(frozen=True)
class AttributeColumns:
    """The columns of all questions.

    Attributes:
        questions: Those of each, in the recipe's order.
    """

    questions: tuple[QuestionColumns, ...]

    @classmethod
    def learn(
        cls,
        questions: Sequence[Question],
        wants: Mapping[str, Wanted],
        answers: Sequence[Answers],
        least: int,
    ) -> Self:
        """Learn from the answers about training items.

        Args:
            questions: What was asked.
            wants: What the recipe says of each.
            answers: Of the training items with text; nothing else is looked at.
            least: Training items that a value of `"text"` needs to be a column.
        """
        return cls(
            tuple(
                QuestionColumns.learn(q, [a[j] for a in answers], wants[q.name], least)
                for j, q in enumerate(questions)
            )
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(name for columns in self.questions for name in columns.names)

    def encode(self, answers: Sequence[Answers | None]) -> tuple[Floats, Mask]:
        """float32 [n, d], and bool [n]: whether anything is known; other rows are zeros.

        Args:
            answers: [n]; None for an item without text, or whose text was not answered.
        """
        unknown = tuple(Answer() for _ in self.questions)
        given = [unknown if a is None else a for a in answers]
        present = np.fromiter((not all(a.unknown for a in row) for row in given), np.bool_)
        parts = [c.encode([row[j] for row in given]) for j, c in enumerate(self.questions)]
        matrix = np.concatenate(parts, axis=1) if parts else np.zeros((len(given), 0))
        return matrix.astype(np.float32), present

    def plain(self) -> list[dict[str, Any]]:
        """What was learnt, as plain values beside the questions."""
        return [
            {"values": list(c.values), "centres": list(c.centres), "flagged": c.flagged}
            for c in self.questions
        ]

    @classmethod
    def of(cls, questions: Sequence[Question], plain: Sequence[Mapping[str, Any]]) -> Self:
        """What `plain` gave."""
        return cls(
            tuple(
                QuestionColumns(q, tuple(p["values"]), tuple(p["centres"]), bool(p["flagged"]))
                for q, p in zip(questions, plain, strict=True)
            )
        )
