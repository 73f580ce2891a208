"""The table `want`: what it may say, and how a mistake is answered."""

from __future__ import annotations

import pytest

from palate.encode.attributes.wanted import as_table, wanted
from palate.errors import BadRecipe, PalateError, SeveralProblems


def test_each_kind_becomes_a_question() -> None:
    found = wanted(
        {
            "topics": {"kind": "labels", "of": ["skin", "hair"], "describe": "what it is for"},
            "mood": {"kind": "scale", "from": -1, "to": 1},
            "brand": {"kind": "text", "evidence": True},
            "audience": {"kind": "label", "of": "propose", "at_most": 5},
        }
    )
    assert list(found) == ["topics", "mood", "brand", "audience"]
    topics = found["topics"].question("topics")
    assert (topics.options, topics.describe) == (("skin", "hair"), "what it is for")
    assert found["mood"].question("mood").ends == (-1.0, 1.0)
    assert found["brand"].question("brand").evidence
    assert found["audience"].proposes
    assert found["audience"].question("audience", ["men", "women"]).options == ("men", "women")


@pytest.mark.parametrize(
    ("given", "where", "word"),
    [
        ({}, "want", "no attribute"),
        ({"a": {}}, "want.a.kind", "needed"),
        ({"a": {"kind": "tags"}}, "want.a.kind", "tags"),
        ({"a": {"kind": "text", "form": 1}}, "want.a.form", 'unknown key "form"'),
        ({"a": {"kind": "scale", "low": 1}}, "want.a.low", "unknown key"),
        ({"a": {"kind": "scale", "from": "x"}}, "want.a.from", "x"),
        ({"a": {"kind": "scale", "from": 1, "to": 1}}, "want.a.to", "no length"),
        ({"a": {"kind": "label", "of": ["x"]}}, "want.a.of", "not enough"),
        ({"a": {"kind": "label"}}, "want.a.of", "not enough"),
        ({"a": {"kind": "labels", "of": ["x", "X "]}}, "want.a.of", "twice"),
        ({"a": {"kind": "label", "of": ["x", " "]}}, "want.a.of", "empty"),
        ({"a": {"kind": "text", "of": ["x", "y"]}}, "want.a.of", "no meaning"),
        ({"a": {"kind": "label", "of": ["x", "y"], "at_most": 3}}, "want.a.at_most", "named"),
        ({"a": {"kind": "label", "of": ["x", "y"], "to": 3}}, "want.a.to", "no meaning"),
        ({"a": {"kind": "label", "of": ["x", "y"], "levels": 2}}, "want.a.levels", "named"),
        ({"a": {"kind": "label", "of": "propose", "levels": 3}}, "want.a.levels", "3"),
        ({"a": {"kind": "text", "levels": 2}}, "want.a.levels", "no meaning"),
        ({"a": {"kind": "label", "of": {"p": ["x"]}}}, "want.a.of", "not enough"),
        ({"a": {"kind": "label", "of": {"p": ["x"], "q": ["X"]}}}, "want.a.of", "twice"),
        ({"a": {"kind": "label", "of": {"p > q": ["x", "y"]}}}, "want.a.of", ">"),
        ({"a=b": {"kind": "text"}}, "want.a=b", "no name"),
        ({"a": "text"}, "want.a", "not allowed"),
    ],
)
def test_a_mistake_is_named_with_its_place(given: object, where: str, word: str) -> None:
    with pytest.raises(BadRecipe, match=word) as caught:
        wanted(given)  # type: ignore[arg-type]
    assert caught.value.where == where


def test_an_unknown_key_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadRecipe) as caught:
        wanted({"a": {"kind": "text", "evidnce": True}})
    assert "evidence" in caught.value.next_step


def test_several_mistakes_come_together() -> None:
    with pytest.raises(SeveralProblems) as caught:
        wanted({"a": {"kind": "label"}, "b": {"kind": "scale", "from": 2}})
    assert [p.where for p in caught.value.problems] == ["want.a.of", "want.b.to"]


def test_written_out_it_can_be_read_again() -> None:
    table = {
        "mood": {"kind": "scale", "from": -1.0, "to": 1.0},
        "brand": {"kind": "text", "evidence": True},
        "use": {"kind": "label", "of": "propose", "at_most": 4, "describe": "for what"},
    }
    out = as_table(wanted(table), {"use": ["party", "work"]})
    assert out == {
        **table,
        "use": {"kind": "label", "of": ["party", "work"], "describe": "for what"},
    }
    assert wanted(out)["use"].question("use").options == ("party", "work")


def test_a_part_names_the_place_in_its_block() -> None:
    from palate.registry import spec

    with pytest.raises(PalateError) as caught:
        spec(
            {"part": "attributes.llm.v1", "want": {"a": {"kind": "label"}}},
            "encoder",
            "blocks.llm",
        )
    assert caught.value.where == "blocks.llm.want.a.of"


def test_options_of_two_levels_are_plain_options_with_parents() -> None:
    tree = {"skin care": ["face", "body"], "fragrance": [], "hair": ["shampoo"]}
    question = wanted({"use": {"kind": "label", "of": tree}})["use"].question("use")
    assert question.options == ("face", "body", "fragrance", "shampoo")
    assert question.parents == ("skin care", "skin care", "", "hair")
    assert question.groups == ("skin care", "hair")
    assert question.paths[1:3] == ("skin care > body", "fragrance")


def test_proposed_groups_are_written_out_as_a_table() -> None:
    table = {"use": {"kind": "labels", "of": "propose", "levels": 2, "at_most": 4}}
    out = as_table(wanted(table), {"use": {"skin": ("face", "body"), "tea": ()}})
    assert out == {"use": {"kind": "labels", "of": {"skin": ["face", "body"], "tea": []}}}
    assert wanted(out)["use"].question("use").parents == ("skin", "skin", "")
