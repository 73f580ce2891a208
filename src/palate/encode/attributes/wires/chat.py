"""Answers from any endpoint that speaks OpenAI's chat protocol and holds a reply to a JSON
schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Ge, Le

from palate.encode.attributes.prompts import messages, template_digest, template_named
from palate.encode.attributes.replies import answers_of, faults_of, reply_schema, reply_tokens
from palate.encode.attributes.wires.decoding import decoded
from palate.encode.attributes.wires.remote import Remote
from palate.encode.attributes.wires.settings import RemoteSettings
from palate.encode.attributes.written_proposals import WritesProposals
from palate.encode.endpoint import Call, Read, Tokens
from palate.encode.token_estimate import tokens_about, tokens_at_most
from palate.tables import Finding
from palate.tables.questions import Answer, Answers, Question

_PATH: Final = "/chat/completions"
_AROUND_A_MESSAGE: Final = 4
_LETTERS_OF_A_SAMPLE: Final = 40_000
_CUT_OFF: Final = "it was cut off before its end"
DECLINED: Final = "the model declined to answer"


@dataclass(frozen=True)
class ChatSettings(RemoteSettings):
    """Settings of `answers.chat.v1`."""

    prompt: str = "plain.v1"
    """Name of the template of the instructions."""

    temperature: Annotated[float, Ge(0), Le(2)] = 0.0
    """0 for the likeliest words."""

    sends_temperature: bool = True
    """Whether the temperature is sent; models that reason refuse one."""

    most_reply_tokens: Annotated[int, Ge(1)] | None = None
    """Longest reply; by default what the questions need, twice over."""

    reply_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the service calls that limit."""


