"""What is known about things and how they are related: triples of a head, a relation and a tail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from palate.arrays import Rows
from palate.errors import BadInput
from palate.tables.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Triples:
    """A knowledge graph.

    Attributes:
        entities: Vocabulary of everything that is a head or a tail.
        relations: Vocabulary of the relations.
        head: int32 [n_triples], row of the entity that something is said of.
        relation: int32 [n_triples], row of the relation.
        tail: int32 [n_triples], row of the entity that it is related to.
        names: What people call each entity, [n_entities]; its id where nothing says it.

    >>> facts = Triples.of(["jumanji"], ["director"], ["q1"], {"q1": "Joe Johnston"})
    >>> facts.names[facts.tail[0]], len(facts)
    ('Joe Johnston', 1)
    """

    entities: Vocabulary
    relations: Vocabulary
    head: Rows
    relation: Rows
    tail: Rows
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {len(self.head), len(self.relation), len(self.tail)}
        if len(lengths) > 1 or len(self.names) != len(self.entities):
            raise BadInput(
                f"{len(self.head)} heads, {len(self.relation)} relations, {len(self.tail)} tails"
                f" and {len(self.names)} names of {len(self.entities)} entities",
                where="triples",
                allowed="one of each for every triple, and a name for every entity",
            )

    @classmethod
    def of(
        cls,
        heads: list[str],
        relations: list[str],
        tails: list[str],
        names: Mapping[str, str] | None = None,
    ) -> Triples:
        """Triples from three lists of ids [n_triples]; a triple that stands twice counts once.

        Args:
            heads: Ids of what something is said of.
            relations: Names of relations.
            tails: Ids of what it is related to.
            names: What people call an entity, by its id.
        """
        wanted = dict.fromkeys(zip(heads, relations, tails, strict=True))
        entities = Vocabulary.of([h for h, _, _ in wanted] + [t for _, _, t in wanted])
        kinds = Vocabulary.of(r for _, r, _ in wanted)
        called = names or {}
        return cls(
            entities,
            kinds,
            entities.rows([h for h, _, _ in wanted]),
            kinds.rows([r for _, r, _ in wanted]),
            entities.rows([t for _, _, t in wanted]),
            tuple(called.get(name) or name for name in entities.ids),
        )

    def __len__(self) -> int:
        return len(self.head)

    def turned(self) -> Triples:
        """The same with head and tail exchanged."""
        return Triples(
            self.entities, self.relations, self.tail, self.relation, self.head, self.names
        )

    def only(self, relations: tuple[str, ...]) -> Triples:
        """The triples of some relations.

        Raises:
            BadInput: There is no such relation.
        """
        rows = self.relations.rows(list(relations))
        if (rows < 0).any():
            raise BadInput(
                f'there is no relation "{relations[int(np.argmin(rows))]}"',
                where="relations",
                allowed=", ".join(self.relations.ids[:50]),
            )
        kept = np.isin(self.relation, rows)
        head, relation, tail = self.head[kept], self.relation[kept], self.tail[kept]
        return Triples(self.entities, self.relations, head, relation, tail, self.names)

    def labels(self) -> list[str]:
        """A text for each entity that no other has: its name, with its id behind it where several
        are called so.
        """
        twice = {name for name, n in pl.Series(self.names).value_counts().iter_rows() if n > 1}
        return [
            f"{name} ({key})" if name in twice and name != key else name
            for name, key in zip(self.names, self.entities.ids, strict=True)
        ]
