"""What a text is examined for, what is answered, and the interface of what answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

QuestionKind: TypeAlias = Literal["label", "labels", "scale", "text"]
"""One of several options; any number of them; a number between two ends; words of the text."""


@dataclass(frozen=True)
class Question:
    """One attribute that is wanted of every item.

    Attributes:
        name: Of the attribute.
        kind: See `QuestionKind`.
        describe: What it means, in words; may be empty.
        options: What may be answered to `"label"` and `"labels"`, at least two and distinct; empty
            for the other kinds.
        ends: Lowest and highest answer to `"scale"`.
        evidence: Whether the answer must name the words of the text that it rests on.
    """

    name: str
    kind: QuestionKind
    describe: str = ""
    options: tuple[str, ...] = ()
    ends: tuple[float, float] = (0.0, 1.0)
    evidence: bool = False


@dataclass(frozen=True)
class Answer:
    """What was answered to one question about one text; the default is "unknown".

    Attributes:
        probabilities: Of each option, in the order of `Question.options`: they sum to one for
            `"label"`, each stands alone for `"labels"`. Empty where it is unknown, and for the
            other kinds.
        number: The answer to `"scale"`, between its ends; None where it is unknown.
        words: The answer to `"text"`, one or more values; empty where it is unknown.
        evidence: Spans that stand in the text, letter by letter.
        confidence: Between 0 and 1, of the whole answer; None where the answer has none.
        fault: Why an answer that was given was not taken; empty where none was refused.
    """

    probabilities: tuple[float, ...] = ()
    number: float | None = None
    words: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    confidence: float | None = None
    fault: str = ""

    @property
    def unknown(self) -> bool:
        """Whether nothing was answered."""
        return not self.probabilities and self.number is None and not self.words


Answers: TypeAlias = tuple[Answer, ...]
"""One for each question, in their order."""


class Provider(Protocol):
    """What answers questions about texts: a language model, a classifier, a dictionary.

    An answer depends on its text and the questions alone, never on the texts beside it. It is not
    trusted: `checked` looks at every answer before it is kept.

    Attributes:
        identity: Everything besides text and questions that changes an answer, as one text: the
            model as it is served, the prompt's version, settings.
    """

    @property
    def identity(self) -> str:
        """See the class."""
        ...

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """(place in `texts`, answers) of distinct texts, in any order, as they become known; a text
        that is never named failed, and is asked again next time.
        """
        ...
