"""What may vary, and what is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from palate.errors import BadRecipe, SeveralProblems
from palate.recipe.recipe import Recipe, parse
from palate.study.search.space import Space, optional_blocks


class Says:
    """Picks what it is told, else the first."""

    def __init__(self, **picks: Any) -> None:
        self.picks = {k.replace("__", "."): v for k, v in picks.items()}
        self.asked: list[str] = []

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.asked.append(name)
        return self.picks.get(name, choices[0])

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        self.asked.append(name)
        return float(self.picks.get(name, low))

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        self.asked.append(name)
        return int(self.picks.get(name, high))


TABLE: dict[str, Any] = {
    "blocks": {
        "a": {"part": "text.tfidf.v1", "fields": ["title"]},
        "b": {"part": "text.hashing.v1", "fields": ["title"]},
        "c": {"part": "text.hashing.v1", "fields": ["title"]},
    },
    "models": {
        "ids": {"part": "model.ease.v1"},
        "a": {"part": "model.text_kernel.v1", "block": "a"},
        "b": {"part": "model.text_kernel.v1", "block": "b"},
        "blend": {"part": "model.blend.v1", "members": ["ids", "a", "b"]},
        "trees": {"part": "model.lambdamart.v1", "members": ["ids", "a"], "blocks": ["a", "c"]},
    },
    "split": {"part": "split.leave_last_out.v1"},
}


def asked(space: dict[str, Any], **search: Any) -> Space:
    recipe: Recipe = parse({**TABLE, "search": {"space": space, **search}}, Path())
    return Space.of(recipe, recipe.search)


def test_values_are_put_where_they_belong() -> None:
    space = asked(
        {
            "models.ids.l2": {"low": 1.0, "high": 1e3, "log": True},
            "models.blend.k": {"low": 5, "high": 20},
            "models.a.neighbours": [10, 50],
        },
        models=["blend"],
    )
    found = space.pick(Says(models__ids__l2=7.5))
    assert found is not None
    assert found.recipe.models["ids"].settings.l2 == 7.5
    assert found.recipe.models["blend"].settings.k == 20
    assert found.recipe.models["a"].settings.neighbours == 10
    assert found.values == {
        "model": "blend",
        "models.ids.l2": 7.5,
        "models.blend.k": 20,
        "models.a.neighbours": 10,
    }
    assert space.recipe.models["blend"].settings.k == 10


def test_only_what_bears_on_the_model_is_asked() -> None:
    keys = {
        "models.b.neighbours": [3],
        "models.ids.l2": [9.0],
        "blocks.b.part": ["text.hashing.v1"],
    }
    trial = Says(model="trees")
    assert asked(keys, models=["blend", "trees"]).pick(trial) is not None
    assert trial.asked == ["model", "models.ids.l2"]
    trial = Says(model="blend")
    assert asked(keys, models=["blend", "trees"]).pick(trial) is not None
    assert set(trial.asked) == {"model", *keys}


def test_a_whole_part_may_be_a_value_and_its_members_are_asked_then() -> None:
    space = asked(
        {
            "models.blend": [
                {"part": "model.blend.v1", "members": ["ids"]},
                {"part": "model.blend.v1", "members": ["ids", "b"]},
            ],
            "models.b.neighbours": [4],
        },
        models=["blend"],
    )
    first = space.pick(trial := Says())
    assert first is not None
    assert first.recipe.models["blend"].settings.members == ("ids",)
    assert "models.b.neighbours" in trial.asked or trial.asked == [
        "models.blend",
        "models.b.neighbours",
    ]


def test_blocks_may_be_left_out_where_a_model_can_do_without() -> None:
    space = asked({"blocks": "subset"}, models=["blend", "trees"])
    assert optional_blocks(space.recipe, "blend") == ("a", "b")
    assert optional_blocks(space.recipe, "trees") == ("a", "c")
    assert optional_blocks(space.recipe, "a") == ()
    found = space.pick(Says(**{"model": "blend", "with a": "no"}))
    assert found is not None
    assert found.recipe.models["blend"].settings.members == ("ids", "b")
    assert found.without == ("a",)
    found = space.pick(Says(**{"model": "trees", "with a": "no"}))
    assert found is not None
    assert found.recipe.models["trees"].settings.members == ("ids",)
    assert found.recipe.models["trees"].settings.blocks == ("c",)
    found = space.pick(Says(**{"model": "trees", "with a": "no", "with c": "no"}))
    assert found is not None
    assert found.recipe.models["trees"].settings.blocks == ()


def test_the_recipe_as_it_stands_is_a_point_of_its_space() -> None:
    space = asked(
        {"models.blend.k": [5, 10], "models.ids.l2": {"low": 1e6, "high": 1e9}, "blocks": "subset"},
        models=["ids", "blend"],
    )
    picks = space.as_it_stands()
    assert picks == {
        "model": "blend",
        "models.blend.k": "10",
        "with a": "yes",
        "with b": "yes",
    }


@pytest.mark.parametrize(
    ("space", "search", "named"),
    [
        ({"models.blnd.k": [1]}, {}, 'did you mean "blend"'),
        ({"models.blend.kk": [1]}, {}, 'unknown key "kk"'),
        ({"model.blend.k": [1]}, {}, 'did you mean "models"'),
        ({"split.part": ["split.ratio.v1"]}, {}, "would change what is measured"),
        ({"models.blend.k": 5}, {}, "says nothing about what to try"),
        ({"models.blend.k": {"low": 5, "hihg": 9}}, {}, "says nothing about what to try"),
        ({"models.blend.k": {"low": 9, "high": 5}}, {}, "says nothing about what to try"),
        ({"models.ids.l2": {"low": -1.0, "high": 5.0}}, {}, "models.ids.l2"),
        ({"blocks": "some"}, {}, '"subset"'),
        ({"models.blend.k": [1]}, {"models": ["blendd"]}, 'did you mean "blend"'),
        ({}, {"models": ["blend"]}, "nothing to search"),
    ],
)
def test_what_is_misspelt_is_named(
    space: dict[str, Any], search: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadRecipe, match=named):
        asked(space, **search)


def test_several_problems_come_together() -> None:
    with pytest.raises(SeveralProblems, match="blnd") as picks:
        asked({"models.blnd.k": [1], "models.blend.kk": [1]})
    assert len(picks.value.problems) == 2


def test_an_unknown_key_of_the_section_is_named() -> None:
    with pytest.raises(BadRecipe, match="trails"):
        parse({**TABLE, "search": {"trails": 3}}, Path())
