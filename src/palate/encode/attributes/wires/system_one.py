"""Answers from decision models over the System One wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from palate.encode.attributes.wires.deciding import Decided, Deciding, DecidingSettings
from palate.encode.attributes.wires.decoding import decoded
from palate.encode.attributes.wires.typed_questions import Typed
from palate.encode.endpoint import Tokens

_DEFAULT: Final = DecidingSettings()


class SystemOne(Deciding):
    """A decision model behind `/systemone`: TypeSafe, Fireworks, Ollama, llama.cpp and others.

    Typed questions go in and probabilities come out, which become features as they are; nothing is
    written, so there is nothing to parse and no word of a text can come out. Words, and evidence,
    need a model that writes: `answers.chat.v1`.

    Args:
        settings: See `DecidingSettings`.

    Cost: that of the service, counted in `spent`; as a rule only what is read is paid.
    """

    Settings = DecidingSettings
    name: ClassVar[str] = "answers.system_one.v1"
    path: ClassVar[str] = "/systemone"

    def __init__(self, settings: DecidingSettings = _DEFAULT) -> None:
        self.settings = settings

    def body(self, text: str, sent: Sequence[Typed]) -> Mapping[str, Any]:
        """State and questions."""
        return {
            "model": self.settings.model,
            "state": text,
            "questions": {t.id: _question(t) for t in sent},
        }

    def read(self, sent: Sequence[Typed], content: bytes) -> tuple[Decided, Tokens | None]:
        """Answers by their questions' ids; one that is missing was not answered."""
        reply = decoded(content, SystemOneReply)
        found = {
            t.id: row
            for t in sent
            if t.id in reply.answers and (row := _row(t, reply.answers[t.id])) is not None
        }
        used = reply.usage
        tokens = Tokens(used.input_tokens, max(0, used.output_tokens)) if used else None
        return Decided(reply.model or "", found), tokens if used and used.input_tokens > 0 else None


@dataclass(frozen=True)
class SystemOneAnswer:
    """One answer: of a predicate `noul`, of the others the probability of each option or level."""

    noul: float | None = None
    probabilities: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Used:
    """Tokens, as the service counted them."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class SystemOneReply:
    """What such an endpoint replies."""

    answers: dict[str, SystemOneAnswer]
    model: str | None = None
    usage: Used | None = None


def _question(sent: Typed) -> dict[str, Any]:
    if sent.kind == "predicate":
        return {"type": "noul", "instructions": sent.instructions}
    if sent.kind == "choice":
        criteria: Any = dict.fromkeys(sent.options)
        return {"type": "choice", "instructions": sent.instructions, "criteria": criteria}
    return {"type": "score", "instructions": sent.instructions, "criteria": list(sent.options)}


def _row(sent: Typed, answer: SystemOneAnswer) -> tuple[float, ...] | None:
    if sent.kind == "predicate":
        return None if answer.noul is None else (answer.noul,)
    # Levels are named by their number, counted from 0.
    names = sent.options if sent.kind == "choice" else [str(i) for i in range(len(sent.options))]
    if not set(names) <= set(answer.probabilities):
        return None
    return tuple(answer.probabilities[name] for name in names)
