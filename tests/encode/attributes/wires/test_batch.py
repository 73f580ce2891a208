import json

import pytest

from palate.encode.attributes.wires.batch import Batch, BatchSettings
from palate.encode.attributes.wires.chat import Chat, ChatSettings
from palate.errors import DataUnavailable, Refused
from palate.tables.questions import Question
from palate.testing.answering import BatchShelf, answering_server

TEXTS = [f"A fine product, number {i}" for i in range(6)]
QUESTIONS = (
    Question("topic", "label", "what it is", ("skin", "hair")),
    Question("brand", "text", evidence=True),
)


@pytest.fixture
def server():
    with answering_server() as running:
        yield running


@pytest.fixture
def part(server, tmp_path):
    def made(**settings):
        whole = {
            "url": server.url,
            "served": "made-1.0",
            "folder": str(tmp_path),
            "poll_seconds": 0.01,
            **settings,
        }
        return Batch(BatchSettings(**whole))

    return made


def answered(provider, texts=TEXTS):
    return {texts[p]: a for p, a in provider.answers(texts, QUESTIONS)}


def handed_in(server):
    """Ids of all requests of all files, in order."""
    return [
        json.loads(line)["custom_id"]
        for job in server.batches.jobs.values()
        for line in server.batches.files[job["input_file_id"]].splitlines()
    ]


def test_answers_and_key_are_those_of_single_requests(server, part):
    chat = Chat(ChatSettings(url=server.url, served="made-1.0"))
    single = {TEXTS[p]: a for p, a in chat.answers(TEXTS, QUESTIONS)}
    server.received.clear()
    assert answered(part()) == single
    assert part().identity == chat.identity
    assert not any(r.path.endswith("/chat/completions") for r in server.received)


def test_a_file_that_was_handed_in_is_not_handed_in_again(server, part):
    server.batches = BatchShelf(looks=10**9)
    provider = part(poll_seconds=0.2)
    texts = provider.answers(TEXTS, QUESTIONS)
    server.answer = lambda n, r: (401, {}, b"away") if n == 5 else None
    with pytest.raises(DataUnavailable):
        next(texts)
    server.answer = lambda n, r: None
    for job in server.batches.jobs.values():
        job["left"] = 1
    assert set(answered(part())) == set(TEXTS)
    assert len(server.batches.jobs) == 1
    assert set(answered(part(), TEXTS[2:])) == set(TEXTS[2:])
    assert len(server.batches.jobs) == 1
    server.batches.looks = 1
    more = [*TEXTS, "one more"]
    assert set(answered(part(), more)) == set(more)
    assert len(handed_in(server)) == len(set(handed_in(server))) == 7


@pytest.mark.parametrize("broken", range(5))
def test_a_failure_at_any_step_costs_no_second_file(server, part, broken):
    provider = part(retries=0)
    server.answer = lambda n, r: (401, {}, b"away") if n == broken else None
    with pytest.raises(DataUnavailable):
        answered(provider)
    server.answer = lambda n, r: None
    assert set(answered(part())) == set(TEXTS)
    assert len(server.batches.jobs) == 1
    assert len(handed_in(server)) == len(TEXTS)


def test_a_batch_that_was_made_and_not_written_down_is_found(server, part, tmp_path):
    provider = part()
    desk, made = provider.desk, []

    class Killed(BaseException):
        pass

    keep = desk._keep

    def dies(job):
        if job.batch:
            made.append(job.batch)
            raise Killed
        return keep(job)

    desk._keep = dies
    with pytest.raises(Killed):
        answered(provider)
    assert made == ["batch_0"]
    assert set(answered(part())) == set(TEXTS)
    assert list(server.batches.jobs) == ["batch_0"]


def test_what_was_refused_is_handed_in_once_more(server, part):
    def write(text, messages, schema):
        if text == TEXTS[1] and "cannot be used" not in messages[0]["content"]:
            return "oops"
        return json.dumps({"topic": "hair", "brand": None})

    server.write = write
    found = answered(part())
    assert all(a[0].probabilities == (0.0, 1.0) for a in found.values())
    assert len(server.batches.jobs) == 2
    assert len(handed_in(server)) == len(TEXTS) + 1


def test_a_file_that_expired_gives_what_it_has_and_the_rest_is_handed_in_again(server, part):
    whole = server.batches._done

    def half(job, chat):
        name = whole(job, chat)
        lines = server.batches.files[name].splitlines()
        server.batches.files[name] = b"\n".join(lines[:2])
        return name

    server.batches._done = half
    assert len(answered(part())) == 2
    server.batches._done = whole
    assert len(answered(part())) == len(TEXTS)
    assert len(handed_in(server)) == len(TEXTS) + 4


def test_a_file_that_failed_is_named_and_forgotten(server, part):
    def answer(number, received):
        if received.method == "GET" and "/batches/" in received.path:
            errors = {"data": [{"message": "line 3 is too long"}]}
            return 200, {}, {"id": "batch_0", "status": "failed", "errors": errors}
        return None

    server.answer = answer
    with pytest.raises(DataUnavailable, match="line 3 is too long"):
        answered(part())
    server.answer = lambda n, r: None
    assert set(answered(part())) == set(TEXTS)


def test_no_file_is_handed_in_beyond_the_budget(server, part):
    with pytest.raises(Refused, match="above the budget"):
        answered(part(price=1e6, budget=10.0))
    assert not server.batches.jobs


def test_the_discount_counts(server, part):
    provider = part(price=2e6, output_price=0.0, budget=1e9)
    answered(provider)
    assert provider.spent().cost == pytest.approx(100 * len(TEXTS))
    assert provider.spent().input_tokens == 100 * len(TEXTS)
    assert provider.estimate(TEXTS, QUESTIONS).cost > 0


def test_files_have_a_most_of_requests_and_no_texts_stay(server, part, tmp_path):
    assert set(answered(part(most_requests=4))) == set(TEXTS)
    assert len(server.batches.jobs) == 2
    assert not list(tmp_path.rglob("requests.jsonl"))
    assert all("fine product" not in f.read_text() for f in tmp_path.rglob("*.json"))
