import hashlib
import sqlite3

import numpy as np
import pytest

from palate.encode.blocks import encode_block
from palate.encode.content_encoder import text_matrix
from palate.encode.plan import plan_block, plan_rows
from palate.encode.row_cache import RowCache
from palate.encode.text.hashing import Hashing, HashingSettings
from palate.encode.text.http import Http, HttpSettings
from palate.encode.text.tfidf import Tfidf
from palate.encode.throughput import Throughput, add_throughput, read_throughput
from palate.registry import PartSpec

PART = Hashing(HashingSettings(dims=16))
TEXTS = ["red wine", None, "old lamp", "red wine", "glass"]
ROWS = np.arange(5, dtype=np.int32)


def state(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*")}


def test_what_is_kept_and_what_is_not(tmp_path):
    cache = RowCache(tmp_path)
    before = plan_rows(PART, TEXTS, cache)
    assert (before.items, before.distinct, before.kept, before.to_compute) == (4, 3, 0, 3)
    assert (before.seconds, before.cost, before.tokens) == (None, None, None)
    assert not list(tmp_path.iterdir())
    text_matrix(PART, ["red wine"], cache)
    kept = state(tmp_path)
    after = plan_rows(PART, TEXTS, cache)
    assert (after.kept, after.to_compute) == (1, 2)
    assert after.seconds is not None
    assert after.seconds > 0
    assert state(tmp_path) == kept
    text_matrix(PART, TEXTS, cache)
    assert plan_rows(PART, TEXTS, cache).seconds == 0
    assert cache.stats.hits == 1


def test_a_damaged_row_is_one_to_compute_and_is_left_for_the_run_to_mend(tmp_path):
    text_matrix(PART, TEXTS, RowCache(tmp_path))
    (file,) = tmp_path.glob("*.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE rows SET vector = zeroblob(64) WHERE rowid = 2")
    connection.close()
    kept = state(tmp_path)
    assert plan_rows(PART, TEXTS, RowCache(tmp_path)).to_compute == 1
    assert state(tmp_path) == kept


def test_rows_that_a_killed_writer_left_in_its_journal_are_seen(tmp_path):
    with RowCache(tmp_path).table(PART.identity()):
        text_matrix(PART, TEXTS, RowCache(tmp_path))
        assert next(tmp_path.glob("*-wal")).stat().st_size
        assert plan_rows(PART, TEXTS, RowCache(tmp_path)).to_compute == 0


def test_tokens_and_price_of_an_endpoint(tmp_path):
    part = Http(HttpSettings(prompt="item: ", price=2e6))
    plan = plan_rows(part, TEXTS, RowCache(tmp_path))
    assert plan.tokens == sum(n // 3 + 2 for n in (14, 14, 11))
    assert plan.cost == pytest.approx(plan.tokens * 2)


def test_tokens_of_a_language_model(tiny, tmp_path):
    from palate.encode.text.transformer import Transformer, TransformerSettings

    part = Transformer(TransformerSettings(model=str(tiny("bert")), backend="torch", prompt="the "))
    plan = plan_rows(part, ["red wine", "red", "red"], RowCache(tmp_path))
    assert plan.tokens == (3 + 2) + (2 + 2)
    assert "engine" not in vars(part)


def test_an_encoder_that_learns_is_computed_anew(shop, tmp_path):
    plan = plan_block(
        PartSpec("text.tfidf.v1", Tfidf.Settings()), shop(TEXTS), ROWS, RowCache(tmp_path)
    )
    assert (plan.to_compute, plan.kept, plan.note) == (5, None, "computed again every time")


def test_a_plan_is_what_the_block_then_takes(shop, tmp_path):
    spec, cache = PartSpec("text.hashing.v1", PART.settings), RowCache(tmp_path)
    plan = plan_block(spec, shop(TEXTS), ROWS, cache)
    encode_block("b", spec, (), shop(TEXTS), ROWS, cache=cache)
    assert cache.stats.computed == plan.to_compute == 3
    assert plan_block(spec, shop(TEXTS), ROWS, cache).to_compute == 0


def test_the_pace_is_kept_and_nonsense_is_nothing(tmp_path):
    table = tmp_path / "a.sqlite"
    assert read_throughput(table) is None
    add_throughput(table, 100, 2.0)
    add_throughput(table, 300, 2.0)
    assert read_throughput(table) == Throughput(400, 4.0)
    assert Throughput(400, 4.0).seconds_for(50) == 0.5
    for text in ("", "[]", '{"size": 0, "seconds": 1}', '{"size": "x", "seconds": 1}'):
        (tmp_path / "a.pace.json").write_text(text)
        assert read_throughput(table) is None
    add_throughput(tmp_path / "a.pace.json" / "b.sqlite", 1, 1.0)