class Chat(WritesProposals, Remote):
    """A hosted language model, or vLLM, llama.cpp, Ollama, TGI on a machine of your own, which
    describes one item at a time.

    All questions about an item are one request. The reply is held to a JSON schema of closed
    options and ranges, with null for what the text does not tell, and every value is checked all
    the same: what was refused is requested once more, with the reason, and is unknown after that.
    Words have to stand in the text. Where only options are wanted, a decision model
    (`answers.system_one.v1`, `answers.decisions.v1`) costs less and says how sure it is; for a
    model on this machine use `answers.gguf.v1`.

    Args:
        settings: See `ChatSettings`.

    Cost: that of the service, counted in `spent`; a request an item, and one more where a reply was
    refused.
    """

    Settings = ChatSettings
    name: ClassVar[str] = "answers.chat.v1"

    def __init__(self, settings: ChatSettings = ChatSettings()) -> None:
        self.settings = settings

    def suits(self, question: Question) -> str:
        """Every kind can be answered."""
        return ""

    def asks(self) -> Mapping[str, Any]:
        """Prompt and settings."""
        s = self.settings
        return {
            "prompt": template_digest(s.prompt),
            "temperature": s.temperature if s.sends_temperature else None,
            "most_reply_tokens": s.most_reply_tokens,
        }

    def hello(self) -> tuple[Call, Read[str]]:
        """A request of one word."""
        body = self._body([{"role": "user", "content": "Hello"}], 1)
        content = json.dumps(body).encode()
        return Call(content, Tokens(20, 1), _PATH), _read_model

    def about(self, text: str, clean: str, questions: Sequence[Question]) -> Answers:
        """All questions at once, and once more those whose answers were refused."""
        answers = list(self._replied(text, clean, questions, ()))
        faulty = [i for i, a in enumerate(answers) if a.fault and a.fault != DECLINED]
        if faulty:
            some = [questions[i] for i in faulty]
            faults = faults_of(some, tuple(answers[i] for i in faulty))
            for i, answer in zip(faulty, self._replied(text, clean, some, faults), strict=True):
                answers[i] = answer
        return tuple(answers)

    def sample_letters(self, limit: int) -> int:
        """The same for every model that is hosted."""
        return _LETTERS_OF_A_SAMPLE

    def write_json(
        self, chat: Sequence[Mapping[str, str]], limit: int, form: Mapping[str, Any]
    ) -> str:
        """One request.

        Raises:
            Refused: The budget is spent.
            DataUnavailable: The service does not answer, or another model does.
        """
        body = {**self._body(chat, limit), "response_format": dict(form)}
        expected = Tokens(tokens_at_most([json.dumps(body, ensure_ascii=False)]), limit)
        reply = self.send(_PATH, body, expected, read_chat)
        self.refuse_another(reply.model or "")
        return reply.choices[0].message.content or ""

    def noticed(self) -> tuple[Finding, ...]:
        """Nothing: what was refused stands with each answer."""
        return ()

    def takes(self, clean: str, questions: Sequence[Question]) -> Sequence[Tokens]:
        """One request."""
        chat = messages(template_named(self.settings.prompt), questions, clean)
        words = sum(tokens_about(m["content"]) + _AROUND_A_MESSAGE for m in chat)
        # Services write the schema into the prompt.
        schema = tokens_about(json.dumps(reply_schema(questions)))
        return (Tokens(round(words + schema), reply_tokens(questions)),)

    def _replied(
        self, text: str, clean: str, questions: Sequence[Question], faults: Sequence[str]
    ) -> Answers:
        body = self.body(clean, questions, faults)
        most = Tokens(tokens_at_most([json.dumps(body, ensure_ascii=False)]), self._most(questions))
        reply = self.send(_PATH, body, most, read_chat)
        self.refuse_another(reply.model or "")
        return reply_answers(reply, text, questions)

    def body(
        self, clean: str, questions: Sequence[Question], faults: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The request about one text.

        Args:
            clean: The text, cleaned.
            questions: What is wanted.
            faults: What was wrong with the reply before; empty at first.
        """
        chat = messages(template_named(self.settings.prompt), questions, clean, faults)
        form = {"name": "item", "strict": True, "schema": reply_schema(questions)}
        return {
            **self._body(chat, self._most(questions)),
            "response_format": {"type": "json_schema", "json_schema": form},
        }

    def _body(self, chat: Sequence[Mapping[str, str]], most: int) -> dict[str, Any]:
        s = self.settings
        heat = {"temperature": s.temperature} if s.sends_temperature else {}
        return {"model": s.model, "messages": list(chat), s.reply_limit: most, **heat}

    def _most(self, questions: Sequence[Question]) -> int:
        limit: int | None = self.settings.most_reply_tokens
        return limit if limit is not None else 64 + 2 * reply_tokens(questions, longest=True)


@dataclass(frozen=True)
class Message:
    """What the model wrote, or why it did not."""

    content: str | None = None
    refusal: str | None = None


@dataclass(frozen=True)
class Choice:
    """One reply; only the first is looked at."""

    message: Message
    finish_reason: str | None = None


@dataclass(frozen=True)
class ChatUsage:
    """Tokens, as the service counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class ChatReply:
    """What such an endpoint replies."""

    choices: list[Choice]
    model: str | None = None
    usage: ChatUsage | None = None


def reply_answers(reply: ChatReply, text: str, questions: Sequence[Question]) -> Answers:
    """Answers to questions about a text; where the reply was cut off or declined, that is the fault
    of all.
    """
    first = reply.choices[0]
    fault = ""
    if first.message.refusal or first.finish_reason == "content_filter":
        fault = DECLINED
    elif first.finish_reason == "length":
        fault = _CUT_OFF
    if fault:
        return tuple(Answer(fault=fault) for _ in questions)
    return answers_of(first.message.content or "", text, questions)


def read_chat(content: bytes) -> tuple[ChatReply, Tokens | None]:
    """The reply, and the tokens that the service counted.

    Raises:
        ValueError: It is none.
    """
    reply = decoded(content, ChatReply)
    if not reply.choices:
        raise ValueError("there is no reply in the answer")
    used = reply.usage
    sound = used is not None and used.prompt_tokens > 0 and used.completion_tokens >= 0
    return reply, Tokens(used.prompt_tokens, used.completion_tokens) if used and sound else None


def _read_model(content: bytes) -> tuple[str, Tokens | None]:
    reply, tokens = read_chat(content)
    return reply.model or "", tokens
