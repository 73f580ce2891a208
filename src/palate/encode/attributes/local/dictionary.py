"""Values that training items are known to have, looked for in the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Self

import polars as pl
from annotated_types import Ge

from palate.answering import Learns
from palate.encode.attributes.checked import LONGEST
from palate.encode.attributes.local.known import values_of
from palate.errors import BadRecipe
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables.questions import Answer, Answers, Lesson, Question


@dataclass(frozen=True)
class DictionarySettings:
    """Settings of `answers.dictionary.v1`."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Question -> field of the items that holds known values; a question that is not named takes
    the field of its own name, where there is one."""

    most: Annotated[int, Ge(1)] = 1
    """Values of a `"text"` attribute that are given at most, the longest first."""

    least_letters: Annotated[int, Ge(1)] = 2
    """Shorter values are not looked for."""


class Dictionary(Learns):
    """Known values that stand in the text, and options that do.

    What it finds, it finds letter by letter (capital letters aside) and as whole words; a value
    that no training item has it cannot find. A provider that claims to understand texts has to beat
    it on those. A `"scale"` stays unknown.

    Args:
        settings: See `DictionarySettings`.

    Cost: some 50,000 short texts a second and question.
    """

    Settings = DictionarySettings
    name: ClassVar[str] = "answers.dictionary.v1"

    def __init__(self, settings: DictionarySettings = DictionarySettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part, its settings and the values."""
        s = self.settings
        return f"{self.name} {digest([s.most, s.least_letters, fitted(self, 'values_')])}"

    def learn(self, lesson: Lesson) -> Self:
        """Collect the values.

        Raises:
            BadRecipe: A field or a question that is named does not exist.
        """
        names = [q.name for q in lesson.questions]
        strange = [name for name in self.settings.labels if name not in names]
        if strange:
            raise BadRecipe(
                f'"{strange[0]}" is not asked', where="labels", allowed=", ".join(names)
            )
        self.values_: dict[str, list[str]] = {}
        for question in lesson.questions:
            column = self._column(lesson, question.name)
            if question.kind == "text" and column is not None:
                counts = Counter(v for row in values_of(column) for v in row)
                fit = (v for v in counts if self.settings.least_letters <= len(v) <= LONGEST)
                # of two values that are as long, the more frequent one is looked for first
                self.values_[question.name] = sorted(fit, key=lambda v: (-len(v), -counts[v], v))
        return self

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """In the order of the texts."""
        learnt = fitted(self, "values_")
        finders = [
            _Finder(learnt.get(q.name, ()) if q.kind == "text" else q.options) for q in questions
        ]
        for place, text in enumerate(texts):
            yield (
                place,
                tuple(self._answer(text, q, f) for q, f in zip(questions, finders, strict=True)),
            )

    def state(self) -> Artefact:
        """The values.

        Raises:
            Refused: It has not learnt.
        """
        return state_of(self, facts={"values": fitted(self, "values_")})

    def load(self, state: Artefact) -> Self:
        """Take up the values, instead of `learn`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        self.values_ = PartState.of(self, state).fact("values", dict[str, list[str]])
        return self

    def _column(self, lesson: Lesson, name: str) -> pl.Series | None:
        named = self.settings.labels.get(name)
        if named is None and name not in lesson.items.fields.columns:
            return None
        return lesson.items.column(named or name, where=f"labels.{name}")

    def _answer(self, text: str, question: Question, finder: _Finder) -> Answer:
        found = finder.found(text)
        if not found:
            return Answer()
        if question.kind == "text":
            chosen = dict(list(found.items())[: self.settings.most])
            return Answer(words=tuple(chosen), evidence=tuple(chosen.values()))
        if question.kind == "label":  # the longest option that stands there
            found = dict(list(found.items())[:1])
        marks = tuple(float(option in found) for option in question.options)
        return Answer(probabilities=marks, evidence=tuple(found.values()))


class _Finder:
    """Finds values as runs of whole words, capital letters aside; a longer one hides those that
    begin with it.
    """

    def __init__(self, values: Sequence[str]) -> None:
        self._value_of: dict[tuple[str, ...], str] = {}
        for value in values:
            self._value_of.setdefault(tuple(m.group().lower() for m in _words(value)), value)
        self._value_of.pop((), None)
        self._lengths = sorted({len(words) for words in self._value_of}, reverse=True)

    def found(self, text: str) -> dict[str, str]:
        """Value -> how it stands in the text, the longest first."""
        spans = list(_words(text)) if self._lengths else []
        words = [m.group().lower() for m in spans]
        known: dict[str, str] = {}
        start = 0
        while start < len(words):
            value, length = self._at(words, start)
            if value is not None:
                shown = text[spans[start].start() : spans[start + length - 1].end()]
                if len(shown) <= LONGEST:
                    known.setdefault(value, shown)
            start += length
        return dict(sorted(known.items(), key=lambda pair: (-len(pair[0]), pair[0])))

    def _at(self, words: Sequence[str], start: int) -> tuple[str | None, int]:
        for length in (n for n in self._lengths if start + n <= len(words)):
            value = self._value_of.get(tuple(words[start : start + length]))
            if value is not None:
                return value, length
        return None, 1


def _words(text: str) -> Iterator[re.Match[str]]:
    # between letters of Chinese there are no blanks: each is a word of its own
    return re.finditer(r"[^\W\u2e80-\u9fff\uac00-\ud7af]+|\S", text)
