"""Items find the entities that they are, and say how sure that is."""

import numpy as np
import pytest

from palate.data.knowledge.links import links_by_id, links_by_name, plain_name
from palate.tables.knowledge import Triples

FACTS = Triples.of(
    ["q1", "q2", "q3", "q4", "q5"],
    ["by"] * 5,
    ["x"] * 5,
    {
        "q1": "The Matrix (film)",
        "q2": "The Matrix Reloaded",
        "q3": "Amélie",
        "q4": "Twins",
        "q5": "Twins (1925)",
    },
)
HEADS = np.unique(FACTS.head)


def found(names: list[str | None]) -> list[tuple[str | None, float]]:
    links = links_by_name(names, FACTS, HEADS)
    return [
        (FACTS.entities.ids[row] if row >= 0 else None, float(sure))
        for row, sure in zip(links.entity, links.confidence, strict=True)
    ]


def test_the_same_plain_name_is_sure() -> None:
    assert found(["Matrix, The (1999)", "AMELIE"]) == [("q1", 1.0), ("q3", 1.0)]


def test_a_name_of_several_entities_is_half_sure() -> None:
    assert found(["Twins (1988)"]) == [("q4", 0.5)]


def test_names_that_share_rare_words_are_alike() -> None:
    (entity, sure), (_, less), nothing = found(["Matrix Reloaded", "Reloaded Guns", "Jaws"])
    assert entity == "q2"
    assert 0.75 < sure < 1
    assert less < sure
    assert nothing == (None, 0.0)


def test_an_item_without_a_name_has_no_link() -> None:
    assert found([None, "", "!!!"]) == [(None, 0.0)] * 3


def test_ids_and_last_parts_of_iris() -> None:
    facts = Triples.of(["http://x/Jumanji", "7"], ["by"] * 2, ["a", "b"])
    links = links_by_id(
        ["7", "Jumanji", "http://x/Jumanji", None, "a"], facts, np.unique(facts.head)
    )
    assert links.confidence.tolist() == [1, 1, 1, 0, 0]


def test_links_of_too_little_confidence_go() -> None:
    links = links_by_name(["Twins"], FACTS, HEADS).at_least(0.8)
    assert links.entity.tolist() == [-1]
    assert links.confidence.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "plain"),
    [("L'Été, le", "le l ete"), ("(500) Days", "days"), ("(500)", "500"), ("\uff26ull", "full")],
)
def test_plain_names(text: str, plain: str) -> None:
    assert plain_name(text) == plain
