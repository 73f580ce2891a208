"""Answers from files of requests, which many services take at half the price and answer within a
day.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from annotated_types import Ge, Gt, Le

from palate.answering import Notices, Spends
from palate.capabilities import Knowledge, KnowsUntil
from palate.encode.attributes.replies import faults_of, reply_tokens
from palate.encode.attributes.untrusted import cleaned
from palate.encode.attributes.wires.batch_job import BatchDesk, Job, Replied
from palate.encode.attributes.wires.chat import (
    DECLINED,
    Chat,
    ChatSettings,
    read_chat,
    reply_answers,
)
from palate.encode.endpoint import Tokens
from palate.errors import DataUnavailable, PalateError
from palate.store import cache_folder, digest
from palate.tables import Finding
from palate.tables.questions import Answers, Question, Spending

_PATH: Final = "/v1/chat/completions"
_TAKEN: Final = 200


@dataclass(frozen=True)
class BatchSettings(ChatSettings):
    """Settings of `answers.batch.v1`."""

    folder: str = ""
    """Where it is kept which files were handed in; by default in palate's cache. A run that was cut
    off goes on from there."""

    discount: Annotated[float, Gt(0), Le(1)] = 0.5
    """What is paid of the price of single requests."""

    window: str = "24h"
    """Within which time the service has to answer."""

    poll_seconds: Annotated[float, Gt(0)] = 60.0
    """Seconds between two looks at a file that is not done."""

    most_requests: Annotated[int, Ge(1), Le(100_000)] = 50_000
    """Requests of one file; what is more becomes another file."""


class Batch(KnowsUntil, Notices, Spends):
    """What `answers.chat.v1` would answer, by files of requests: half the price, within a day.

    The key of an answer is that of `answers.chat.v1` with the same settings, so answers that were
    bought in bulk serve single new items too. Nothing is handed in twice: a file that was handed in
    is found again after a kill at any instant, and a text that it holds is not sent again. Answers
    that are refused are handed in once more with the reason, together.

    Args:
        settings: See `BatchSettings`.

    Cost: `discount` of the service's price, counted in `spent`.
    """

    Settings = BatchSettings
    name: ClassVar[str] = "answers.batch.v1"

    def __init__(self, settings: BatchSettings = BatchSettings()) -> None:
        self.settings = settings

    @cached_property
    def chat(self) -> Chat:
        """The provider that writes the requests and reads the replies."""
        names = ChatSettings.__dataclass_fields__
        same = {n: v for n, v in vars(self.settings).items() if n in names}
        chat = Chat(ChatSettings(**same))
        price = chat.price
        if price is None:
            return chat
        cheaper = {
            "price": price.input * self.settings.discount,
            "output_price": price.output * self.settings.discount,
        }
        return Chat(replace(chat.settings, **cheaper))

    @cached_property
    def desk(self) -> BatchDesk:
        """The service's desk for files."""
        s = self.settings
        folder = Path(s.folder) if s.folder else cache_folder() / "batches"
        return BatchDesk(self.chat.endpoint, folder, _PATH, s.window)

    @property
    def identity(self) -> str:
        """That of `answers.chat.v1`."""
        return self.chat.identity

    def knowledge(self) -> Knowledge:
        """That of the model."""
        return self.chat.knowledge()

    def estimate(self, texts: Sequence[str], questions: Sequence[Question]) -> Spending:
        """What answers to distinct texts would take, if no reply is refused; nothing is sent."""
        return self.chat.estimate(texts, questions)

    def spent(self) -> Spending:
        """What this object has taken so far."""
        return self.chat.spent()

    def notices(self) -> tuple[Finding, ...]:
        """What single requests would tell."""
        return self.chat.notices()

    def terms(self) -> str:
        """Those of single requests, the discount taken."""
        return self.chat.terms()

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """(place in `texts`, answers), file by file, as they are done; waits until all are.

        Raises:
            Refused: The files could exceed the budget; none was handed in.
            DataUnavailable: The service does not answer, or a file failed as a whole.
        """
        first = [
            _Wanted(i, text, cleaned(text, self.settings.most_letters), tuple(questions))
            for i, text in enumerate(texts)
        ]
        if not first:
            return
        with self.chat.endpoint.working():
            again: list[_Wanted] = []
            for wanted, answers in self._round(first):
                faulty = [i for i, a in enumerate(answers) if a.fault and a.fault != DECLINED]
                if not faulty:
                    yield wanted.place, answers
                else:
                    again.append(wanted.again(faulty, answers))
            for wanted, answers in self._round(again):
                yield wanted.place, wanted.mended(answers)

    def _round(self, every: Sequence[_Wanted]) -> Iterator[tuple[_Wanted, Answers]]:
        waiting = {w.id(self.identity): w for w in every}
        if not waiting:
            return
        key = digest(self.identity)[:40]
        jobs = [j for j in self.desk.jobs(key) if not waiting.keys().isdisjoint(j.ids)]
        covered = {name for job in jobs for name in job.ids}
        jobs += self._handed_in(key, {n: w for n, w in waiting.items() if n not in covered})
        while jobs:
            jobs = [self.desk.advance(job) for job in jobs]
            for job in [j for j in jobs if j.over]:
                answered = set()
                for reply in self._collected(job):
                    if reply.status == _TAKEN:
                        answered.add(reply.id)
                        wanted = waiting.pop(reply.id, None)
                        if wanted is not None:
                            yield wanted, self._answers(reply, wanted)
                self.desk.keep_only(job, answered)
                if job.trouble and not answered:
                    raise self._failed(job)
            jobs = [j for j in jobs if not j.over]
            if jobs:
                time.sleep(self.settings.poll_seconds)

    def _handed_in(self, key: str, new: Mapping[str, _Wanted]) -> list[Job]:
        bodies = {name: w.body(self.chat) for name, w in new.items()}
        expected = [t for w in new.values() for t in self.chat.takes(w.clean, w.questions)]
        most = sum(reply_tokens(w.questions, longest=True) for w in new.values())
        if new:
            self.chat.endpoint.refuse_beyond(Tokens(sum(t.input for t in expected), most))
        names = list(new)
        size = self.settings.most_requests
        parts = [names[i : i + size] for i in range(0, len(names), size)]
        return [self.desk.hand_in(key, {n: bodies[n] for n in part}) for part in parts]

    def _collected(self, job: Job) -> list[Replied]:
        try:
            return list(self.desk.collect(job))
        except PalateError:
            # A service keeps replies for some weeks only: what is missing is handed in next time.
            self.desk.keep_only(job, ())
            raise

    def _answers(self, reply: Replied, wanted: _Wanted) -> Answers:
        try:
            said, tokens = read_chat(reply.body)
        except ValueError as cause:
            raise DataUnavailable(
                f"a reply makes no sense: {cause}", where=self.settings.url
            ) from cause
        self.chat.refuse_another(said.model or "")
        self.chat.endpoint.charge(tokens or Tokens())
        return reply_answers(said, wanted.text, wanted.questions)

    def _failed(self, job: Job) -> DataUnavailable:
        return DataUnavailable(
            f"the service could not work on a file of {len(job.ids)} requests: {job.trouble}",
            where=self.settings.url,
            next_step="mend what it names; the same command hands in what is missing",
        )


@dataclass(frozen=True)
class _Wanted:
    """What is wanted of one text."""

    place: int
    text: str
    clean: str
    questions: tuple[Question, ...]
    faults: tuple[str, ...] = ()
    before: Answers = ()
    faulty: tuple[int, ...] = field(default=())

    def id(self, identity: str) -> str:
        """Of the request: a digest of all that it depends on."""
        asks = [repr(q) for q in self.questions]
        return digest([identity, self.clean, asks, list(self.faults)])[:48]

    def body(self, chat: Chat) -> dict[str, Any]:
        """The request."""
        return chat.body(self.clean, self.questions, self.faults)

    def again(self, faulty: Sequence[int], answers: Answers) -> _Wanted:
        """What is wanted once more of the same text: only what was refused."""
        some = tuple(self.questions[i] for i in faulty)
        faults = tuple(faults_of(some, tuple(answers[i] for i in faulty)))
        return replace(self, questions=some, faults=faults, before=answers, faulty=tuple(faulty))

    def mended(self, answers: Answers) -> Answers:
        """The answers of before, those that were refused replaced."""
        new = dict(zip(self.faulty, answers, strict=True))
        return tuple(new.get(i, a) for i, a in enumerate(self.before))
