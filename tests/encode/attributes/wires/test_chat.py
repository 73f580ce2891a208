import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from palate.encode import endpoint
from palate.encode.attributes.wires.chat import Chat, ChatSettings
from palate.encode.row_cache import RowCache, key_of
from palate.encode.row_values import RECORD
from palate.errors import BadInput, BadRecipe, DataUnavailable, Refused
from palate.tables.questions import Answer, Question
from palate.testing.answering import answering_server, made_number, quoted_in

TEXTS = [f"A fine product, number {i}, by maker{i}" for i in range(10)]
QUESTIONS = (
    Question("topic", "label", "what it is", ("skin", "hair", "nails")),
    Question("mood", "scale", ends=(-1.0, 1.0)),
    Question("brand", "text", evidence=True),
)


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
    with answering_server() as running:
        yield running


def part(server, **settings):
    return Chat(ChatSettings(**{"url": server.url, "served": "made-1.0", **settings}))


def answered(provider, texts=TEXTS, questions=QUESTIONS):
    return {texts[p]: a for p, a in provider.answers(texts, questions)}


def collect(found, provider):
    for place, answers in provider.answers(TEXTS, QUESTIONS):
        found[place] = answers


def test_every_text_gets_its_own_answers(server):
    found = answered(part(server))
    assert set(found) == set(TEXTS)
    for text, (topic, mood, brand) in found.items():
        place = made_number(text, "topic", "", 4)
        expected = Answer() if place == 3 else Answer(tuple(float(i == place) for i in range(3)))
        assert topic == expected
        assert -1 <= mood.number <= 1
        assert brand.unknown or (brand.evidence[0] in text and brand.words[0] in text)
    assert sorted(server.texts) == sorted(TEXTS)


def test_what_is_sent(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "s3cret")
    answered(part(server, key_env="MY_KEY", model="m"), TEXTS[:1])
    body = server.received[0].body
    assert body["model"] == "m"
    assert body["temperature"] == 0.0
    assert body["max_tokens"] > 100
    assert body["response_format"]["json_schema"]["strict"] is True
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert TEXTS[0] not in body["messages"][0]["content"]
    assert quoted_in(body["messages"][1]["content"], escaped=False) == TEXTS[0]
    assert "topic (what it is)" in body["messages"][0]["content"]
    assert server.received[0].headers["Authorization"] == "Bearer s3cret"
    assert server.received[0].path == "/v1/chat/completions"


def test_the_instructions_are_the_same_for_every_text(server):
    answered(part(server))
    assert len({r.body["messages"][0]["content"] for r in server.received}) == 1


def test_models_that_reason_get_no_temperature_and_another_limit(server):
    answered(part(server, sends_temperature=False, reply_limit="max_completion_tokens"), TEXTS[:1])
    body = server.received[0].body
    assert "temperature" not in body
    assert "max_tokens" not in body
    assert body["max_completion_tokens"] > 100


def test_what_was_refused_is_asked_once_more_with_the_reason(server):
    right = {"topic": "hair", "mood": 0, "brand": None}

    def write(text, messages, schema):
        again = "cannot be used" in messages[0]["content"]
        return json.dumps({"topic": "hair"} if again else {**right, "topic": "hairs"})

    server.write = write
    found = answered(part(server), TEXTS[:1])[TEXTS[0]]
    assert found[0] == Answer((0.0, 1.0, 0.0))
    assert found[1] == Answer(number=0.0)
    first, second = (r.body for r in server.received)
    assert "topic: it is none of the options" in second["messages"][0]["content"]
    assert "hairs" not in json.dumps(second)
    assert list(second["response_format"]["json_schema"]["schema"]["properties"]) == ["topic"]
    assert "cannot be used" not in json.dumps(first)


def test_what_is_refused_twice_is_unknown(server):
    server.write = lambda text, messages, schema: "Here you are: {"
    found = answered(part(server), TEXTS[:2])
    assert all(a.unknown and a.fault for answers in found.values() for a in answers)
    assert len(server.received) == 4


