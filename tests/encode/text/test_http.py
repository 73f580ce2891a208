import threading
import time

import numpy as np
import pytest

from palate.encode import endpoint
from palate.encode.content_encoder import text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.text.http import Http, HttpSettings
from palate.errors import BadInput, BadRecipe, DataUnavailable, Refused
from palate.testing.endpoint import embedding_server

TEXTS = [f"text {i}" for i in range(10)]


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """Waits are real, but a thousandth as long."""
    original = endpoint.Endpoint._sleep
    told = []
    monkeypatch.setattr(
        endpoint.Endpoint, "_sleep", lambda self, s: told.append(s) or original(self, s / 1000)
    )
    return told


@pytest.fixture
def server():
    with embedding_server() as running:
        yield running


def part(server, **settings):
    return Http(HttpSettings(**{"url": server.url, "width": 8, "batch": 3, **settings}))


def expected(server, texts):
    rows = np.array([server.embedded(t) for t in texts], np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_every_text_gets_its_own_vector(server):
    matrix, present = text_matrix(part(server), [*TEXTS, None, "text 3"])
    np.testing.assert_allclose(matrix[:10], expected(server, TEXTS), rtol=1e-5)
    assert np.array_equal(matrix[11], matrix[3])
    assert not present[10]
    assert sorted(server.texts) == sorted(TEXTS)
    assert all(
        len(b["input"]) <= 3 and b["model"] == "text-embedding-3-small" for b in server.bodies
    )


def test_what_is_sent(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "s3cret")
    text_matrix(
        part(server, key_env="MY_KEY", prompt="item: ", max_letters=3, shorten=True), ["abcdef"]
    )
    assert server.bodies == [
        {
            "model": "text-embedding-3-small",
            "encoding_format": "float",
            "dimensions": 8,
            "input": ["item: abc"],
        }
    ]
    assert server.headers[0]["Authorization"] == "Bearer s3cret"


def test_a_key_that_is_not_set_or_would_be_read_by_others(server, monkeypatch):
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(BadRecipe, match="MY_KEY is not set"):
        text_matrix(part(server, key_env="MY_KEY"), TEXTS)
    monkeypatch.setenv("MY_KEY", "s3cret")
    for url, what in (
        ("http://example.org/v1", "unencrypted"),
        ("file:///etc/passwd", "no web address"),
    ):
        with pytest.raises(BadRecipe, match=what) as info:
            text_matrix(part(server, key_env="MY_KEY", url=url), TEXTS)
        assert "s3cret" not in str(info.value)
    assert "s3cret" not in repr(part(server, key_env="MY_KEY").endpoint)
    assert not server.bodies


@pytest.mark.parametrize(
    "failure",
    [
        (429, {"Retry-After": "2"}, {}),
        (503, {}, b"busy"),
        (200, {}, b"<html>"),
        (200, {}, []),
        (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, {}),
        (429, {"Retry-After": "soon"}, {}),
    ],
)
def test_failures_that_may_pass_are_tried_again(failure):
    with embedding_server(
        answer=lambda number, body: failure if number in (0, 2) else None
    ) as server:
        encoder = part(server)
        matrix, _ = text_matrix(encoder, TEXTS)
        np.testing.assert_allclose(matrix, expected(server, TEXTS), rtol=1e-5)
        assert encoder.usage.retries == 2
        assert encoder.usage.requests == 6


def test_the_server_says_how_long_to_wait(waits):
    with embedding_server(
        answer=lambda n, b: (429, {"Retry-After": "7"}, {}) if n == 0 else None
    ) as server:
        text_matrix(part(server, concurrency=1), TEXTS[:1])
    assert 7 in waits


def test_waits_grow_and_are_spread(waits):
    with embedding_server(answer=lambda n, b: (500, {}, {})) as server:
        with pytest.raises(DataUnavailable, match="failed 5 times"):
            text_matrix(part(server, retries=4, concurrency=1), TEXTS[:1])
        assert len(server.bodies) == 5
    assert all(wait <= 0.5 * 2**i for i, wait in enumerate(w for w in waits if w > 0))


def test_a_server_that_is_not_there():
    with pytest.raises(DataUnavailable, match="failed 2 times"):
        text_matrix(Http(HttpSettings(url="http://127.0.0.1:9/v1", retries=1, width=8)), TEXTS)


@pytest.mark.parametrize(
    ("status", "what"), [(401, "check the address"), (404, "check the address"), (302, "302")]
)
def test_what_will_not_pass_is_not_tried_again(status, what):
    with embedding_server(
        answer=lambda n, b: (status, {"Location": "http://127.0.0.1:9/"}, {})
    ) as server:
        with pytest.raises(DataUnavailable, match=what):
            text_matrix(part(server, concurrency=1), TEXTS)
        assert len(server.bodies) == 1


def test_a_text_that_is_not_taken_is_found_and_all_others_are_kept(tmp_path):
    def picky(number, body):
        return (400, {}, b"too long") if "text 4" in body["input"] else None

    with embedding_server(answer=picky) as server:
        with pytest.raises(BadInput, match=r"1 of 10 texts; the first begins 'text 4' .*too long"):
            text_matrix(part(server), TEXTS, RowCache(tmp_path))
        asked = len(server.bodies)
        with pytest.raises(BadInput, match="1 of 1 texts"):
            text_matrix(part(server), TEXTS, RowCache(tmp_path))
        assert len(server.bodies) == asked + 1
        server.answer = lambda number, body: None
        matrix, _ = text_matrix(part(server), TEXTS, RowCache(tmp_path))
        np.testing.assert_allclose(matrix, expected(server, TEXTS), rtol=1e-5)


def test_all_texts_that_failed_are_named_and_only_they_are_asked_for_again(tmp_path):
    bad = {"text 2", "text 5", "text 9"}

    def picky(number, body):
        return (422, {}, b"no") if bad & set(body["input"]) else None

    with embedding_server(answer=picky) as server:
        cache = RowCache(tmp_path)
        with pytest.raises(
            BadInput, match=r"3 of 10 texts; .*'text 2'.*others: 'text 5', 'text 9'"
        ):
            text_matrix(part(server), TEXTS, cache)
        assert cache.stats.computed == 7
        server.answer = lambda number, body: None
        asked = len(server.texts)
        matrix, present = text_matrix(part(server), TEXTS, RowCache(tmp_path))
        assert set(server.texts[asked:]) == bad
        assert present.all()
        np.testing.assert_allclose(matrix, expected(server, TEXTS), rtol=1e-5)


def test_a_server_that_takes_nothing_is_not_hammered():
    with embedding_server(answer=lambda n, b: (400, {}, b"no such model")) as server:
        with pytest.raises(BadInput, match="no such model"):
            text_matrix(part(server, concurrency=1), [f"text {i}" for i in range(300)])
        assert len(server.bodies) <= 10


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": [None] * 8}]},
        {"data": [{"index": 1, "embedding": [1.0] * 8}]},
        {"data": [{"index": 0, "embedding": ["x"] * 8}]},
        {"error": "no"},
    ],
)
def test_answers_that_make_no_sense_are_refused_and_not_kept(answer, tmp_path):
    with (
        embedding_server(answer=lambda n, b: (200, {}, answer)) as server,
        pytest.raises(DataUnavailable, match="makes no sense"),
    ):
        text_matrix(part(server), TEXTS[:1], RowCache(tmp_path))
    with RowCache(tmp_path).table(part(server).identity()) as table:
        assert len(table) == 0


