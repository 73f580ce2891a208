"""Which entity of a graph an item is, and how sure that is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from palate.arrays import Floats, Rows, Sparse, l2_normalised
from palate.data.knowledge.files import local_name
from palate.tables.knowledge import Triples

_ROWS_AT_ONCE: Final = 1024


@dataclass(frozen=True, eq=False)
class Links:
    """Items and the entities that they are.

    Attributes:
        entity: int32 [n_items], row of the entity; -1 for an item that is none.
        confidence: float32 [n_items], 0 to 1; 0 where there is no link.
    """

    entity: Rows
    confidence: Floats

    def at_least(self, least: float) -> Links:
        """Those of at least so much confidence."""
        kept = self.confidence >= np.float32(least)
        return Links(
            np.where(kept, self.entity, -1).astype(np.int32),
            np.where(kept, self.confidence, 0).astype(np.float32),
        )


def plain_name(text: str) -> str:
    """A name without capitals, accents, punctuation, remarks in brackets, and with a trailing
    article in front.

    >>> plain_name("Matrix, The (1999)"), plain_name("Amélie (film)")
    ('the matrix', 'amelie')
    """
    bare = re.sub(r"[(\[][^)\]]*[)\]]", " ", text).strip() or text
    bare = re.sub(r"^(.*),\s*(the|a|an|les?|la|der|die|das|el|il)$", r"\2 \1", bare, flags=re.I)
    forms = unicodedata.normalize("NFKD", bare.casefold())
    letters = "".join(c if c.isalnum() else " " for c in forms if not unicodedata.combining(c))
    return " ".join(letters.split())


def links_by_id(keys: list[str | None], triples: Triples, heads: Rows) -> Links:
    """Items whose id, or the last part of whose IRI, is an entity's.

    Args:
        keys: Id of each item [n_items].
        triples: The graph.
        heads: int32, entities that may be an item.
    """
    row_of = {triples.entities.ids[row]: int(row) for row in heads}
    for row in heads:
        row_of.setdefault(local_name(triples.entities.ids[row]), int(row))
    rows = np.fromiter((row_of.get(key or "", -1) for key in keys), np.int32, len(keys))
    return Links(rows, (rows >= 0).astype(np.float32))


def links_by_name(names: list[str | None], triples: Triples, heads: Rows) -> Links:
    """Items whose name is an entity's, or the most alike.

    The same plain name is a link of confidence 1, or 1/n where n entities have it. Otherwise it is
    the cosine of the two names' words, each weighed by how rare it is among the entities.

    Args:
        names: Name of each item [n_items].
        triples: The graph.
        heads: int32, entities that may be an item.

    Cost: a sparse product of items and entities over shared words.
    """
    theirs = [plain_name(triples.names[row]) for row in heads]
    ours = [plain_name(name) if name else "" for name in names]
    exact: dict[str, list[int]] = {}
    for row, name in enumerate(theirs):
        exact.setdefault(name, []).append(row)
    found, sure = _most_alike(ours, theirs)
    for item, name in enumerate(ours):
        same = exact.get(name, []) if name else []
        if same:
            found[item], sure[item] = same[0], 1 / len(same)
    rows = np.where(found >= 0, np.append(heads, -1)[found], -1)
    return Links(rows.astype(np.int32), sure)


def _most_alike(ours: list[str], theirs: list[str]) -> tuple[Rows, Floats]:
    """int32 and float32 [n], the row of the name with the greatest cosine, and that cosine."""
    column_of: dict[str, int] = {}
    for name in theirs:
        for word in name.split():
            column_of.setdefault(word, len(column_of))
    E = _words(theirs, column_of)
    rare = np.log1p(len(theirs) / np.maximum(np.bincount(E.indices, minlength=len(column_of)), 1))
    # a word that no entity has makes a name longer, and so less alike, as the rarest word does
    rarest = float(np.log1p(len(theirs)))
    E = sparse.csr_matrix(l2_normalised(sparse.csr_matrix(E.multiply(rare))))
    A = sparse.csr_matrix(_words(ours, column_of).multiply(rare))
    unknown = [sum(word not in column_of for word in set(name.split())) for name in ours]
    squares = np.asarray(A.multiply(A).sum(axis=1)).ravel() + rarest**2 * np.array(unknown)
    lengths = np.sqrt(np.maximum(squares, 1e-12))
    found, sure = np.full(len(ours), -1, np.int32), np.zeros(len(ours), np.float32)
    for start in range(0, len(ours), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        part = sparse.csr_matrix(A[rows] @ E.T)
        best = np.asarray(part.max(axis=1).todense()).ravel()
        where = np.asarray(part.argmax(axis=1)).ravel()
        found[rows] = np.where(best > 0, where, -1)
        sure[rows] = best / lengths[rows]
    return found, np.minimum(sure, np.float32(0.99))


def _words(names: list[str], column_of: dict[str, int]) -> Sparse:
    """float64 [n, n_words], 1 where a name has a word."""
    pairs = [
        (row, column_of[word])
        for row, name in enumerate(names)
        for word in dict.fromkeys(name.split())
        if word in column_of
    ]
    rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(names), len(column_of)))
