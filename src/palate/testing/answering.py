"""A small server on this machine that answers questions over every wire that providers speak: chat
with a JSON schema, System One, Decisions, and files of requests. It fails on request.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from palate.testing.local_http import Received, Reply, local_server

_QUOTED: Final = re.compile(r"<text ([0-9a-f]{16})>\n(.*)\n</text \1>", re.DOTALL)
_TOKENS: Final = {"prompt_tokens": 100, "completion_tokens": 20}

Schema: TypeAlias = Mapping[str, Any]


class BatchShelf:
    """Files of requests that were handed in, and what became of them.

    Attributes:
        files: Id -> content.
        jobs: Id -> what the service says of the job.
        looks: How often a job is looked at before it is done.
    """

    def __init__(self, looks: int = 1) -> None:
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.looks = looks

    def reply(self, received: Received, chat: Callable[[Mapping[str, Any]], Any]) -> Reply:
        """What is answered about files and batches."""
        path = received.path.partition("/v1")[2].partition("?")[0]
        if received.method == "POST" and path == "/files":
            return 200, {}, {"id": self._keep(_uploaded(received.content))}
        if path.startswith("/files/"):
            found = self.files.get(path.split("/")[2])
            return (404, {}, {}) if found is None else (200, {}, found)
        if received.method == "POST" and path == "/batches":
            body = received.body
            name = f"batch_{len(self.jobs)}"
            self.jobs[name] = {"id": name, "status": "validating", "left": self.looks, **body}
            return 200, {}, self.jobs[name]
        if path == "/batches":
            return 200, {}, {"data": list(self.jobs.values())}
        job = self.jobs.get(path.rpartition("/")[2])
        if job is None:
            return 404, {}, {}
        job["left"] -= 1
        if job["left"] <= 0 and job["status"] == "validating":
            job |= {"status": "completed", "output_file_id": self._done(job, chat)}
        return 200, {}, job

    def _keep(self, content: bytes) -> str:
        name = f"file_{len(self.files)}"
        self.files[name] = content
        return name

    def _done(self, job: Mapping[str, Any], chat: Callable[[Mapping[str, Any]], Any]) -> str:
        lines = []
        # In the wrong order on purpose: only the id counts.
        for line in reversed(self.files[job["input_file_id"]].splitlines()):
            request = json.loads(line)
            response = {"status_code": 200, "body": chat(request["body"])}
            lines.append(json.dumps({"custom_id": request["custom_id"], "response": response}))
        return self._keep("\n".join(lines).encode())


@dataclass
class AnsweringServer:
    """What the server receives and how it answers.

    Attributes:
        model: That it says answers.
        answer: Called with (number of the request, the request); None lets the server answer.
        write: (text, messages, schema) -> what the model writes; by default values out of hashes
            that fit the schema.
        bias: How much more an option counts for standing first, in a decision; 0 for none.
        received: All requests, in order.
        batches: Files of requests by id, and what became of them.
        url: Where it listens, with its version.
    """

    model: str = "made-1.0"
    answer: Callable[[int, Received], Reply | None] = lambda number, received: None
    write: Callable[[str, Sequence[Mapping[str, str]], Schema], str] = (
        lambda text, messages, schema: json.dumps(made_value(text, "", schema))
    )
    bias: float = 0.0
    received: list[Received] = field(default_factory=list)
    batches: BatchShelf = field(default_factory=BatchShelf)
    url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        """Texts of all requests about one, in order, repeated ones included."""
        found = [quoted_in(r.content.decode()) for r in self.received if r.method == "POST"]
        return [text for text in found if text is not None]

    def reply(self, received: Received) -> Reply:
        """What is answered."""
        with self._lock:
            number = len(self.received)
            self.received.append(received)
        answer = self.answer(number, received)
        if answer is not None:
            return answer
        if received.path.endswith("/chat/completions"):
            return 200, {}, self.chat(received.body)
        if received.path.endswith("/systemone"):
            return 200, {}, self._system_one(received.body)
        if received.path.endswith("/decisions"):
            return 200, {}, self._decisions(received.body)
        with self._lock:
            return self.batches.reply(received, self.chat)

    def chat(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a chat."""
        content = "Hello"
        if "response_format" in body:
            schema = body["response_format"]["json_schema"]["schema"]
            text = quoted_in(body["messages"][-1]["content"], escaped=False) or ""
            content = self.write(text, body["messages"], schema)
        choice = {"index": 0, "finish_reason": "stop", "message": {"content": content}}
        return {"model": self.model, "choices": [choice], "usage": _TOKENS}

    def _system_one(self, body: Mapping[str, Any]) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for name, question in body["questions"].items():
            kind, criteria = question["type"], question.get("criteria")
            options = list(criteria or ("true", "false"))
            row = self.probabilities(body["state"], question["instructions"], options)
            if kind == "noul":
                answers[name] = {"type": kind, "noul": row[0]}
            else:
                names = options if kind == "choice" else [str(i) for i in range(len(options))]
                given = dict(zip(names, row, strict=True))
                answers[name] = {"type": kind, "probabilities": given, "confidence": max(row)}
        return {"model": self.model, "answers": answers, "usage": {"input_tokens": 100}}

    def _decisions(self, body: Mapping[str, Any]) -> dict[str, Any]:
        answers: list[dict[str, Any]] = []
        for question in body["questions"]:
            kind, name = question["type"], question["name"]
            options = [c["value"] for c in question.get("choices", ())]
            options = options or [v["label"] for v in question.get("levels", ())]
            row = self.probabilities(
                body["input"], question["instructions"], options or ["true", "false"]
            )
            if kind == "predicate":
                answers.append({"type": kind, "name": name, "probability": row[0]})
                continue
            values = options if kind == "choice" else range(len(options))
            given = [{"value": v, "probability": p} for v, p in zip(values, row, strict=True)]
            answers.append({"type": kind, "name": name, "probabilities": given})
        return {"model": self.model, "answers": answers, "usage": {"input_tokens": 100}}

    def probabilities(self, text: str, question: str, options: Sequence[str]) -> list[float]:
        """Of each option: a matter of text, question, option and, with a bias, of its position."""
        weights = [1 + made_number(text, question, option, 1000) for option in options]
        weights[0] += round(self.bias * sum(weights))
        return [w / sum(weights) for w in weights]


