"""Answers from decision models over OpenAI's Decisions wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from palate.encode.attributes.wires.deciding import Decided, Deciding, DecidingSettings
from palate.encode.attributes.wires.decoding import decoded
from palate.encode.attributes.wires.typed_questions import Typed
from palate.encode.endpoint import Tokens

_KINDS = {"predicate": "predicate", "choice": "choice", "level": "score"}

_DEFAULT: Final = DecidingSettings()


class Decisions(Deciding):
    """A model behind `/decisions`: OpenAI, Fireworks, SGLang and others.

    As `answers.system_one.v1`, over the other wire. A question that the model refuses is unknown,
    and says so.

    Args:
        settings: See `DecidingSettings`.

    Cost: that of the service, counted in `spent`.
    """

    Settings = DecidingSettings
    name: ClassVar[str] = "answers.decisions.v1"
    path: ClassVar[str] = "/decisions"

    def __init__(self, settings: DecidingSettings = _DEFAULT) -> None:
        self.settings = settings

    def body(self, text: str, sent: Sequence[Typed]) -> Mapping[str, Any]:
        """Input and questions."""
        return {
            "model": self.settings.model,
            "input": text,
            "questions": [_question(t) for t in sent],
        }

    def read(self, sent: Sequence[Typed], content: bytes) -> tuple[Decided, Tokens | None]:
        """Answers by their questions' names; a refusal is no answer."""
        reply = decoded(content, DecisionsReply)
        named = {a.name: a for a in reply.answers if a.name is not None}
        found = {
            t.id: row for t in sent if t.id in named and (row := _row(t, named[t.id])) is not None
        }
        used = reply.usage
        tokens = Tokens(used.input_tokens, max(0, used.output_tokens)) if used else None
        return Decided(reply.model or "", found), tokens if used and used.input_tokens > 0 else None


@dataclass(frozen=True)
class OptionProbability:
    """Of an option, by its value; of a level, by its number, counted from 0."""

    value: str | float | bool
    probability: float


@dataclass(frozen=True)
class DecisionsAnswer:
    """One answer: of a predicate `probability`, of the others one for each option or level."""

    type: str
    name: str | None = None
    probability: float | None = None
    probabilities: list[OptionProbability] = field(default_factory=list)


@dataclass(frozen=True)
class Used:
    """Tokens, as the service counted them."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class DecisionsReply:
    """What such an endpoint replies."""

    answers: list[DecisionsAnswer]
    model: str | None = None
    usage: Used | None = None


def _question(sent: Typed) -> dict[str, Any]:
    question: dict[str, Any] = {
        "type": _KINDS[sent.kind],
        "name": sent.id,
        "instructions": sent.instructions,
    }
    if sent.kind == "choice":
        question["choices"] = [{"value": option} for option in sent.options]
    elif sent.kind == "level":
        question["levels"] = [{"label": option} for option in sent.options]
    return question


def _row(sent: Typed, answer: DecisionsAnswer) -> tuple[float, ...] | None:
    if answer.type != _KINDS[sent.kind]:
        return None
    if sent.kind == "predicate":
        return None if answer.probability is None else (answer.probability,)
    names: Sequence[Any] = sent.options if sent.kind == "choice" else range(len(sent.options))
    given = {p.value: p.probability for p in answer.probabilities}
    return tuple(given[n] for n in names) if set(names) <= set(given) else None
