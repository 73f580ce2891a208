"""Questions to a text, what is answered, and what answering takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from palate.tables.catalogue import Catalogue

BELOW: Final = " > "
"""What parts an option from what stands above it."""

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
        parents: What stands above each option, as many as there are options, and empty for one that
            stands by itself; none at all where the options have one level. Who answers chooses
            among the options and does not see them.
    """

    name: str
    kind: QuestionKind
    describe: str = ""
    options: tuple[str, ...] = ()
    ends: tuple[float, float] = (0.0, 1.0)
    evidence: bool = False
    parents: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """The different parents, in the order of their first options."""
        return tuple(dict.fromkeys(p for p in self.parents if p))

    @property
    def paths(self) -> tuple[str, ...]:
        """Each option behind its parent.

        >>> Question("kind", "label", options=("face", "tea"), parents=("skin", "")).paths
        ('skin > face', 'tea')
        """
        above = self.parents or ("",) * len(self.options)
        pairs = zip(above, self.options, strict=True)
        return tuple(f"{p}{BELOW}{o}" if p else o for p, o in pairs)


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
        confidence: Between 0 and 1, of the whole answer; None where the provider says none.
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


@dataclass(frozen=True)
class Spending:
    """What questions took, or will take.

    Attributes:
        requests: Sent to somebody else, or made to a model on this machine.
        input_tokens: Read.
        output_tokens: Written.
        cost: In the currency of the prices.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    def __sub__(self, earlier: Spending) -> Spending:
        """What was added since `earlier`."""
        return Spending(
            self.requests - earlier.requests,
            self.input_tokens - earlier.input_tokens,
            self.output_tokens - earlier.output_tokens,
            self.cost - earlier.cost,
        )


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a provider that learns gets to learn from: training items alone.

    Attributes:
        items: The training items, each once, with all their fields.
        texts: What is encoded of each item; None for an item without.
        questions: What will be asked.
        seed: For whatever is random.
        request: (provider, texts, questions) -> text -> answers, checked: how another provider is
            put questions, so that nothing is paid for twice; None: directly.
    """

    items: Catalogue
    texts: Sequence[str | None]
    questions: Sequence[Question]
    seed: int = 0
    request: Callable[[Any, Sequence[str], Sequence[Question]], Mapping[str, Answers]] | None = None
