"""The graph of items and entities: a value of a field is an entity, the field is the relation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import polars as pl
from annotated_types import Ge
from scipy import sparse

from palate.arrays import Doubles, Longs, Rows, Sparse
from palate.encode.content import digest_of
from palate.encode.tabular.kinds import kind_of, separator_of
from palate.encode.tabular.learnt import labels_of
from palate.errors import BadRecipe, nearest
from palate.part_state import PartState, texts
from palate.store import Artefact, digest
from palate.tables import Catalogue, Vocabulary


@dataclass(frozen=True)
class EntitySettings:
    """Which fields name entities, and how much each relation counts."""

    fields: tuple[str, ...] = ()
    """Fields that name entities, e.g. `["kg.director", "kg.starring"]`; none means all that hold
    categories or labels."""

    weights: Mapping[str, float] = field(default_factory=dict)
    """How much a relation counts, by field, e.g. `{"kg.director" = 2}`; 1 where nothing is
    said."""

    apart: bool = False
    """Whether the same name in two fields is two entities; by default who directed one film and
    plays in another joins them."""

    rarity: Annotated[float, Ge(0)] = 1.0
    """How much more rare entities count: the power of log((1 + n) / (1 + items that have it)) + 1;
    0 counts all alike."""

    separator: str | None = None
    """What parts several entities that stand in one text; by default whichever of "|", ";" and ","
    does."""

    min_items: Annotated[int, Ge(1)] = 2
    """An entity is kept if so many training items have it."""

    max_entities: Annotated[int, Ge(1)] = 100_000
    """Most entities, the most frequent ones."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Which items are related to which entities, sorted by item, relation and entity.

    Attributes:
        n_items: Rows of items.
        item: int32 [n_edges].
        relation: int32 [n_edges], place of the field.
        entity: int32 [n_edges].
    """

    n_items: int
    item: Rows
    relation: Rows
    entity: Rows

    def matrix(self, weights: Doubles, n_entities: int) -> Sparse:
        """float64 [n_items, n_entities], the weights [n_relations] of the relations between an item
        and an entity, added up.
        """
        index = (self.item, self.entity)
        found = sparse.csr_matrix((weights[self.relation], index), (self.n_items, n_entities))
        found.sum_duplicates()
        return found


@dataclass(frozen=True, eq=False)
class Entities:
    """The entities of the training items.

    Attributes:
        fields: The relations.
        separators: What parts several entities in a text of each field; empty for none.
        apart: Whether the same name in two fields is two entities.
        nodes: The entities, the most frequent first.
        often: int64 [n_entities], training items that have each.
        n_items: Training items.
    """

    fields: tuple[str, ...]
    separators: tuple[str, ...]
    apart: bool
    nodes: Vocabulary
    often: Longs
    n_items: int

    @classmethod
    def learn(cls, catalogue: Catalogue, rows: Rows, settings: EntitySettings) -> Entities:
        """The entities of the items `rows`, without those of too few items.

        Raises:
            BadRecipe: There is no such field, none holds entities, or all are too rare.
        """
        trained = catalogue.fields[np.unique(rows)]
        fields = _fields(catalogue, trained, settings)
        separators = tuple(_separator(trained[name], settings) for name in fields)
        counts: Counter[str] = Counter()
        names = [
            _names(trained[f], f, s, settings.apart)
            for f, s in zip(fields, separators, strict=True)
        ]
        for of_item in zip(*names, strict=True):
            counts.update({name for of_field in of_item for name in of_field})
        kept = [(-n, name) for name, n in counts.items() if n >= settings.min_items]
        nodes = [name for _, name in sorted(kept)[: settings.max_entities]]
        if not nodes:
            raise BadRecipe(
                f"no entity belongs to at least {settings.min_items} of the {trained.height:,}"
                " training items",
                where="fields",
                next_step="name other fields, or lower min_items",
            )
        often = np.array([counts[name] for name in nodes], np.int64)
        return cls(
            fields, separators, settings.apart, Vocabulary(tuple(nodes)), often, trained.height
        )

    def edges(self, catalogue: Catalogue) -> Edges:
        """What the items are related to, entities that are not known left out.

        Raises:
            BadRecipe: The catalogue lacks a field.
        """
        parts = []
        for place, (name, separator) in enumerate(zip(self.fields, self.separators, strict=True)):
            lists = _names(catalogue.column(name), name, separator, self.apart)
            lengths = np.fromiter(map(len, lists), np.int64, len(lists))
            rows = self.nodes.rows([entity for of_item in lists for entity in of_item])
            item = np.repeat(np.arange(len(lists)), lengths)
            parts.append(np.stack([item, np.full(len(item), place), rows]))
        found = np.unique(np.concatenate(parts, axis=1), axis=1)
        item, relation, entity = found[:, found[2] >= 0].astype(np.int32)
        return Edges(len(catalogue), item, relation, entity)

    def weights(self, settings: EntitySettings) -> Doubles:
        """float64 [n_relations], how much each counts."""
        return np.array([settings.weights.get(f, 1.0) for f in self.fields], np.float64)

    def rareness(self, power: float) -> Doubles:
        """float64 [n_entities]."""
        return np.asarray((np.log((1 + self.n_items) / (1 + self.often)) + 1) ** power, np.float64)

    def digest(self, catalogue: Catalogue) -> str:
        """SHA-256 (hex) of what the catalogue says of the fields."""
        lists = {
            f: [
                str(catalogue.column(f).dtype),
                digest_of("\0".join(v) for v in labels_of(catalogue.column(f), s)),
            ]
            for f, s in zip(self.fields, self.separators, strict=True)
        }
        return digest(lists)

    def state(self) -> Artefact:
        """Entities and relations, as arrays and facts."""
        facts = {
            "fields": list(self.fields),
            "separators": list(self.separators),
            "apart": self.apart,
            "n_items": self.n_items,
        }
        return Artefact({**texts("nodes", self.nodes.ids), "often": self.often}, facts)

    @classmethod
    def load(cls, kept: PartState) -> Entities:
        """What `state` gave.

        Raises:
            BadInput: It is not whole.
        """
        nodes = Vocabulary(kept.texts("nodes"))
        return cls(
            kept.fact("fields", tuple[str, ...]),
            kept.fact("separators", tuple[str, ...]),
            kept.fact("apart", bool),
            nodes,
            kept.array("often", np.int64, len(nodes)),
            kept.fact("n_items", int),
        )


def _fields(
    catalogue: Catalogue, trained: pl.DataFrame, settings: EntitySettings
) -> tuple[str, ...]:
    for name in settings.fields:
        catalogue.column(name)
    guessed = (f for f in trained.columns if kind_of(trained[f]) in ("category", "labels"))
    fields = settings.fields or tuple(guessed)
    if not fields:
        raise BadRecipe(
            "no field is named and none holds categories or labels",
            where="fields",
            allowed=", ".join(catalogue.fields.columns) or "none: no catalogue was given",
            next_step='name them: fields = ["brand"]',
        )
    odd = [name for name in settings.weights if name not in fields]
    if odd:
        raise BadRecipe(
            f'"{odd[0]}" has a weight and is not read',
            where=f"weights.{odd[0]}",
            allowed=", ".join(fields),
            next_step=nearest(odd[0], fields),
        )
    return fields


def _separator(column: pl.Series, settings: EntitySettings) -> str:
    if column.dtype != pl.String:
        return ""
    return separator_of(column) if settings.separator is None else settings.separator


def _names(column: pl.Series, name: str, separator: str, apart: bool) -> list[list[str]]:
    lists = labels_of(column, separator)
    start = f"{name}=" if apart else ""
    return [[f"{start}{value}" for value in labels if value] for labels in lists]
