"""Labels that are there already: in a file, and in fields of the items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from palate.arrays import Doubles, Mask
from palate.encode.attributes.local.known import option_values, values_of
from palate.encode.labels.label_file import DRAWN, GivenLabel, of_question
from palate.tables import Catalogue
from palate.tables.questions import Question

ByItem: TypeAlias = Mapping[str, tuple[str, ...]]
"""Outside id of an item -> its values; none of the options holds where they are empty."""


@dataclass(frozen=True, eq=False)
class KnownLabels:
    """What is known of one question for n items.

    Attributes:
        known: bool [n].
        values: float64 [n, n_options], 1 where an option holds.
        drawn: bool [n], whether the item was drawn, and not picked for being hard.
    """

    known: Mask
    values: Doubles
    drawn: Mask


@dataclass(frozen=True, eq=False)
class GivenLabels:
    """Labels by item.

    Attributes:
        by_item: Question -> what the file says of items.
        picked: Question -> items of the file that were picked and not drawn.
        fields: Question -> field of the items that holds labels, with gaps.
    """

    by_item: Mapping[str, ByItem] = field(default_factory=dict)
    picked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, labels: Sequence[GivenLabel], questions: Sequence[str], fields: Mapping[str, str]
    ) -> GivenLabels:
        """Those of a file about these questions, and the fields that hold some."""
        by_item, picked = {}, {}
        for name in questions:
            found = of_question(labels, name)
            by_item[name] = {item: one.values for item, one in found.items()}
            picked[name] = frozenset(i for i, one in found.items() if one.chosen != DRAWN)
        return cls(by_item, picked, fields)

    @classmethod
    def again(
        cls,
        ids: Sequence[str],
        given: Sequence[Mapping[str, tuple[str, ...]]],
        fields: Mapping[str, str],
    ) -> GivenLabels:
        """What `plain` gave, and the fields."""
        by_item: dict[str, dict[str, tuple[str, ...]]] = {}
        for item, by in zip(ids, given, strict=True):
            for name, values in by.items():
                by_item.setdefault(name, {})[item] = values
        return cls(by_item, {}, fields)

    def plain(self) -> tuple[tuple[str, ...], list[dict[str, list[str]]]]:
        """Items that the file has labels of, and for each of them question -> values."""
        ids = tuple(dict.fromkeys(i for by in self.by_item.values() for i in by))
        return ids, [{q: list(by[i]) for q, by in self.by_item.items() if i in by} for i in ids]

    def rows(self, name: str, items: Catalogue) -> list[tuple[str, ...] | None]:
        """[n_items], the values of each item; None where nothing is known. The file goes first."""
        said = self.by_item.get(name, {})
        column = self.fields.get(name, "")
        there = column in items.fields.columns
        own = values_of(items.fields[column]) if there else [()] * len(items)
        return [said.get(item, row or None) for item, row in zip(items.items.ids, own, strict=True)]

    def known(self, question: Question, items: Catalogue) -> KnownLabels:
        """What is known of the items."""
        rows = self.rows(question.name, items)
        known, values = option_values(question, [row or () for row in rows])
        if question.kind == "labels":
            known |= np.fromiter((row is not None for row in rows), np.bool_, len(rows))
        picked = self.picked.get(question.name, frozenset())
        drawn = np.fromiter((i not in picked for i in items.items.ids), np.bool_, len(rows))
        return KnownLabels(known, values, drawn)

    def options(self, name: str, items: Catalogue, at_most: int) -> tuple[str, ...]:
        """The values that most of the items have, in alphabetical order."""
        counts = Counter(v for row in self.rows(name, items) for v in row or ())
        most = sorted(counts, key=lambda v: (-counts[v], v))[:at_most]
        return tuple(sorted(most))


@dataclass(frozen=True, eq=False)
class LabelReading:
    """What there is to label.

    Attributes:
        questions: With the options that are known by now.
        texts: [n], None for an item without.
        vectors: float64 [n, d]; zeros for an item without text.
        given: Labels that fields of the items hold already.
    """

    questions: Sequence[Question]
    texts: Sequence[str | None]
    vectors: Doubles
    given: GivenLabels
