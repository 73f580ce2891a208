"""A recipe's plan over a provider that is paid: what it says, and what it sends."""

from __future__ import annotations

import polars as pl
import pytest

from palate import registry
from palate.tables import Catalogue, Vocabulary
from palate.testing.answering import answering_server

ITEMS = Catalogue(
    Vocabulary.of("abc"), pl.DataFrame({"title": ["a fine wine", "two \uff53hoes", "a lamp"]})
)


def encoder(url: str, **settings: object):
    table = {
        "part": "attributes.llm.v1",
        "want": {"kind": {"kind": "label", "of": ["wine", "shoes"]}},
        "provider": {"part": "answers.chat.v1", "url": url, **settings},
    }
    return registry.spec(table, "encoder").build()


def test_a_plan_names_price_and_tokens_and_puts_no_question():
    with answering_server() as server:
        asking = encoder(server.url, price=1.0, output_price=2.0).asking(ITEMS)
        spending = asking.estimate([t for t in asking.texts if t])
        assert spending.requests == 3
        assert spending.cost == pytest.approx(
            (spending.input_tokens + 2 * spending.output_tokens) / 1e6
        )
        assert "1 a million tokens read and 2 written" in asking.note
        assert asking.identity is not None
        assert server.texts == []


def test_a_service_that_is_away_keeps_no_plan_from_being_made():
    asking = encoder("http://127.0.0.1:9/v1", retries=0).asking(ITEMS)
    assert asking.identity is None
    assert "kept answers are not counted" in asking.note
    assert asking.estimate(["a"]).input_tokens > 0


def test_texts_are_cleaned_before_anybody_reads_them():
    with answering_server() as server:
        asking = encoder(server.url).asking(ITEMS)
        assert asking.texts[1] == "two shoes"
