"""One rule as a block: which of its comparisons each item fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from palate import config
from palate.arrays import Mask, Rows
from palate.capabilities import ReadsUsers
from palate.encode.content import digest_of, digest_of_rows
from palate.part_state import PartState, fitted, state_of
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
from palate.store import Artefact, digest
from palate.tables import Block, Catalogue, Origin
from palate.tables.catalogue import as_text


@dataclass(frozen=True)
class HitsSettings:
    """Settings of `rules.hits.v1`."""

    rule: str
    """The rule, `if CONDITION then EFFECT`; see [knowledge](knowledge.md)."""

    hierarchy: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """What lies below what: field -> parent -> children, for `item.category in "toys"`. Without it
    a path such as "toys > lego" lies below "toys"."""

    def __post_init__(self) -> None:
        parse(self.rule)

    @property
    def parsed(self) -> Rule:
        """The rule, understood."""
        return parse(self.rule)

    def below(self, name: str) -> Hierarchy:
        """What lies below what in a field."""
        return self.hierarchy.get(name, {})


class Hits(ReadsUsers):
    """One column a comparison of the rule, 1 for the items that fulfil it; and, for a rule about
    items alone, a first column for those that it applies to.

    Comparisons with the history are columns too, since its events are items; what is compared with
    the user is no matter of items. As a block the rule is a feature of any model that reads blocks,
    and is left out, permuted and measured as one; `model.rules.v1` makes its effect of it.

    Nothing is learnt: a comparison that no item could fulfil is refused.

    Args:
        settings: See `HitsSettings`.

    Cost: one pass over the fields that it reads.

    >>> import polars as pl
    >>> from palate.tables import Vocabulary
    >>> shop = Catalogue(Vocabulary.of("abc"), pl.DataFrame({"kind": ["toy", "book", None]}))
    >>> part = Hits(HitsSettings('if item.kind == "toy" then down 0.2'))
    >>> block = part.fit(shop, np.arange(3, dtype=np.int32)).encode(shop)
    >>> block.columns, block.matrix.tolist(), block.present.tolist()
    (('applies', 'item.kind == "toy"'), [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]], [True, True, False])
    """

    Settings = HitsSettings
    name: ClassVar[str] = "rules.hits.v1"

    def __init__(self, settings: HitsSettings) -> None:
        self.settings = settings

    @classmethod
    def user_fields(cls, settings: HitsSettings) -> tuple[str, ...]:
        """The fields of users that its rule asks for."""
        return tuple(dict.fromkeys(c.field for c in about_users(settings.parsed)))

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Check fields, types and values against the catalogue; nothing is learnt.

        Raises:
            BadRecipe: There is no such field, a value is of another type or no item has it, or the
                rule is about users alone.
        """
        own = about_items(self.settings.parsed)
        for compare in own:
            hierarchy = self.settings.below(compare.field)
            check(compare, catalogue.fields, hierarchy, f"rule: {self.settings.rule}")
        self.fields_ = tuple(dict.fromkeys(compare.field for compare in own))
        self.fitted_on_ = digest_of_rows(rows)
        return self

    def encode(self, catalogue: Catalogue) -> Block:
        """Dense float32 [n_items, n_columns]."""
        fields: tuple[str, ...] = fitted(self, "fields_")
        rule = self.settings.parsed
        own = about_items(rule)
        of = {c: self._truth(c, catalogue) for c in own}
        columns = [column_of(c) for c in own]
        values = [of[c] for c in own]
        if alone(rule):
            columns, values = (
                ["applies", *columns],
                [holds(rule.condition, of.__getitem__), *values],
            )
        present = _present(catalogue, fields)
        X = np.zeros((len(catalogue), len(columns)), np.float32)
        for place, value in enumerate(values):
            X[:, place] = value & present
        read = {f: digest_of(as_text(catalogue.column(f)).to_list()) for f in fields}
        data = digest({"fields": read, "fitted_on": self.fitted_on_})
        origin = Origin(self.name, fields, config.resolved(self.settings), data=data)
        return Block("rules.hits", X, present, origin, tuple(columns))

    def state(self) -> Artefact:
        """The fields that it reads.

        Raises:
            Refused: The encoder has not been fitted.
        """
        facts = {"fields": list(fitted(self, "fields_")), "fitted_on": self.fitted_on_}
        return state_of(self, {}, facts)

    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self.fields_ = kept.fact("fields", tuple[str, ...])
        self.fitted_on_ = kept.fact("fitted_on", str)
        return self

    def _truth(self, compare: Compare, catalogue: Catalogue) -> Mask:
        hierarchy = self.settings.below(compare.field)
        return truth(compare, catalogue.column(compare.field), hierarchy)


def _present(catalogue: Catalogue, fields: tuple[str, ...]) -> Mask:
    known = np.zeros(len(catalogue), np.bool_)
    for name in fields:
        known |= as_text(catalogue.column(name)).is_not_null().to_numpy()
    return known
