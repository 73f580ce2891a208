import json

import pytest

from palate.encode.attributes.replies import answers_of, faults_of, reply_schema, reply_tokens
from palate.tables.questions import Answer, Question

TOPIC = Question("topic", "label", "what it is for", ("skin", "hair"))
USES = Question("uses", "labels", options=("day", "night", "sun"))
MOOD = Question("mood", "scale", ends=(-1.0, 1.0))
BRAND = Question("brand", "text", evidence=True)
ALL = (TOPIC, USES, MOOD, BRAND)
TEXT = "A night cream by Acme Labs, for dry skin."


def replied(**changes):
    whole = {
        "topic": "skin",
        "uses": ["night"],
        "mood": 0.25,
        "brand": {"evidence": "by Acme Labs", "value": ["Acme Labs"]},
    }
    return json.dumps({**whole, **changes})


def test_a_right_reply_is_taken_as_it_is():
    topic, uses, mood, brand = answers_of(replied(), TEXT, ALL)
    assert topic == Answer((1.0, 0.0))
    assert uses == Answer((0.0, 1.0, 0.0))
    assert mood == Answer(number=0.25)
    assert brand == Answer(words=("Acme Labs",), evidence=("by Acme Labs",))


def test_null_is_unknown_and_no_fault():
    reply = replied(topic=None, uses=None, mood=None, brand={"evidence": None, "value": None})
    assert answers_of(reply, TEXT, ALL) == (Answer(),) * 4


def test_an_empty_list_of_labels_says_that_none_fits():
    assert answers_of(replied(uses=[]), TEXT, ALL)[1] == Answer((0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("changes", "place", "fault"),
    [
        ({"topic": "nails"}, 0, "none of the options"),
        ({"topic": ["skin"]}, 0, "none of the options"),
        ({"topic": 1}, 0, "none of the options"),
        ({"uses": "night"}, 1, "list of the options"),
        ({"uses": ["night", "moon"]}, 1, "list of the options"),
        ({"uses": [{}]}, 1, "list of the options"),
        ({"mood": 1.5}, 2, "between the two ends"),
        ({"mood": True}, 2, "between the two ends"),
        ({"mood": "glad"}, 2, "between the two ends"),
        ({"mood": float("nan")}, 2, "between the two ends"),
        ({"brand": ["Acme Labs"]}, 3, '"evidence" and "value"'),
        ({"brand": {"evidence": "by Zenith", "value": ["Acme Labs"]}}, 3, "does not stand"),
        ({"brand": {"evidence": "BY ACME", "value": ["Acme Labs"]}}, 3, "does not stand"),
        ({"brand": {"evidence": "", "value": ["Acme Labs"]}}, 3, "evidence is missing"),
        ({"brand": {"evidence": "by Acme Labs", "value": ["Zenith"]}}, 3, "copied from the text"),
        ({"brand": {"evidence": "by Acme Labs", "value": [1]}}, 3, "list of words"),
    ],
)
def test_what_does_not_fit_is_unknown_with_its_fault(changes, place, fault):
    found = answers_of(replied(**changes), TEXT, ALL)
    assert found[place].unknown
    assert fault in found[place].fault
    others = [a for i, a in enumerate(found) if i != place]
    assert not any(a.fault or a.unknown for a in others)


def test_a_key_that_is_missing_and_keys_that_are_too_many():
    found = answers_of(json.dumps({"topic": "hair", "canary": "secret"}), TEXT, ALL)
    assert found[0] == Answer((0.0, 1.0))
    assert [a.fault for a in found[1:]] == ["it is missing"] * 3


@pytest.mark.parametrize("content", ["", "Sure! Here it is:", replied()[:-9], "[]", "[" * 100_000])
def test_what_is_no_json_object_is_one_fault(content):
    found = answers_of(content, TEXT, ALL)
    assert all(a.unknown and a.fault for a in found)
    assert faults_of(ALL, found) == ["it is not the JSON that was described"]


def test_no_word_of_the_model_gets_into_a_fault():
    secret = "XCANARYX"
    for reply in (
        replied(topic=secret, uses=[secret], mood=secret),
        replied(brand={"evidence": secret, "value": [secret]}),
        secret,
    ):
        assert secret not in repr(answers_of(reply, TEXT, ALL))


def test_words_are_looked_for_without_regard_to_case_and_blanks_and_kept_once():
    found = answers_of(
        json.dumps(
            {"brand": {"evidence": "Acme Labs", "value": ["acme  LABS", " acme  LABS", ""]}}
        ),
        TEXT,
        (BRAND,),
    )
    assert found[0].words == ("acme  LABS",)


def test_the_schema_is_closed():
    schema = reply_schema(ALL)
    assert schema["required"] == ["topic", "uses", "mood", "brand"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["mood"] == {
        "type": ["number", "null"],
        "minimum": -1.0,
        "maximum": 1.0,
    }
    assert list(schema["properties"]["brand"]["properties"]) == ["evidence", "value"]
    assert schema["properties"]["brand"]["additionalProperties"] is False


def test_the_longest_reply_has_room():
    assert reply_tokens(ALL, longest=True) > reply_tokens(ALL) > 10
