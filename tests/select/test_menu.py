"""Ideas fill the slots of a closed menu; what is made is right by hand, and kept only if it passes
the gate.
"""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from palate.arrays import Ragged
from palate.data.worlds import cold_text
from palate.errors import BadInput, Refused
from palate.select.gate import gate
from palate.select.menu import Idea, ideas, made, parsed, prompt, schema
from palate.select.operators import OPERATORS, Context
from palate.select.pairs import POPULARITY, match_examples, requests_of
from palate.tables import (
    Block,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Vocabulary,
)


def _log(pairs: list[tuple[int, int]], n_users: int = 3, n_items: int = 4) -> Interactions:
    user, item = (np.array(c, np.int32) for c in zip(*pairs, strict=True))
    users, items = (
        Vocabulary(tuple(f"u{i}" for i in range(n_users))),
        Vocabulary(tuple(f"i{i}" for i in range(n_items))),
    )
    return Interactions(
        users,
        items,
        user,
        item,
        np.ones(len(user), np.float32),
        np.arange(len(user), dtype=np.int64),
    )


@pytest.fixture
def context() -> Context:
    log = _log([(0, 0), (0, 1), (1, 0), (1, 2), (2, 0), (2, 1)])
    fields = pl.DataFrame(
        {
            "genre": ["a", "a", "b", "b"],
            "tags": [["x"], ["x", "y"], [], ["y"]],
            "price": [2.0, 4.0, None, 6.0],
            "id": list("pqrs"),
        }
    )
    X = np.array([[1, 0], [0.6, 0.8], [0, 1], [0, 0]], np.float32)
    block = Block("text", X, np.array([True, True, True, False]), Origin("t"))
    histories = Histories.of_items(Ragged.of([[0, 1], [2], []]))
    return Context(
        log, histories, Catalogue(log.items, fields), FeatureTable(log.items, {"text": block})
    )


def _values(context: Context, operator: str, **slots: object) -> list[float]:
    """For request 0 and every item, then request 2 (no history) and item 0."""
    idea = Idea(operator, slots)
    out = made([idea], context, np.array([0, 0, 0, 0, 2]), np.array([0, 1, 2, 3, 0]))
    return out[idea.name].ravel().round(4).tolist()


def test_every_operator_by_hand(context: Context) -> None:
    ln = np.log
    assert _values(context, "item_count") == pytest.approx(
        [ln(4), ln(3), ln(2), 0, ln(4)], abs=1e-4
    )
    assert _values(context, "history_length") == pytest.approx([ln(3)] * 4 + [0], abs=1e-4)
    assert _values(context, "recency") == pytest.approx([1 / 6, 0, 2 / 6, 1, 1 / 6], abs=1e-4)
    assert _values(context, "category_share", field="genre") == [1, 1, 0, 0, 0]
    assert _values(context, "category_share", field="tags") == [1.0, 0.75, 0, 0.5, 0]
    assert _values(context, "category_count", field="genre") == pytest.approx(
        [ln(6), ln(6), ln(2), ln(2), ln(6)], abs=1e-4
    )
    assert _values(context, "entropy", field="tags")[0] == pytest.approx(0.6365, abs=1e-3)
    assert _values(context, "entropy", field="genre") == [0] * 5
    assert _values(context, "number_ratio", field="price") == pytest.approx(
        [ln(2 / 3), ln(4 / 3), 0, ln(2), 0], abs=1e-4
    )
    assert _values(context, "similarity", block="text", last=1) == pytest.approx(
        [0.6, 1, 0.8, 0, 0], abs=1e-4
    )
    assert _values(context, "nearest", block="text") == pytest.approx([1, 1, 0.8, 0, 0], abs=1e-4)
    assert _values(context, "together", last=1) == pytest.approx([1, 1, 0, 0, 0], abs=1e-4)


def test_the_menu_offers_only_what_the_data_have(context: Context) -> None:
    text = json.dumps(schema(context))
    assert '"genre"' in text
    assert '"tags"' in text
    assert '"price"' in text
    assert '"id"' not in text
    assert {
        choice["properties"]["operator"]["const"] for choice in schema(context)["items"]["oneOf"]
    } == set(OPERATORS)


def test_ideas_are_checked_one_by_one(context: Context) -> None:
    answer = """Here you are: [
      {"operator": "entropy", "field": "genre", "why": "some like it\\nmixed"},
      {"operator": "entropy", "field": "genre"},
      {"operator": "entropi", "field": "genre"},
      {"operator": "entropy", "field": "__import__('os')"},
      {"operator": "similarity", "block": "text"},
      {"operator": "similarity", "block": "text", "last": true},
      {"operator": "similarity", "block": "text", "last": 5},
      "eval", {"operator": ["entropy"]}
    ] Enjoy."""
    asked = []
    good, bad = ideas(lambda question: asked.append(question) or answer, context)  # type: ignore[func-returns-value]
    assert [idea.name for idea in good] == [
        "entropy(field=genre)",
        "similarity(block=text, last=5)",
    ]
    assert good[0].why == "some like it mixed"
    assert len(bad) == 6
    assert 'did you mean "entropy"' in bad[0].message()
    assert asked == [prompt(context)]


@pytest.mark.parametrize("answer", ["", "no ideas", "[1, 2", '{"a": 1}'])
def test_an_answer_without_an_array_is_one_problem(answer: str, context: Context) -> None:
    good, bad = parsed(answer, context)
    assert not good
    assert len(bad) == 1


def test_pairs_are_made_of_the_training_log_alone() -> None:
    world = cold_text(1, n_users=60, n_items=50, per_user=10)
    log = world.data.interactions
    rows = match_examples(log, world.features, seed=1)
    assert rows.names == (POPULARITY, "text", "image", "noise")
    assert len(rows) == 60 * 2 * 10
    assert rows.label.reshape(-1, 10)[:, 0].all()
    assert rows.label.sum() == 120
    asked = requests_of(log, 1, 10, 2)
    owned = [set(log.item[log.user == u].tolist()) for u in range(60)]
    for user, items, request in zip(asked.user, asked.items, range(len(asked.user)), strict=True):
        assert int(items[0]) in owned[user]
        assert int(items[0]) not in asked.history[request]
        assert not owned[user] & set(items[1:].tolist())


def test_pairs_refusals() -> None:
    log = _log([(0, 0), (1, 1)])
    with pytest.raises(Refused):
        match_examples(log, FeatureTable(log.items), 1)
    with pytest.raises(BadInput):
        requests_of(log, 1, 1, 1)


def test_the_gate_keeps_what_helps_and_drops_noise() -> None:
    world = cold_text(1, n_users=250, n_items=100, per_user=12)
    rows = match_examples(world.data.interactions, world.features, seed=1, last=2)
    random = np.random.default_rng(1)
    tried = {
        "text": rows.blocks["text"],
        **{f"noise {j}": random.standard_normal((len(rows), 1)) for j in range(4)},
    }
    found = {
        j.name: j.verdict.answer for j in gate(rows.only([POPULARITY]), tried, 1, model="linear")
    }
    assert found["text"] == "keep"
    assert list(found.values()).count("keep") == 1
