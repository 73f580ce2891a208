import math

import pytest

from palate.encode.attributes.wires.deciding import DecidingSettings
from palate.encode.attributes.wires.decisions import Decisions
from palate.encode.attributes.wires.system_one import SystemOne
from palate.encode.attributes.wires.typed_questions import merged, typed
from palate.errors import BadRecipe, DataUnavailable
from palate.tables.questions import Answer, Question
from palate.testing.answering import answering_server

TEXTS = [f"A fine product, number {i}" for i in range(8)]
TOPIC = Question("topic", "label", "what it is", ("skin", "hair", "nails"))
USES = Question("uses", "labels", options=("day", "night"))
MOOD = Question("mood", "scale", ends=(-1.0, 1.0))
QUESTIONS = (TOPIC, USES, MOOD)
WIRES = pytest.mark.parametrize("wire", [SystemOne, Decisions])


@pytest.fixture
def server():
    with answering_server() as running:
        yield running


def part(wire, server, **settings):
    return wire(DecidingSettings(**{"url": server.url, "served": "made-1.0", **settings}))


def answered(provider, texts=TEXTS, questions=QUESTIONS):
    return {texts[p]: a for p, a in provider.answers(texts, questions)}


@WIRES
def test_probabilities_are_those_of_the_model(wire, server):
    found = answered(part(wire, server))
    assert set(found) == set(TEXTS)
    for text, (topic, uses, mood) in found.items():
        quoted = server_text(server, text)
        row = server.probabilities(quoted, "What is the topic (what it is)?", TOPIC.options)
        assert topic.probabilities == pytest.approx(tuple(row))
        assert math.fsum(topic.probabilities) == pytest.approx(1)
        assert topic.confidence == pytest.approx(max(row))
        assert len(uses.probabilities) == 2
        assert -1 <= mood.number <= 1


def server_text(server, text):
    """The text as it was sent: quoted."""
    key = {"state", "input"}
    for received in server.received:
        body = received.body
        sent = next(body[k] for k in key if k in body)
        if text in sent:
            return sent
    raise AssertionError(text)


@WIRES
def test_a_model_that_prefers_the_first_option_is_evened_out_and_found_out(wire, server):
    fair = answered(part(wire, server, draws=1))
    server.bias = 1.0
    one, two = part(wire, server, draws=1), part(wire, server, draws=2)
    biased, evened = answered(one), answered(two)
    assert one.flip_rate() is None
    assert two.flip_rate() > 0.8
    assert two.repeated == len(TEXTS)
    assert one.notices() == ()
    [notice] = two.notices()
    assert (notice.code, notice.severity) == ("order-of-options-decides", "warning")

    def off(found):
        return sum(
            abs(p - q)
            for t in TEXTS
            for p, q in zip(found[t][0].probabilities, fair[t][0].probabilities, strict=True)
        )

    assert off(evened) < 0.8 * off(biased)


@WIRES
def test_an_even_model_flips_nothing(wire, server):
    provider = part(wire, server, draws=3)
    answered(provider)
    assert provider.flip_rate() == 0
    assert provider.repeated == 2 * len(TEXTS)


@WIRES
def test_questions_beyond_the_most_become_another_request(wire, server):
    whole = answered(part(wire, server))
    server.received.clear()
    assert answered(part(wire, server, most_questions=2)) == whole
    assert len(server.received) == 3 * len(TEXTS)  # 2 draws, 2 options and a scale
    assert len(part(wire, server, most_questions=2).takes("a", QUESTIONS)) == 3


@WIRES
def test_what_a_decision_model_cannot_answer_is_refused_before_anything_is_sent(wire, server):
    many = Question("many", "label", options=tuple(f"o{i}" for i in range(256)))
    proven = Question("topic", "label", options=("a", "b"), evidence=True)
    for question, reason in (
        (Question("brand", "text"), "not words"),
        (many, "255 are allowed"),
        (proven, "no evidence"),
    ):
        with pytest.raises(BadRecipe, match=reason):
            answered(part(wire, server), questions=(question,))
    assert not server.received


@WIRES
def test_the_key_names_model_and_draws(wire, server):
    assert part(wire, server, served="").identity == part(wire, server).identity
    assert part(wire, server, draws=3).identity != part(wire, server).identity
    assert part(wire, server, levels=3).identity != part(wire, server).identity
    assert part(wire, server, concurrency=1).identity == part(wire, server).identity


@WIRES
def test_only_what_is_read_is_paid(wire, server):
    provider = part(wire, server, price=2.0)
    answered(provider)
    assert provider.spent().input_tokens == 100 * len(TEXTS)
    assert provider.spent().cost == pytest.approx(2e-4 * len(TEXTS))


@WIRES
def test_a_plain_language_model_says_that_it_is_none(wire, server):
    server.answer = lambda n, r: (501, {}, {"error": "not a decision model"})
    with pytest.raises(DataUnavailable, match="not a decision model"):
        answered(part(wire, server))


def test_a_refusal_is_unknown_and_the_other_answers_stay(server):
    def answer(number, received):
        names = [q["name"] for q in received.body["questions"]]
        first = [{"type": "refusal", "name": n} for n in names[:2]]
        rest = [{"type": "predicate", "name": n, "probability": 0.25} for n in names[2:4]]
        levels = [{"value": i, "probability": 0.2} for i in range(5)]
        last = [{"type": "score", "name": names[4], "probabilities": levels, "score": 2.0}]
        return 200, {}, {"model": "made-1.0", "answers": [*first, *rest, *last]}

    server.answer = answer
    topic, uses, mood = answered(part(Decisions, server), TEXTS[:1])[TEXTS[0]]
    assert topic == Answer(fault="the model did not answer")
    assert uses.probabilities == (0.25, 0.25)
    assert mood.number == pytest.approx(0)


@pytest.mark.parametrize(
    "row",
    [(0.5, 0.4, 0.4), (1.5, -0.5, 0.0), (float("nan"), 0.5, 0.5), (0.5, 0.5), (0.2, 0.2, 0.2)],
)
def test_probabilities_that_make_no_sense_are_unknown(row):
    sent = typed((TOPIC,), 1, 5)
    [(answer, _, _)] = merged((TOPIC,), sent, {sent[0].id: row})
    assert answer == Answer(fault="its probabilities make no sense")


def test_orders_of_options():
    orders = [t.options for t in typed((TOPIC,), 4, 5)]
    assert orders[0] == TOPIC.options
    assert orders[1] == TOPIC.options[::-1]
    assert all(sorted(o) == sorted(TOPIC.options) for o in orders)
    assert orders == [t.options for t in typed((TOPIC,), 4, 5)]


def test_the_levels_of_a_scale_are_its_ends_and_what_lies_between():
    [sent] = typed((MOOD,), 2, 5)
    assert sent.options == ("-1", "-0.5", "0", "0.5", "1")
    [(answer, _, _)] = merged((MOOD,), [sent], {sent.id: (0, 0, 0, 0.5, 0.5)})
    assert answer.number == pytest.approx(0.75)
    assert answer.confidence == pytest.approx(0.5)
