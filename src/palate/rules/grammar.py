"""The text of a rule -> its condition and effect.

`if CONDITION then EFFECT`. The condition is read by Python's own parser and translated node by
node; whatever is not a comparison of a field with a value, or a combination of such, is refused.
Nothing of it is ever executed.
"""

from __future__ import annotations

import ast
import re
from typing import Final, get_args

from palate.errors import BadRecipe, nearest
from palate.rules.expressions import (
    Both,
    Compare,
    Condition,
    Effect,
    Either,
    Not,
    Operator,
    Rule,
    Scope,
    Value,
)

ALLOWED: Final = (
    'if item.category == "toys" and user.age_group == "adult" then down 0.2; scopes are item, user'
    " and history; operators ==, !=, <, <=, >, >=, in, not in, and, or, not; effects up N, down N"
    " (N up to 1) and never"
)
_SHAPE: Final = re.compile(r"\s*if\s(?P<condition>.*)\sthen\s(?P<effect>.*)", re.S)
_EFFECT: Final = re.compile(r"\s*(?:(?P<kind>up|down)\s+(?P<size>\d*\.?\d+)|never)\s*")
_OPERATORS: Final[dict[type[ast.cmpop], Operator]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_TURNED: Final[dict[Operator, Operator]] = {
    "==": "==",
    "!=": "!=",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}
_SPOKEN: Final = {"true": True, "false": False, "True": True, "False": False}


def parse(text: str, where: str = "rule") -> Rule:
    """Read one rule.

    Args:
        text: What the recipe says.
        where: The recipe's key, for messages.

    Raises:
        BadRecipe: It is no rule; the message shows the place.

    >>> rule = parse('if item.price > 100 and not user.age_group == "adult" then down 0.2')
    >>> rule.effect, round(rule.effect.logit, 3)
    (Effect(kind='down', size=0.2), -0.223)
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise BadRecipe(f'"{text}" is no rule', where=where, allowed=ALLOWED)
    return Rule(
        text, _Reader(shape["condition"].strip(), where).read(), _effect(shape["effect"], where)
    )


def _effect(text: str, where: str) -> Effect:
    found = _EFFECT.fullmatch(text)
    if found is None:
        raise BadRecipe(
            f'"{text.strip()}" is no effect', where=where, allowed="up 0.5, down 0.2 or never"
        )
    if found["kind"] is None:
        return Effect("never", 1.0)
    size = float(found["size"])
    if size <= 0 or (found["kind"] == "down" and size >= 1):
        raise BadRecipe(
            f"{found['kind']} {size:g} is not possible",
            where=where,
            allowed="up by more than 0; down by more than 0 and less than 1",
            next_step='write "never" for an item that must not be shown' if size >= 1 else "",
        )
    return Effect("up" if found["kind"] == "up" else "down", size)


class _Reader:
    """Translates one condition.

    Args:
        text: The condition.
        where: The recipe's key.
    """

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where

    def read(self) -> Condition:
        """The condition."""
        try:
            # in brackets, so that a condition may go over several lines
            tree = ast.parse(f"({self._text}\n)", mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as cause:
            column = (cause.offset or 1) - 1 if isinstance(cause, SyntaxError) else 0
            raise self._refused("this cannot be read", column) from cause
        return self._condition(tree)

    def _condition(self, node: ast.expr) -> Condition:
        if isinstance(node, ast.BoolOp):
            parts = tuple(self._condition(value) for value in node.values)
            return Both(parts) if isinstance(node.op, ast.And) else Either(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Not(self._condition(node.operand))
        if isinstance(node, ast.Compare):
            return self._chain(node)
        raise self._refused("this compares nothing", node.col_offset)

    def _chain(self, node: ast.Compare) -> Condition:
        """One comparison, or several of a chain such as `18 <= user.age < 30`."""
        sides = [node.left, *node.comparators]
        parts = tuple(
            self._compare(left, op, right)
            for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
        )
        return parts[0] if len(parts) == 1 else Both(parts)

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Compare:
        operator = _OPERATORS.get(type(op))
        if operator is None:
            raise self._refused('"is" is no comparison here: write ==', left.col_offset)
        if not _is_field(left):
            if not _is_field(right) or operator not in _TURNED:
                raise self._refused("a field has to be compared with a value", left.col_offset)
            left, right, operator = right, left, _TURNED[operator]
        scope, field = self._field(left)
        value = self._value(right)
        if isinstance(value, tuple) and operator not in ("in", "not in"):
            raise self._refused("a list is compared by in or not in", right.col_offset)
        if operator in ("in", "not in") and not isinstance(value, (tuple, str)):
            raise self._refused("in needs a list, or a text of a hierarchy", right.col_offset)
        return Compare(scope, field, operator, value)

    def _field(self, node: ast.expr) -> tuple[Scope, str]:
        """Scope and name of `item.a`, `item.kg.director` or `item["a b"]`."""
        names: list[str] = []
        inner = node
        while isinstance(inner, (ast.Attribute, ast.Subscript)):
            if isinstance(inner, ast.Attribute):
                names.append(inner.attr)
            else:
                key = self._value(inner.slice)
                if not isinstance(key, str):
                    raise self._no_name(inner)
                names.append(key)
            inner = inner.value
        scopes = get_args(Scope)
        if not isinstance(inner, ast.Name) or inner.id not in scopes or not names:
            said = inner.id if isinstance(inner, ast.Name) else ""
            raise self._refused(
                f'"{said}" has no field that could be read',
                node.col_offset,
                nearest(said, scopes),
            )
        scope: Scope = "item" if inner.id == "item" else "user" if inner.id == "user" else "history"
        return scope, ".".join(reversed(names))

    def _value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bool)):
            return node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return float(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inside = self._value(node.operand)
            if isinstance(inside, float):
                return -inside
        if isinstance(node, ast.Name) and node.id in _SPOKEN:
            return _SPOKEN[node.id]
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
            return tuple(self._plain(inner) for inner in node.elts)
        raise self._refused(
            "a value is a text in quotes, a number, true, false or a list", node.col_offset
        )

    def _plain(self, node: ast.expr) -> str | float | bool:
        value = self._value(node)
        if isinstance(value, tuple):
            raise self._refused("a list holds texts, numbers, true or false", node.col_offset)
        return value

    def _no_name(self, node: ast.expr) -> BadRecipe:
        return self._refused(
            'a field stands in brackets by its name, e.g. item["shelf life"]', node.col_offset
        )

    def _refused(self, what: str, column: int, next_step: str = "") -> BadRecipe:
        # one bracket stands before the text that was parsed; columns count bytes
        before = self._text.encode("utf-8", "replace")[: max(column - 1, 0)]
        at = len(before.decode("utf-8", "ignore"))
        return BadRecipe(
            f'{what}: "{self._text[at : at + 40]}" in the condition "{self._text}"',
            where=self._where,
            allowed=ALLOWED,
            next_step=next_step,
        )


def _is_field(node: ast.expr) -> bool:
    return isinstance(node, (ast.Attribute, ast.Subscript))
