"""What providers over both wires of decision models do alike."""

from __future__ import annotations

import json
import threading
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Final, final

from annotated_types import Ge, Le

from palate.encode.attributes.untrusted import quote_untrusted
from palate.encode.attributes.wires.remote import Remote
from palate.encode.attributes.wires.settings import RemoteSettings
from palate.encode.attributes.wires.typed_questions import (
    MOST_LEVELS,
    Probabilities,
    Typed,
    merged,
    typed,
    unsuited,
)
from palate.encode.endpoint import Call, Read, Tokens
from palate.encode.token_estimate import tokens_about, tokens_at_most
from palate.tables import Finding
from palate.tables.questions import Answers, Question

_MANY_FLIPS: Final = 0.1
_HELLO: Final = Typed("q0", "greeting", "predicate", "This is a greeting.")


@dataclass(frozen=True)
class DecidingSettings(RemoteSettings):
    """Settings of both wires of decision models."""

    draws: Annotated[int, Ge(1), Le(10)] = 2
    """Orders of the options in which each choice is asked; the mean of the probabilities counts."""

    levels: Annotated[int, Ge(2), Le(MOST_LEVELS)] = 5
    """Levels into which a scale is divided."""

    most_questions: Annotated[int, Ge(1), Le(2000)] = 64
    """Questions of one request; what is more becomes another request about the same text."""


@dataclass(frozen=True)
class Decided:
    """What a decision model replied.

    Attributes:
        model: That answered, as it says; may be empty.
        probabilities: See `Probabilities`.
    """

    model: str
    probabilities: Probabilities


class Deciding(Remote):
    """Base of both wires. A subclass writes the path, the body, and how a reply is read.

    Attributes:
        repeated: Choices that were asked again in another order of options, so far.
        flips: Those of them that came out otherwise.
        path: What follows the address.
    """

    path: ClassVar[str]
    repeated: int = 0
    flips: int = 0

    @abstractmethod
    def body(self, text: str, sent: Sequence[Typed]) -> Mapping[str, Any]:
        """The request about one text, which is quoted already."""

    @abstractmethod
    def read(self, sent: Sequence[Typed], content: bytes) -> tuple[Decided, Tokens | None]:
        """The reply, and the tokens that the service counted. ValueError: it is none."""

    @final
    def flip_rate(self) -> float | None:
        """Share of the choices asked again in another order of options that came out otherwise;
        None before there was one.
        """
        return self.flips / self.repeated if self.repeated else None

    @final
    def noticed(self) -> tuple[Finding, ...]:
        """How often the order of the options decided."""
        rate = self.flip_rate()
        if rate is None:
            return ()
        many = rate > _MANY_FLIPS
        finding = Finding(
            "order-of-options-decides",
            "warning" if many else "note",
            f"in {rate:.1%} of {self.repeated:,} choices that were put again with their options in"
            " another order, another option came out first; the mean of the orders counts",
            where=self.name,
            count=self.flips,
            advice="raise draws, or describe the options more plainly"
            if rate > _MANY_FLIPS
            else "",
        )
        return (finding,)

    @final
    def suits(self, question: Question) -> str:
        """Options and scales can be asked, words and evidence cannot."""
        return unsuited(question)

    @final
    def asks(self) -> Mapping[str, Any]:
        """Draws and levels."""
        return {"draws": self.settings.draws, "levels": self.settings.levels, "words": 1}

    @final
    def hello(self) -> tuple[Call, Read[str]]:
        """One question about one word."""
        content = json.dumps(self.body("Hello", (_HELLO,))).encode()
        return Call(content, Tokens(40), self.path), self._read_model

    @final
    def about(self, text: str, clean: str, questions: Sequence[Question]) -> Answers:
        """All questions, in as few requests as may be."""
        sent = typed(questions, self.settings.draws, self.settings.levels)
        found: dict[str, Sequence[float]] = {}
        for some in self._requests(sent):
            body = self.body(quote_untrusted(clean), some)
            expected = Tokens(tokens_at_most([json.dumps(body, ensure_ascii=False)]))
            reply = self.send(self.path, body, expected, partial(self.read, some))
            self.refuse_another(reply.model)
            found |= reply.probabilities
        rows = merged(questions, sent, found)
        with _COUNTING:
            self.repeated += sum(again for _, again, _ in rows)
            self.flips += sum(flips for _, _, flips in rows)
        return tuple(answer for answer, _, _ in rows)

    @final
    def takes(self, clean: str, questions: Sequence[Question]) -> Sequence[Tokens]:
        """Texts and questions are read, nothing is written."""
        sent = typed(questions, self.settings.draws, self.settings.levels)
        text = tokens_about(quote_untrusted(clean))
        return [
            Tokens(round(text + sum(tokens_about(t.instructions) + _options(t) for t in some)))
            for some in self._requests(sent)
        ]

    def _requests(self, sent: Sequence[Typed]) -> list[Sequence[Typed]]:
        most = self.settings.most_questions
        return [sent[i : i + most] for i in range(0, len(sent), most)]

    def _read_model(self, content: bytes) -> tuple[str, Tokens | None]:
        reply, tokens = self.read((_HELLO,), content)
        return reply.model, tokens


_COUNTING = threading.Lock()


def _options(sent: Typed) -> float:
    return sum(tokens_about(option) + 2 for option in sent.options)
