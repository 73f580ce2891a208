"""What is true of most training items, said of every text: the control of all who read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from palate.answering import Learns
from palate.encode.attributes.local.known import KnownAnswers, from_fields
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables.questions import Answer, Answers, Lesson, Question


@dataclass(frozen=True)
class MajoritySettings:
    """Settings of `answers.majority.v1`."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Question -> field of the items that holds its answer; a question that is not named takes the
    field of its own name."""


class Majority(Learns):
    """The shares of the options among the training items, whatever the text says.

    A provider that reads texts has to beat it: what it gets right needs no reading. A question
    without a field stays unknown.

    Args:
        settings: See `MajoritySettings`.

    Cost: none.
    """

    Settings = MajoritySettings
    name: ClassVar[str] = "answers.majority.v1"

    def __init__(self, settings: MajoritySettings = MajoritySettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part and what it learnt."""
        return f"{self.name} {digest(fitted(self, 'said_'))}"

    def learn(self, lesson: Lesson) -> Self:
        """Count.

        Raises:
            BadRecipe: A field or a question that is named does not exist.
            BadInput: A field holds none of the options.
        """
        known = from_fields(lesson, self.settings.labels)
        self.said_: dict[str, Any] = {name: _most(one) for name, one in known.items()}
        return self

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """The same for every text."""
        said = tuple(_answer(q, fitted(self, "said_").get(q.name)) for q in questions)
        yield from ((place, said) for place in range(len(texts)))

    def state(self) -> Artefact:
        """The shares.

        Raises:
            Refused: It has not learnt.
        """
        return state_of(self, facts={"said": fitted(self, "said_")})

    def load(self, state: Artefact) -> Self:
        """Take up the shares, instead of `learn`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        self.said_ = PartState.of(self, state).fact("said", dict[str, Any])
        return self


def _most(known: KnownAnswers) -> Any:
    """Shares of the options, the mean number, or the most frequent value; None without any."""
    if not known.known.any():
        return None
    if known.question.kind == "text":
        counts = Counter(w for words in known.words for w in words)
        return min(counts, key=lambda w: (-counts[w], w))
    mean = known.values[known.known].mean(axis=0)
    if known.question.kind == "label":
        mean = mean / mean.sum()
    return float(mean[0]) if known.question.kind == "scale" else mean.tolist()


def _answer(question: Question, said: Any) -> Answer:
    if said is None or question.evidence:  # what no text says has no evidence in it
        return Answer()
    if question.kind == "scale":
        return Answer(number=said)
    if question.kind == "text":
        return Answer(words=(said,))
    return Answer(probabilities=tuple(said), confidence=max(said))
