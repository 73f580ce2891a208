"""Rules as people write them, and what is refused of them."""

import numpy as np
import pytest

from palate.errors import BadRecipe
from palate.rules.expressions import Both, Compare, Effect, Either, Not, comparisons, holds
from palate.rules.grammar import parse


def test_the_rule_of_the_documentation() -> None:
    rule = parse('if item.category == "toys" and user.age_group == "adult" then down 0.2')
    assert rule.condition == Both(
        (
            Compare("item", "category", "==", "toys"),
            Compare("user", "age_group", "==", "adult"),
        )
    )
    assert rule.effect == Effect("down", 0.2)
    assert rule.effect.logit == pytest.approx(np.log(0.8))


def test_and_binds_tighter_than_or_and_not_tighter_than_both() -> None:
    a, b, c = (Compare("item", name, "==", 1.0) for name in "abc")
    text = "if not item.a == 1 and item.b == 1 or item.c == 1 then up 1"
    assert parse(text).condition == Either((Both((Not(a), b)), c))


@pytest.mark.parametrize(
    ("text", "compare"),
    [
        ("item.price >= -2.5", Compare("item", "price", ">=", -2.5)),
        ("5 < item.price", Compare("item", "price", ">", 5.0)),
        ('"x" == item.kind', Compare("item", "kind", "==", "x")),
        ("item.new == true", Compare("item", "new", "==", True)),
        ('item["shelf life"] != "x"', Compare("item", "shelf life", "!=", "x")),
        ('item.kg.director in ["a", "b"]', Compare("item", "kg.director", "in", ("a", "b"))),
        ('history.kind not in "toys"', Compare("history", "kind", "not in", "toys")),
        ('item.kind == "then up 3 if"', Compare("item", "kind", "==", "then up 3 if")),
        ("item.标题 == '红'", Compare("item", "标题", "==", "红")),
    ],
)
def test_comparisons(text: str, compare: Compare) -> None:
    assert parse(f"if {text} then never").condition == compare


def test_a_chain_and_several_lines() -> None:
    rule = parse("if 18 <= user.age < 30\n  and item.x == 1\nthen up 0.5")
    assert comparisons(rule.condition) == (
        Compare("user", "age", ">=", 18.0),
        Compare("user", "age", "<", 30.0),
        Compare("item", "x", "==", 1.0),
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("item.a == 1", "is no rule"),
        ("if item.a == 1 then sideways 2", "is no effect"),
        ("if item.a == 1 then down 1", 'write "never"'),
        ("if item.a == 1 then up 0", "not possible"),
        ("if item.a = 1 then up 1", "cannot be read"),
        ("if itm.a == 1 then up 1", 'did you mean "item"'),
        ("if item.a then up 1", "compares nothing"),
        ("if item.a == item.b then up 1", "a value is a text"),
        ("if 1 == 2 then up 1", "compared with a value"),
        ("if item.a is 1 then up 1", "write =="),
        ("if item.a == [1] then up 1", "by in or not in"),
        ("if item.a in 3 then up 1", "needs a list"),
        ("if item.a == __import__('os').system('true') then up 1", "a value is a text"),
        ("if (lambda: 1)() == item.a then up 1", "compared with a value|a value is a text"),
        ("if item.a == 1; import os then up 1", "cannot be read"),
        ("if " + "(" * 500 + "item.a == 1" + ")" * 500 + " then up 1", "cannot be read"),
        ("if item.a == {1: 2} then up 1", "a value is a text"),
        ("if item[3] == 1 then up 1", "in brackets by its name"),
        ("if item.a in [[1]] then up 1", "a list holds texts"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, what: str) -> None:
    with pytest.raises(BadRecipe, match=what):
        parse(text, "rules.x")


def test_the_message_names_key_and_place() -> None:
    with pytest.raises(BadRecipe) as found:
        parse('if item.a == 1 and user.b ~ "x" then up 1', "rules.mine")
    assert found.value.where == "rules.mine"
    with pytest.raises(BadRecipe, match=r'"b" has no field that could be read: "b\.c == 2"'):
        parse("if item.a == 1 and b.c == 2 then up 1")


def test_truth_of_combinations_broadcasts() -> None:
    rule = parse("if item.a == 1 and not user.b == 1 then up 1")
    known = {
        "item": np.array([[True, False, True]]),
        "user": np.array([[True], [False]]),
    }
    found = holds(rule.condition, lambda compare: known[compare.scope])
    assert found.tolist() == [[False, False, False], [True, False, True]]
