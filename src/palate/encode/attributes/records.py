"""Answers that were once given: looked up, asked for where they are missing, and kept at once."""

from __future__ import annotations

import dataclasses
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from palate.answering import HasTeacher, Spends
from palate.encode.attributes.checked import all_checked
from palate.encode.row_cache import RowCache, RowTable, key_of
from palate.encode.row_values import RECORD
from palate.stages import Provider
from palate.store import digest
from palate.tables import Catalogue
from palate.tables.questions import Answer, Answers, Question, Spending

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (texts done, texts in all) now and then."""

_HOLD_SECONDS = 0.5
_HOLD_RECORDS = 256


@dataclass(frozen=True)
class AnswerRecord:
    """What was answered about one text.

    Attributes:
        answers: One for each question, checked.
        seconds: What answering took, as a share of the texts that were answered together.
        cost: Likewise, in the currency of the provider's prices.
    """

    answers: Answers
    seconds: float = 0.0
    cost: float = 0.0

    def plain(self) -> dict[str, Any]:
        """As plain values, what is empty left out."""
        return {
            "answers": [_plain(a) for a in self.answers],
            "seconds": self.seconds,
            "cost": self.cost,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> AnswerRecord:
        """What `plain` gave."""
        answers = tuple(_answer(a) for a in plain["answers"])
        return cls(answers, plain["seconds"], plain["cost"])


@dataclass(frozen=True)
class Asking:
    """What an encoder would ask, found out without asking.

    Attributes:
        texts: [n_items], None for an item without.
        identity: Of the records; None where it depends on what is learnt from the training items.
        estimate: What answers to some of the texts would take; None where no one counts.
        note: What is not known before.
    """

    texts: Sequence[str | None]
    identity: Mapping[str, Any] | None
    estimate: Callable[[Sequence[str]], Spending | None]
    note: str = ""


@dataclass
class AnswerStore:
    """Answers by text; nothing is asked twice.

    Attributes:
        cache: Where records are kept besides memory.
        progress: Is given how many texts are done.
        memory: (provider's identity, questions) -> text -> record.
    """

    cache: RowCache | None = None
    progress: Progress | None = None
    memory: dict[str, dict[str, AnswerRecord]] = field(default_factory=dict)

    def records(
        self, provider: Provider, texts: Sequence[str | None], questions: Sequence[Question]
    ) -> dict[str, AnswerRecord]:
        """Text -> record, of all texts that could be answered.

        Args:
            provider: Answers for what is in neither memory nor cache.
            texts: None and repeated ones are left out.
            questions: What is asked.

        Raises:
            PalateError: The provider gave up; what it answered until then is kept.
        """
        wanted = dict.fromkeys(t for t in texts if t is not None)
        identity = record_identity(provider, questions)
        known = self.memory.setdefault(digest(identity), {})
        missing = [t for t in wanted if t not in known]
        if missing:
            with self._table(identity) as table:
                if table is not None:
                    found = table.get([_key(t) for t in missing])
                    kept = {t: found[_key(t)] for t in missing if _key(t) in found}
                    known.update((t, AnswerRecord.of(plain)) for t, plain in kept.items())
                    missing = [t for t in missing if t not in kept]
                if missing:
                    done = len(wanted) - len(missing)
                    _ask(provider, missing, questions, _Keeper(table, known), self._reporter(done))
        return {t: known[t] for t in wanted if t in known}

    def answers(
        self, provider: Provider, texts: Sequence[str | None], questions: Sequence[Question]
    ) -> dict[str, Answers]:
        """Text -> answers, as `records`."""
        return {t: r.answers for t, r in self.records(provider, texts, questions).items()}

    def _reporter(self, done: int) -> Progress | None:
        tell = self.progress
        return None if tell is None else lambda n, whole: tell(done + n, done + whole)

    @contextmanager
    def _table(self, identity: Mapping[str, Any]) -> Iterator[RowTable[Any] | None]:
        if self.cache is None:
            yield None
        else:
            with self.cache.table(identity, RECORD) as table:
                yield table


class CachesRecords(ABC):
    """An encoder that asks somebody, and keeps what was answered as records of the row cache."""

    @property
    def answered(self) -> AnswerStore:
        """What was answered so far."""
        if "answered_" not in vars(self):
            self.answered_ = AnswerStore()
        return self.answered_

    def keep_in(self, cache: RowCache | None, progress: Progress | None = None) -> Self:
        """From now on look answers up in `cache` and keep them there; None: in memory alone. What
        is in memory stays there.
        """
        self.answered_ = AnswerStore(cache, progress, self.answered.memory)
        return self

    @abstractmethod
    def asking(self, catalogue: Catalogue) -> Asking:
        """What it would ask about the items; no question is put, and nothing learnt."""


def record_identity(provider: Provider, questions: Sequence[Question]) -> dict[str, Any]:
    """All that changes an answer but the text, as the row cache wants it."""
    return {
        "records": "answers.v1",
        "provider": provider.identity,
        # what stands above options is not shown to who answers, and changes nothing
        "questions": [_plain_question(dataclasses.replace(q, parents=())) for q in questions],
    }


def questions_of(plain: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """What `plain_questions` gave."""
    rows: list[dict[str, Any]] = [
        {k: tuple(v) if isinstance(v, list) else v for k, v in q.items()} for q in plain
    ]
    return tuple(Question(**row) for row in rows)


def plain_questions(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as plain values."""
    return [_plain_question(q) for q in questions]


def meter_of(provider: Provider) -> Spends | None:
    """The provider, if it counts what answering takes."""
    return provider if isinstance(provider, Spends) else None


def meter_and_most(provider: Provider) -> tuple[Spends | None, int | None]:
    """Who counts what answering takes, and for how many texts at most; None: for all."""
    taught = provider.teacher() if isinstance(provider, HasTeacher) else None
    who, most = (provider, None) if taught is None else taught
    return meter_of(who), most


class _Keeper:
    """Holds records back for a moment: each write waits for the disk."""

    def __init__(self, table: RowTable[Any] | None, known: dict[str, AnswerRecord]) -> None:
        self._table, self._known = table, known
        self._held: list[tuple[str, Answers]] = []
        self._started = time.perf_counter()
        self.size = 0

    def hold(self, text: str, answers: Answers) -> None:
        self._held.append((text, answers))

    def due(self) -> bool:
        late = time.perf_counter() - self._started > _HOLD_SECONDS
        return late or len(self._held) >= _HOLD_RECORDS

    def write(self, cost: float) -> None:
        n = len(self._held)
        if n:
            seconds = time.perf_counter() - self._started
            made = {t: AnswerRecord(a, seconds / n, cost / n) for t, a in self._held}
            self._known.update(made)
            if self._table is not None:
                self._table.put([_key(t) for t in made], [r.plain() for r in made.values()])
                self._table.note_throughput(sum(len(_bytes(t)) for t in made), seconds)
        self._held, self._started = [], time.perf_counter()


def _ask(
    provider: Provider,
    texts: Sequence[str],
    questions: Sequence[Question],
    keeper: _Keeper,
    progress: Progress | None,
) -> None:
    meter = meter_of(provider)
    before = 0.0 if meter is None else meter.spent().cost

    def write() -> None:
        nonlocal before
        now = 0.0 if meter is None else meter.spent().cost
        keeper.write(now - before)
        before = now

    done = 0
    if progress is not None:
        progress(0, len(texts))
    try:
        for place, answers in provider.answers(texts, questions):
            keeper.hold(texts[place], all_checked(texts[place], questions, answers))
            done += 1
            # what was paid for is never held back
            if meter is not None or keeper.due():
                write()
                if progress is not None:
                    progress(done, len(texts))
    finally:
        write()
    if progress is not None:
        progress(len(texts), len(texts))


def _plain(answer: Answer) -> dict[str, Any]:
    said = {
        "p": list(answer.probabilities),
        "n": answer.number,
        "w": list(answer.words),
        "e": list(answer.evidence),
        "c": answer.confidence,
        "f": answer.fault,
    }
    return {k: v for k, v in said.items() if v not in ([], None, "")}


def _answer(plain: Mapping[str, Any]) -> Answer:
    return Answer(
        tuple(plain.get("p", ())),
        plain.get("n"),
        tuple(plain.get("w", ())),
        tuple(plain.get("e", ())),
        plain.get("c"),
        plain.get("f", ""),
    )


def _plain_question(question: Question) -> dict[str, Any]:
    plain = dataclasses.asdict(question)
    if not question.parents:
        del plain["parents"]
    return {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}


def _key(text: str) -> bytes:
    return key_of(_bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
