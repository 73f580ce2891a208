"""The section `[rules]` of a recipe."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from palate.errors import BadRecipe, SeveralProblems
from palate.recipe.recipe import Recipe, parse


def recipe(rules: str, models: str = "") -> Recipe:
    text = f"""
    [data]
    interactions = "log.csv"
    [split]
    part = "split.leave_last_out.v1"
    [models.popular]
    part = "model.popularity.v1"
    [models.ruled]
    part = "model.rules.v1"
    member = "popular"
    {models}
    [rules]
    {rules}
    """
    return parse(tomllib.loads(text), Path())


def test_each_rule_is_a_block_that_models_of_rules_follow() -> None:
    found = recipe("""
    toys = 'if item.kind == "toys" then down 0.2'
    old = 'if item.year < 1990 then up 0.5'
    """)
    assert list(found.blocks) == ["rule.toys", "rule.old"]
    settings: Any = found.models["ruled"].settings
    assert settings.blocks == ("rule.toys", "rule.old")
    assert found.graph.all_blocks("ruled") == ("rule.toys", "rule.old")


def test_the_resolved_recipe_reads_back_to_the_same() -> None:
    found = recipe("""
    toys = 'if item.kind in "toys" then down 0.2'
    [rules.hierarchy.kind]
    toys = ["lego"]
    """)
    settings: Any = found.blocks["rule.toys"].encoder.settings
    assert settings.hierarchy == {"kind": {"toys": ("lego",)}}
    assert parse(found.resolved(), Path()).resolved() == found.resolved()


def test_a_model_that_names_its_rules_follows_those() -> None:
    rules = "a = 'if item.x == 1 then up 1'\n    b = 'if item.x == 2 then up 1'"
    found = recipe(rules, 'blocks = ["rule.b"]')
    settings: Any = found.models["ruled"].settings
    assert settings.blocks == ("rule.b",)


def test_all_faulty_rules_come_together() -> None:
    with pytest.raises(SeveralProblems, match="2 problems") as found:
        recipe("a = 'if item.x = 1 then up 1'\n    b = 3\n    c = 'if item.x == 1 then up 1'")
    assert [p.where for p in found.value.problems] == ["rules.a", "rules.b"]


def test_a_block_of_the_same_name_is_refused() -> None:
    taken = '[blocks."rule.a"]\n    part = "text.tfidf.v1"'
    with pytest.raises(BadRecipe, match="another name"):
        recipe("a = 'if item.x == 1 then up 1'", taken)


def test_rules_are_a_table() -> None:
    with pytest.raises(BadRecipe, match="no table of rules"):
        parse({"rules": ["if item.x == 1 then up 1"]}, Path())
