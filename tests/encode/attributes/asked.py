"""Providers that remember what they were asked, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from palate.answering import Spends
from palate.errors import Refused
from palate.tables.questions import Answer, Answers, Question, Spending


@dataclass
class Recorder(Spends):
    """Answers by a function; gives up after `most` texts."""

    answer: Callable[[str, Question], Answer]
    identity: str = "recorder"
    most: int = 10**9
    asked: list[str] = field(default_factory=list)

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        for place, text in enumerate(texts):
            if len(self.asked) >= self.most:
                raise Refused("the budget is spent")
            self.asked.append(text)
            if "silent" not in text:
                yield place, tuple(self.answer(text, q) for q in questions)

    def estimate(self, texts: Sequence[str], questions: Sequence[Question]) -> Spending:
        return Spending(len(texts), sum(map(len, texts)), len(texts), 0.5 * len(texts))

    def spent(self) -> Spending:
        return Spending(len(self.asked), 10 * len(self.asked), 0, 0.5 * len(self.asked))

    def terms(self) -> str:
        return "half a coin a text"


def by_words(text: str, question: Question) -> Answer:
    """Options that stand in the text; its length for a scale; its last word for a text."""
    if question.kind == "text":
        return Answer(words=(text.rsplit(maxsplit=1)[-1],), evidence=(text.rsplit(maxsplit=1)[-1],))
    if question.kind == "scale":
        low, high = question.ends
        return Answer(number=low + (high - low) * min(len(text), 50) / 50)
    marks = [float(o in text) for o in question.options]
    if question.kind == "label":
        if not sum(marks):
            return Answer()
        marks = [m / sum(marks) for m in marks]
    return Answer(probabilities=tuple(marks), confidence=0.75)