def made_value(text: str, name: str, schema: Schema) -> Any:
    """A value that fits a JSON schema, out of the hash of text and name."""
    kinds = schema.get("type")
    kind = kinds if isinstance(kinds, str) else kinds[0] if kinds else "string"
    if kind == "object":
        return {n: made_value(text, n, s) for n, s in schema["properties"].items()}
    if "enum" in schema:
        return schema["enum"][made_number(text, name, "", len(schema["enum"]))]
    if kind == "array":
        options = schema["items"].get("enum")
        if options is None:
            return [made_value(text, name, {"type": "string"})]
        return [o for o in options if made_number(text, name, o, 2)]
    if kind == "number":
        low, high = schema["minimum"], schema["maximum"]
        return low + (high - low) * made_number(text, name, "", 1001) / 1000
    words = text.split() or [""]
    return words[made_number(text, name, "", len(words))]


def made_number(text: str, name: str, option: str, below: int) -> int:
    """A number out of a hash, from 0 to below `below`."""
    digest = hashlib.sha256(json.dumps([text, name, option]).encode()).digest()
    return int.from_bytes(digest[:6], "big") % below


def quoted_in(content: str, escaped: bool = True) -> str | None:
    """The text that a request quotes; None where it quotes none.

    Args:
        content: Of the request, or of one message.
        escaped: Whether it is JSON, in which ends of lines are written out.
    """
    if escaped:
        for found in re.findall(r'"(?:[^"\\]|\\.)*"', content):
            text = quoted_in(json.loads(found), escaped=False)
            if text is not None:
                return text
        return None
    match = _QUOTED.search(content)
    return match[2] if match else None


@contextmanager
def answering_server(port: int = 0, **settings: Any) -> Iterator[AnsweringServer]:
    """A server at work; it listens to this machine alone, on a free port by default."""
    state = AnsweringServer(**settings)
    with local_server(state.reply, port) as address:
        state.url = f"{address}/v1"
        yield state


def _uploaded(content: bytes) -> bytes:
    """The file in a form of several parts: what stands behind the blank line of the last one."""
    boundary = content.partition(b"\r\n")[0]
    last = content.split(boundary)[-2]
    return last.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