@pytest.mark.parametrize(
    ("choice", "requests"),
    [
        ({"message": {"content": '{"to'}, "finish_reason": "length"}, 2),
        ({"message": {"content": None, "refusal": "no"}}, 1),
        ({"message": {"content": ""}, "finish_reason": "content_filter"}, 1),
    ],
)
def test_replies_that_were_cut_off_or_declined(server, choice, requests):
    server.answer = lambda n, r: (200, {}, {"model": "made-1.0", "choices": [choice]})
    found = answered(part(server), TEXTS[:1])[TEXTS[0]]
    assert all(a.unknown and a.fault for a in found)
    assert len(server.received) == requests


@pytest.mark.parametrize(
    "failure",
    [
        (429, {"Retry-After": "2"}, {}),
        (503, {}, b"busy"),
        (200, {}, b"<html>"),
        (200, {}, {"choices": []}),
        (200, {}, b'{"choices": [{"message": {"content": "half'),
        (200, {"Content-Length": "5000"}, b'{"choices": [{"mess'),
    ],
)
def test_failures_that_may_pass_are_tried_again(server, failure):
    server.answer = lambda n, r: failure if n in (0, 2) else None
    provider = part(server)
    assert set(answered(provider)) == set(TEXTS)
    assert provider.endpoint.usage.retries == 2
    assert provider.spent().requests == 12


def test_a_stall_and_an_answer_that_trickles_are_cut_off(server):
    def trickle():
        for _ in range(100):
            yield b" "
            time.sleep(0.05)

    def answer(number, received):
        if number == 0:
            time.sleep(1.5)
        return (200, {}, trickle()) if number == 1 else None

    server.answer = answer
    provider = part(server, timeout=0.5, concurrency=1)
    started = time.monotonic()
    assert set(answered(provider, TEXTS[:2])) == set(TEXTS[:2])
    assert time.monotonic() - started < 4
    assert provider.endpoint.usage.retries == 2


def test_what_may_be_on_the_bill_is_counted(server):
    server.answer = lambda n, r: (200, {}, b"<html>") if n == 0 else None
    provider = part(server, price=1e6, output_price=0.0)
    answered(provider, TEXTS[:1])
    assert provider.spent().cost > 100 + 100  # the answer that came, and the estimate of the other


def test_one_text_that_is_not_taken_costs_no_other(server):
    bad = TEXTS[4]
    server.answer = lambda n, r: (400, {}, b"policy") if bad in r.content.decode() else None
    provider = part(server)
    assert set(answered(provider)) == set(TEXTS) - {bad}
    assert provider.rejected == 1
    assert [n.code for n in provider.notices()] == ["texts-not-taken"]


def test_a_service_that_takes_nothing_is_not_hammered(server):
    server.answer = lambda n, r: (400, {}, b"no such model")
    with pytest.raises(BadInput, match="no such model"):
        answered(part(server, concurrency=2), [f"text {i}" for i in range(300)])
    assert len(server.received) <= 6


def test_what_is_known_is_given_out_before_a_failure(server):
    server.answer = lambda n, r: (401, {}, b"who are you") if n == 5 else None
    found = {}
    with pytest.raises(DataUnavailable, match="401"):
        collect(found, part(server, concurrency=1))
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert len(server.received) == 6


def test_the_model_that_answers_is_in_the_key(server):
    named, learnt = part(server), part(server, served="")
    assert learnt.identity == named.identity
    assert len(server.received) == 1
    assert "made-1.0" in learnt.identity
    server.model = "made-1.1"
    assert part(server, served="").identity != learnt.identity


def test_a_model_that_changes_in_the_middle_is_noticed(server):
    def answer(number, received):
        if number == 4:
            server.model = "made-1.1"

    server.answer = answer
    with pytest.raises(DataUnavailable, match=r'"made-1\.1" answers now, not "made-1\.0"'):
        answered(part(server, concurrency=1))


