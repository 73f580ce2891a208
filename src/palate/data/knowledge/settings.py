"""The sections `[data.knowledge.NAME]` of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from palate.errors import BadRecipe

FILES = ("triples", "names")
"""The settings that name files."""


@dataclass(frozen=True)
class KnowledgeSettings:
    """One file of triples, and how items find themselves in it.

    Every relation becomes a field of the catalogue, `NAME.RELATION`, which holds the names of what
    the item is related to. So encoders of text, of fields and of graphs read it as they read any
    other field, and a new item may bring its own.
    """

    triples: str
    """File of the triples: a table (CSV, Parquet, JSON ...) with a head, a relation and a tail in
    each row, or RDF (.nt, .ttl)."""

    head_column: str = ""
    """Column of what something is said of; by default the first."""

    relation_column: str = ""
    """Column of the relation; by default the second."""

    tail_column: str = ""
    """Column of what it is related to; by default the third."""

    confidence_column: str = ""
    """Column that says how sure a triple is, from 0 to 1; empty: all count."""

    least_confidence: Annotated[float, Ge(0), Le(1)] = 0.5
    """Triples that are less sure are left out, where `confidence_column` says how sure they are."""

    names: str = ""
    """File of what people call the entities, an id and a name in each row; empty where ids are
    names, or where RDF says it by rdfs:label."""

    id_column: str = ""
    """Column of the ids in `names`; by default the first."""

    name_column: str = ""
    """Column of the names in `names`; by default the second."""

    items: Literal["heads", "tails"] = "heads"
    """Where items stand in the triples: as what something is said of, or as what others are
    related to."""

    link: Literal["id", "name"] = "id"
    """How an item finds its entity: by the same id, or by a name that is the same or alike."""

    link_field: str = ""
    """Field of the catalogue that is compared with the entities' ids or names; empty for the item's
    own id."""

    least: Annotated[float, Gt(0), Le(1)] = 0.8
    """Least confidence of a link by name: 1 is the same name once capitals, accents and punctuation
    are gone; below that it is the share of words that both have, rare words counting more."""

    hops: Annotated[int, Ge(1), Le(3)] = 1
    """How many relations are followed from an item; `director.born_in` is a field of two hops."""

    relations: tuple[str, ...] = ()
    """Relations that are read; none means all."""

    most_fields: Annotated[int, Ge(1)] = 50
    """Most fields that are made, those that most items have."""

    most_values: Annotated[int, Ge(1)] = 200
    """Most values of one field of an item, the first of the file."""

    def __post_init__(self) -> None:
        if self.link == "name" and not self.link_field:
            raise BadRecipe(
                "items are linked by name, and no field holds their names",
                where="link_field",
                allowed='a field of the catalogue, e.g. link_field = "title"',
            )