def test_another_width_names_the_right_one(server):
    with pytest.raises(BadRecipe, match="write width = 8"):
        text_matrix(part(server, width=9), TEXTS)


def test_a_budget_is_never_exceeded_and_what_was_paid_for_is_kept(tmp_path, server):
    # Each request of 3 texts is estimated at 12 tokens and counted at 30.
    poor = part(server, price=1e6, budget=70, concurrency=1)
    with pytest.raises(Refused, match="budget of 70"):
        text_matrix(poor, TEXTS, RowCache(tmp_path))
    assert (poor.usage.cost, len(server.bodies)) == (60, 2)
    rich = part(server, price=1e6, budget=1000)
    text_matrix(rich, TEXTS, RowCache(tmp_path))
    assert rich.usage.tokens == 40
    assert len(server.texts) == len(set(server.texts)) == 10


def test_costs_are_estimated_where_the_server_does_not_say():
    def silent(number, body):
        return (
            200,
            {},
            {"data": [{"index": i, "embedding": [1.0] * 8} for i in range(len(body["input"]))]},
        )

    with embedding_server(answer=silent) as server:
        encoder = part(server, price=2.0)
        text_matrix(encoder, ["a" * 30])
    assert encoder.usage.tokens == 12
    assert encoder.usage.cost == pytest.approx(24e-6)


def test_no_more_requests_at_a_time_than_allowed():
    together = threading.Barrier(2, timeout=5)

    def slow(number, body):
        if number < 2:
            together.wait()
        time.sleep(0.01)

    with embedding_server(answer=slow) as server:
        text_matrix(part(server, concurrency=2, batch=1), TEXTS)
        assert server.most_at_a_time == 2


def test_a_rate_limit_spaces_the_requests(server, waits):
    text_matrix(part(server, requests_per_minute=60, concurrency=1, batch=5), TEXTS)
    assert max(waits) > 0.8


def test_stopping_does_not_wait_for_the_endpoint(monkeypatch):
    monkeypatch.undo()

    def answer(number, body):
        return None if number == 0 else (429, {"Retry-After": "50"}, {})

    with embedding_server(answer=answer) as server:
        started = time.monotonic()
        chunks = part(server, concurrency=2, batch=1).vectors(TEXTS)
        next(chunks)
        time.sleep(0.1)
        chunks.close()
        assert time.monotonic() - started < 10


KEYS = {"url", "model", "width", "shorten", "prompt", "max_letters", "normalise"}
OTHER = {
    "url": "http://x/",
    "model": "m",
    "width": 9,
    "shorten": True,
    "prompt": "p",
    "max_letters": 5,
}


@pytest.mark.parametrize("name", sorted(HttpSettings.__dataclass_fields__))
def test_every_setting_that_changes_a_vector_is_in_the_key(name):
    values = {
        **OTHER,
        "normalise": False,
        "batch": 5,
        "concurrency": 1,
        "retries": 1,
        "timeout": 1.0,
        "price": 1.0,
    }
    values |= {
        "budget": 1.0,
        "requests_per_minute": 1.0,
        "key_env": "K",
        "fields": ("a",),
        "layout": "named",
    }
    changed = Http(HttpSettings(**{name: values[name]})).identity() != Http().identity()
    assert changed == (name in KEYS)