def test_every_setting_that_changes_an_answer_is_in_the_key(server):
    before = part(server).identity
    for changes in ({"model": "m"}, {"most_letters": 5}, {"temperature": 1.0}, {"served": "x"}):
        assert part(server, **changes).identity != before
    for changes in ({"budget": 1.0, "price": 1.0}, {"concurrency": 1}, {"retries": 0}):
        assert part(server, **changes).identity == before
    with pytest.raises(BadRecipe, match=r'no prompt "plan\.v1"'):
        _ = part(server, prompt="plan.v1").identity


def test_a_budget_is_never_exceeded(server):
    estimate = part(server, price=1e6).estimate(TEXTS[:1], QUESTIONS).input_tokens
    poor = part(server, price=1e6, output_price=0.0, budget=100 * 3 + 3 * estimate)
    found = {}
    with pytest.raises(Refused, match="above the budget"):
        collect(found, poor)
    assert 0 < len(found) < len(TEXTS)
    assert poor.spent().cost <= poor.settings.budget
    assert poor.spent().cost == 100 * len(found)


def test_a_budget_needs_a_price():
    with pytest.raises(BadRecipe, match="only with a price"):
        _ = Chat(ChatSettings(url="https://example.org/v1", model="none", budget=1.0)).endpoint


def test_a_rate_of_tokens_spaces_the_requests(server, waits):
    answered(part(server, tokens_per_minute=60_000, concurrency=1), TEXTS[:3])
    assert max(waits) > 0.1


def test_no_more_requests_at_a_time_than_allowed(server):
    running, most = [0], [0]
    lock = threading.Lock()

    def answer(number, received):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.03)
        with lock:
            running[0] -= 1

    server.answer = answer
    answered(part(server, concurrency=3))
    assert most[0] == 3


def test_the_answer_to_a_text_does_not_depend_on_the_others(server):
    together = answered(part(server))
    assert answered(part(server), TEXTS[3:4])[TEXTS[3]] == together[TEXTS[3]]
    assert all(
        sum(t in r.content.decode() for t in TEXTS if t != TEXTS[1]) <= 1 for r in server.received
    )


KILLED = """
import sys
from pathlib import Path
from palate.encode.attributes.wires.chat import Chat, ChatSettings
from palate.encode.row_cache import RowCache, key_of
from palate.encode.row_values import RECORD
from palate.tables.questions import Question

url, folder, n = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
provider = Chat(ChatSettings(url=url, served="made-1.0", concurrency=2))
question = Question("topic", "label", "what it is", ("skin", "hair", "nails"))
texts = [f"product {i}" for i in range(n)]
with RowCache(folder).table({"provider": provider.identity}, RECORD) as table:
    found = table.get([key_of(t.encode()) for t in texts])
    missing = [t for t in texts if key_of(t.encode()) not in found]
    for place, answers in provider.answers(missing, (question,)):
        table.put([key_of(missing[place].encode())], [list(answers[0].probabilities)])
print("done")
"""


def test_nothing_is_paid_twice_after_a_kill(server, tmp_path):
    server.answer = lambda n, r: time.sleep(0.01)
    arguments = [sys.executable, "-c", KILLED, server.url, str(tmp_path), "60"]
    kills = 0
    for delay in (0.15, 0.25, 0.2):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=dict(os.environ))
        seen = len(server.received)
        until = time.monotonic() + 30
        while len(server.received) < seen + 3 and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(delay / 4)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert kills == 3
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "done"
    # At most what was under way at a kill is sent again.
    assert 60 <= len(server.texts) <= 60 + 3 * 2
    assert set(server.texts) == {f"product {i}" for i in range(60)}
    before = len(server.received)
    subprocess.run(arguments, capture_output=True, check=True)
    assert len(server.received) == before
    provider = Chat(ChatSettings(url=server.url, served="made-1.0"))
    with RowCache(tmp_path).table({"provider": provider.identity}, RECORD) as table:
        assert len(table.get([key_of(f"product {i}".encode()) for i in range(60)])) == 60
