"""Rules held against cases: which of them apply to which item of which case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl

from palate.arrays import Floats, Mask, Rows, dense
from palate.errors import BadInput, BadRecipe
from palate.rules.columns import Hierarchy, check, truth
from palate.rules.expressions import (
    Compare,
    Rule,
    about_items,
    about_users,
    alone,
    column_of,
    holds,
)
from palate.rules.grammar import parse
from palate.tables import Block, Histories

RULE: Final = "rule"
"""The setting of the origin of a block that is a rule."""


@dataclass(frozen=True, eq=False)
class RuleCases:
    """One rule, with what is known of items and users.

    Attributes:
        rule: The rule.
        items: bool [n_items, n_columns], which comparisons each item fulfils.
        columns: Names of these.
        users: bool [n_user_comparisons, n_users], which comparisons each user fulfils, in the
            rule's order.
    """

    rule: Rule
    items: Mask
    columns: tuple[str, ...]
    users: Mask

    @classmethod
    def of(cls, block: Block, people: pl.DataFrame | None, n_users: int) -> RuleCases:
        """The rule of a block.

        Args:
            block: Made by `rules.hits.v1`.
            people: What is known of the users, one row each; None where nothing is.
            n_users: Users of the log.

        Raises:
            BadRecipe: A comparison with the users has no field, or a value that no one has.
        """
        facts = block.origin.settings
        rule = parse(str(facts[RULE]), block.name)
        hierarchy: Mapping[str, Hierarchy] = facts.get("hierarchy", {})
        users = [
            _of_users(c, people, hierarchy.get(c.field, {}), block.name) for c in about_users(rule)
        ]
        known = np.stack(users) if users else np.zeros((0, n_users), np.bool_)
        columns = block.columns or _columns(rule)
        return cls(rule, dense(block.finite())[:, : len(columns)] > 0, columns, known)

    def grown(self, block: Block) -> RuleCases:
        """The same for the items of a block that grew."""
        return replace(self, items=dense(block.finite())[:, : len(self.columns)] > 0)

    def applies(self, histories: Histories) -> Mask:
        """bool [n_cases, n_items], or what broadcasts to it: one row or one column where all are
        alike.
        """
        return self._holds(histories, slice(None))

    def applies_to(self, histories: Histories, item: Rows) -> Mask:
        """bool [n_cases, n], whether it applies to each case's `item` int32 [n_cases, n]."""
        found = self._holds(histories, item)
        return np.asarray(np.broadcast_to(found, item.shape), np.bool_)

    def _holds(self, histories: Histories, item: Any) -> Mask:
        users = {c: place for place, c in enumerate(about_users(self.rule))}

        def of(compare: Compare) -> Mask:
            """Broadcasts to [n_cases, n]."""
            if compare.scope == "user":
                return self._of_user(users[compare], histories)[:, None]
            column = self.items[:, self.columns.index(column_of(compare))]
            if compare.scope == "history":
                return _any_of(histories, column)[:, None]
            return np.atleast_2d(column[item])

        return np.atleast_2d(holds(self.rule.condition, of))

    def _of_user(self, place: int, histories: Histories) -> Mask:
        """bool [n_cases]; false for people who are not known."""
        known = np.append(self.users[place], np.False_)
        rows = np.where(histories.users < self.users.shape[1], histories.users, -1)
        return np.asarray(known[rows], np.bool_)


def is_rule(block: Block) -> bool:
    """Whether a block is a rule."""
    return RULE in block.origin.settings


def _columns(rule: Rule) -> tuple[str, ...]:
    """Names of the columns of a block that has lost them."""
    named = tuple(column_of(c) for c in about_items(rule))
    return ("applies", *named) if alone(rule) else named


def _of_users(
    compare: Compare, people: pl.DataFrame | None, hierarchy: Hierarchy, where: str
) -> Mask:
    if people is None:
        raise BadRecipe(
            f"a rule asks for {compare.text}, and nothing is known of the users",
            where=where,
            allowed="rules about item and history",
            next_step="name a table of the users: [data] users = ...",
        )
    check(compare, people, hierarchy, where)
    return truth(compare, people[compare.field], hierarchy)


def _any_of(histories: Histories, column: Mask) -> Mask:
    """bool [n_cases], whether any item of each history has it."""
    values = histories.items.values
    if len(values) and not 0 <= values.min() <= values.max() < len(column):
        raise BadInput(
            f"a history holds item row {int(values.max())}",
            where="histories",
            allowed=f"0 to {len(column) - 1}",
        )
    found = column[values]
    row = histories.items.row_of_value()
    return np.asarray(np.bincount(row, found, minlength=len(histories)) > 0, np.bool_)


def effects(
    rules: Mapping[str, RuleCases], sizes: Mapping[str, float], histories: Histories, n_items: int
) -> Floats:
    """float32 [n_cases, n_items], what all rules add."""
    total = np.zeros((len(histories), n_items), np.float32)
    for name, one in rules.items():
        total += one.applies(histories) * np.float32(sizes[name])
    return total
