"""Files -> triples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import polars as pl

from palate import optional
from palate.data.knowledge.settings import KnowledgeSettings
from palate.data.readers.files import read_file
from palate.errors import BadInput, BadRecipe, nearest
from palate.tables.knowledge import Triples

RDF: Final = (".nt", ".ttl", ".nq", ".trig", ".rdf", ".owl", ".n3")
"""Endings of files that are RDF."""
LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"


def read_triples(path: Path, settings: KnowledgeSettings, names: Path | None = None) -> Triples:
    """Read one file of triples.

    Args:
        path: The file; see `KnowledgeSettings.triples`.
        settings: Its columns, and which relations are wanted.
        names: File of the entities' names, if there is one.

    Raises:
        BadInput: A file is missing or makes no sense, or has no triple.
        BadRecipe: A column that is named does not exist.
        MissingExtra: The file is RDF, and the library that reads it is not installed.

    Cost: a million rows of a table take a few seconds.
    """
    called = {} if names is None else _names(names, settings)
    if path.suffix.lower() in RDF:
        found = _rdf(path, called)
    else:
        frame = read_file(path).frame
        columns = _columns(frame, path, settings)
        frame = _sure(frame, path, settings)
        rows = frame.select(pl.col(c).cast(pl.String) for c in columns).drop_nulls()
        heads, relations, tails = (rows[c].to_list() for c in columns)
        found = Triples.of(heads, relations, tails, called)
    if not len(found):
        raise BadInput("there is no triple in it", where=str(path))
    return found.only(settings.relations) if settings.relations else found


def local_name(iri: str) -> str:
    """What stands behind the last `/` or `#` of an IRI, as words.

    >>> local_name("http://dbpedia.org/resource/Joe_Johnston")
    'Joe Johnston'
    """
    return re.split(r"[/#]", iri.rstrip("/#"))[-1].replace("_", " ")


def _columns(frame: pl.DataFrame, path: Path, settings: KnowledgeSettings) -> list[str]:
    named = {
        "head_column": settings.head_column,
        "relation_column": settings.relation_column,
        "tail_column": settings.tail_column,
    }
    if frame.width < len(named):
        raise BadInput(
            f"{frame.width} columns are no triples",
            where=str(path),
            allowed="a head, a relation and a tail in each row",
        )
    return [
        _column(frame, given, place, key, path) for place, (key, given) in enumerate(named.items())
    ]


def _sure(frame: pl.DataFrame, path: Path, settings: KnowledgeSettings) -> pl.DataFrame:
    """The triples that are sure enough."""
    if not settings.confidence_column:
        return frame
    name = _column(frame, settings.confidence_column, 0, "confidence_column", path)
    sure = frame[name].cast(pl.Float64, strict=False).fill_nan(None)
    odd = frame.filter(sure.is_null() | (sure < 0) | (sure > 1))
    if odd.height:
        raise BadInput(
            f'{odd.height:,} rows have no confidence from 0 to 1 in "{name}", such as'
            f" {odd[name][0]!r}",
            where=str(path),
            next_step="mend the file, or leave confidence_column out",
        )
    kept = frame.filter(sure >= settings.least_confidence)
    if frame.height and not kept.height:
        raise BadInput(
            f"none of {frame.height:,} triples has a confidence of"
            f" {settings.least_confidence:g} or more",
            where=str(path),
            next_step="lower least_confidence",
        )
    return kept


def _column(frame: pl.DataFrame, given: str, place: int, key: str, path: Path) -> str:
    if given and given not in frame.columns:
        raise BadRecipe(
            f'{path.name} has no column "{given}"',
            where=key,
            allowed=", ".join(frame.columns),
            next_step=nearest(given, frame.columns),
        )
    return given or frame.columns[place]


def _names(path: Path, settings: KnowledgeSettings) -> dict[str, str]:
    frame = read_file(path).frame
    if frame.width < 2:
        raise BadInput("there is no column of names", where=str(path), allowed="an id and a name")
    key = _column(frame, settings.id_column, 0, "id_column", path)
    name = _column(frame, settings.name_column, 1, "name_column", path)
    rows = frame.select(pl.col(key).cast(pl.String), pl.col(name).cast(pl.String)).drop_nulls()
    return dict(rows.iter_rows())


def _rdf(path: Path, called: dict[str, str]) -> Triples:
    rdf: Any = optional.need("pyoxigraph", extra="knowledge", purpose="read RDF")
    if not path.is_file():
        raise BadInput("there is no such file", where=str(path))
    heads: list[str] = []
    relations: list[str] = []
    tails: list[str] = []
    names: dict[str, str] = {}
    try:
        for head, relation, tail, _ in rdf.parse(path=str(path)):
            if relation.value == LABEL:
                names.setdefault(head.value, tail.value)
                continue
            heads.append(head.value)
            relations.append(local_name(relation.value))
            tails.append(tail.value)
    except (SyntaxError, ValueError) as cause:
        raise BadInput(f"this is no RDF: {cause}", where=str(path)) from cause
    plain = {iri: local_name(iri) for iri in (*heads, *tails) if "://" in iri}
    return Triples.of(heads, relations, tails, plain | names | called)
