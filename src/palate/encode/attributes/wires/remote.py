"""What all providers over the network do alike: one text a request, several requests at a time, and
the model that answers is the one that stands in the key.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, final
from urllib.parse import urlsplit

from palate.answering import Notices, Spends
from palate.capabilities import Knowledge, KnowsUntil
from palate.encode.attributes.prices import Price, price_for
from palate.encode.attributes.untrusted import cleaned
from palate.encode.attributes.wires.settings import RemoteSettings
from palate.encode.endpoint import Call, Endpoint, Limits, Read, RejectedError, T, Tokens
from palate.encode.keys import key_from
from palate.errors import BadInput, BadRecipe, DataUnavailable, PalateError
from palate.store import digest
from palate.tables import Finding
from palate.tables.questions import Answers, Question, Spending

_HOPELESS = 3


class Remote(KnowsUntil, Notices, Spends):
    """Base of providers over the network. A subclass for one wire writes what follows the address,
    the requests about a text, and how the replies are read.

    Attributes:
        name: Versioned name of the part.
        settings: Its settings, see `RemoteSettings`.
        rejected: Texts that the service did not take, so far.
    """

    name: ClassVar[str]
    settings: Any
    rejected: int = 0

    @abstractmethod
    def suits(self, question: Question) -> str:
        """Why a question cannot be asked over this wire; empty where it can."""

    @abstractmethod
    def asks(self) -> Mapping[str, Any]:
        """All that changes an answer besides the model, text and questions, as plain values."""

    @abstractmethod
    def hello(self) -> tuple[Call, Read[str]]:
        """The smallest request there is, whose reply names the model that answers."""

    @abstractmethod
    def about(self, text: str, clean: str, questions: Sequence[Question]) -> Answers:
        """Answers to all questions about one text.

        Args:
            text: As it was given, which holds the evidence.
            clean: As it is sent.
            questions: In order.
        """

    @abstractmethod
    def takes(self, clean: str, questions: Sequence[Question]) -> Sequence[Tokens]:
        """Tokens of each request about one text, as likely too many as too few."""

    @abstractmethod
    def noticed(self) -> tuple[Finding, ...]:
        """What else a person should know of what was answered so far."""

    @final
    def notices(self) -> tuple[Finding, ...]:
        """Texts that were not taken, and what the wire noticed."""
        if not self.rejected:
            return self.noticed()
        rejected = Finding(
            "texts-not-taken",
            "warning",
            f"{self.rejected} texts were not taken by the service; nothing is known of them",
            where=self.name,
            count=self.rejected,
            advice="they are sent again in the next run; cut long texts off with most_letters",
        )
        return (rejected, *self.noticed())

    @property
    @final
    def identity(self) -> str:
        """The wire, the model as it is served, and all that changes what it is asked.

        Asks the service for the model that answers, unless the settings name it.

        Raises:
            DataUnavailable: The service does not say.
        """
        s: RemoteSettings = self.settings
        facts = {"url": s.url, "model": s.model, "most_letters": s.most_letters, **self.asks()}
        return f"{self.name} {self.served} {digest(facts)[:16]}"

    @cached_property
    def served(self) -> str:
        """The model that answers, as its replies name it."""
        s: RemoteSettings = self.settings
        return s.served or self.endpoint.send(*self.hello()) or s.model

    @cached_property
    def endpoint(self) -> Endpoint:
        """The service; nothing is sent yet.

        Raises:
            BadRecipe: The address is none, the key's variable is not set, or there is a budget and
                no price.
        """
        s: RemoteSettings = self.settings
        price = self.price
        if s.budget is not None and price is None:
            raise BadRecipe(
                f'a budget holds only with a price, and there is none for "{s.model}"',
                where="price",
                next_step="write price and output_price, of a million tokens",
            )
        limits = Limits(
            s.retries,
            s.timeout,
            s.requests_per_minute,
            price.input if price else 0.0,
            s.budget,
            output_price=price.output if price else 0.0,
            tokens_per_minute=s.tokens_per_minute,
        )
        return Endpoint(s.url.rstrip("/"), key_from(s.key_env), limits)

    @property
    @final
    def price(self) -> Price | None:
        """What tokens cost, by the settings or the table; None where neither says."""
        s: RemoteSettings = self.settings
        listed = price_for(s.model, urlsplit(s.url).hostname or "")
        if s.price is None and s.output_price is None:
            return listed
        free = Price(s.model, 0.0, 0.0)
        known = listed or free
        return Price(
            s.model,
            known.input if s.price is None else s.price,
            known.output if s.output_price is None else s.output_price,
            known.date,
            known.knows_until,
        )

    @final
    def knowledge(self) -> Knowledge:
        """The model, and until when its texts go, by the settings or the table of prices."""
        s: RemoteSettings = self.settings
        price = self.price
        return Knowledge(self.served, s.knows_until or (price.knows_until if price else ""))

    @final
    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """(place in `texts`, answers), each as soon as it is known; what is known is given out
        before a failure is raised.

        Raises:
            BadRecipe: A question cannot be asked over this wire.
            BadInput: The service takes none of the texts.
            Refused: The budget is spent.
            DataUnavailable: The service does not answer, or another model does.
        """
        self._refuse_unsuited(questions)
        failure: PalateError | None = None
        rejected: list[str] = []
        taken = 0
        every = self.endpoint.each(
            enumerate(texts),
            partial(self._one, questions),
            self.settings.concurrency,
            lambda: failure is not None,
        )
        with closing(every):
            for one in every:
                failure = failure or one.failure
                if one.answers is not None:
                    taken += 1
                    yield one.place, one.answers
                elif one.rejected:
                    self.rejected += 1
                    rejected.append(one.rejected)
                    # A service that takes nothing at all would only be hammered.
                    hopeless = not taken and len(rejected) >= min(_HOPELESS, len(texts))
                    failure = failure or (self._hopeless(rejected) if hopeless else None)
        if failure is not None:
            raise failure

    @final
    def estimate(self, texts: Sequence[str], questions: Sequence[Question]) -> Spending:
        """What answers to distinct texts would take, if no reply is refused; nothing is sent."""
        self._refuse_unsuited(questions)
        every = [
            tokens
            for text in texts
            for tokens in self.takes(cleaned(text, self.settings.most_letters), questions)
        ]
        whole = Tokens(sum(t.input for t in every), sum(t.output for t in every))
        price = self.price
        cost = Limits(price=price.input, output_price=price.output).cost(whole) if price else 0.0
        return Spending(len(every), whole.input, whole.output, cost)

    @final
    def spent(self) -> Spending:
        """What this object has taken so far."""
        usage = self.endpoint.usage
        return Spending(usage.requests, usage.input_tokens, usage.output_tokens, usage.cost)

    @final
    def terms(self) -> str:
        """The price of a million tokens, and of which day."""
        price = self.price
        if price is None:
            return "no price is known: write price and output_price"
        of = f"as of {price.date}" if price.date else "by the recipe or this machine"
        return (
            f"{price.input:g} a million tokens read and {price.output:g} written, {of}; tokens are"
            " estimated, 20 % more or less"
        )

    @final
    def send(self, path: str, body: Mapping[str, Any], expected: Tokens, read: Read[T]) -> T:
        """The reply to a JSON body."""
        content = json.dumps(body, ensure_ascii=False).encode()
        return self.endpoint.send(Call(content, expected, path), read)

    @final
    def refuse_another(self, model: str) -> None:
        """Raise DataUnavailable where a reply is by another model than the key says."""
        if model and model != self.served:
            raise DataUnavailable(
                f'"{model}" answers now, not "{self.served}" any more',
                where=self.settings.url,
                next_step=(
                    "run the same command again: the new model answers everything, and what the"
                    " old one said stays in the cache; or name a model that does not change"
                ),
            )

    def _one(self, questions: Sequence[Question], job: tuple[int, str]) -> _One:
        place, text = job
        try:
            clean = cleaned(text, self.settings.most_letters)
            return _One(place, answers=self.about(text, clean, questions))
        except RejectedError as error:
            return _One(place, rejected=str(error))
        except PalateError as error:
            return _One(place, failure=error)

    def _refuse_unsuited(self, questions: Sequence[Question]) -> None:
        for question in questions:
            reason = self.suits(question)
            if reason:
                raise BadRecipe(
                    f'{self.name} cannot answer "{question.name}": {reason}',
                    where=f"want.{question.name}",
                    next_step="ask another provider, or word the question as another kind",
                )

    def _hopeless(self, rejected: Sequence[str]) -> BadInput:
        return BadInput(
            f"the service takes none of the first {len(rejected)} texts: {rejected[-1]}",
            where=self.settings.url,
            next_step="check the model's name, and whether it can answer in this form",
        )


@dataclass(frozen=True)
class _One:
    """What became of one text."""

    place: int
    answers: Answers | None = None
    rejected: str = ""
    failure: PalateError | None = None
