"""Fields of a catalogue that say the same as another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from palate.data.fields import FieldKind, Kind
from palate.tables import Catalogue
from palate.tables.catalogue import as_text

_SAMPLE: Final = 500
_NEARLY_ALL: Final = 0.95
_LEAST_ROWS: Final = 10
_HALF: Final = 0.5
_WORDS: Final[tuple[Kind, ...]] = ("text", "category", "multi")

Tokens = list[frozenset[str]]


@dataclass(frozen=True)
class Twin:
    """A field that need not be encoded.

    Attributes:
        field: The field that can be left out.
        kept: The fields that say what it says.
        why: How they are related, as a phrase.
    """

    field: str
    kept: tuple[str, ...]
    why: str

    def sentence(self) -> str:
        """The twin as a whole sentence."""
        listed = " and ".join(f'"{name}"' for name in self.kept)
        return (
            f'In nearly all items "{self.field}" {self.why} {listed}, so it is not encoded again.'
        )


def twins_of(catalogue: Catalogue, kinds: Sequence[FieldKind]) -> tuple[Twin, ...]:
    """Fields that are a copy of another one, another way to write it, or made of several others.

    Of texts: equal but for case and punctuation; words that are contained in another field and make
    up at least half of it; and the words of several fields put together. Of numbers: the same up to
    a factor and a constant. Of labels: one for one, as a code and its name are.

    Args:
        catalogue: The items; they are judged by a sample of 500.
        kinds: What the fields are; only these are compared.

    Cost: some seconds for 200 fields, well below one for twenty.

    >>> from palate.tables import Vocabulary
    >>> titles = [f"Toy Story {i}" for i in range(20)]
    >>> fields = pl.DataFrame({"title": titles, "lower": [t.lower() for t in titles]})
    >>> shop = Catalogue(Vocabulary.of(range(20)), fields)
    >>> from palate.data.fields import field_kinds
    >>> [t.sentence() for t in twins_of(shop, field_kinds(shop))]
    ['In nearly all items "lower" says the same as "title", so it is not encoded again.']
    """
    rows = np.unique(np.linspace(0, max(len(catalogue) - 1, 0), _SAMPLE).astype(np.int64))
    sample = {k.name: catalogue.column(k.name).gather(rows) for k in kinds} if len(rows) else {}
    words = [k.name for k in kinds if k.kind in _WORDS]
    numbers = [k.name for k in kinds if k.kind == "number" and k.n_distinct > _LEAST_ROWS]
    labels = [k.name for k in kinds if k.kind == "category"]
    tokens = {name: _tokens(sample[name]) for name in words}
    found = _pairs(words, lambda a, b: _equal(sample[a], sample[b]), "says the same as")
    found += _joined(_left(words, found), tokens)
    found += _contained(_left(words, found), tokens)
    found += _pairs(numbers, lambda a, b: _scaled(sample[a], sample[b]), "is, but for its scale,")
    found += _pairs(
        _left(labels, found),
        lambda a, b: _one_for_one(sample[a], sample[b]),
        "stands one for one for",
    )
    return tuple(found)


def _left(names: Sequence[str], found: Sequence[Twin]) -> list[str]:
    gone = {twin.field for twin in found}
    return [name for name in names if name not in gone]


def _pairs(names: Sequence[str], same: Callable[[str, str], bool], why: str) -> list[Twin]:
    """Each field against those kept before it; the first of its kind is kept."""
    kept: list[str] = []
    found = []
    for name in names:
        twin = next((other for other in kept if same(other, name)), None)
        if twin is None:
            kept.append(name)
        else:
            found.append(Twin(name, (twin,), why))
    return found


def _joined(names: Sequence[str], tokens: dict[str, Tokens]) -> list[Twin]:
    """Fields whose words are those of two or more others together."""
    found: list[Twin] = []
    for name in names:
        gone = {twin.field for twin in found}
        parts = [
            other
            for other in names
            if other != name and other not in gone and _inside(tokens[other], tokens[name])
        ]
        parts = [p for p in parts if not _inside(tokens[name], tokens[p])]
        if len(parts) < 2:
            continue
        together = [
            frozenset().union(*row) for row in zip(*(tokens[p] for p in parts), strict=True)
        ]
        if _inside(tokens[name], together):
            found.append(Twin(name, tuple(parts), "is put together of"))
    return found


def _contained(names: Sequence[str], tokens: dict[str, Tokens]) -> list[Twin]:
    """Fields whose words all stand in another one, of which they are at least half."""
    found: list[Twin] = []
    for name in names:
        gone = {twin.field for twin in found}
        size = sum(map(len, tokens[name]))
        for other in names:
            if other == name or other in gone:
                continue
            larger = sum(len(b) for a, b in zip(tokens[name], tokens[other], strict=True) if a)
            if size >= _HALF * larger and _inside(tokens[name], tokens[other]):
                found.append(Twin(name, (other,), "is contained in"))
                break
    return found


def _inside(inner: Tokens, outer: Tokens) -> bool:
    given = [(a, b) for a, b in zip(inner, outer, strict=True) if a]
    return len(given) >= _LEAST_ROWS and sum(a <= b for a, b in given) >= _NEARLY_ALL * len(given)


def _tokens(column: pl.Series) -> Tokens:
    return [frozenset(re.findall(r"\w+", (t or "").casefold())) for t in as_text(column).to_list()]


def _equal(a: pl.Series, b: pl.Series) -> bool:
    plain = [as_text(c).str.to_lowercase().str.replace_all(r"\W+", " ") for c in (a, b)]
    plain = [c.str.strip_chars().fill_null("") for c in plain]
    given = (plain[0] != "") | (plain[1] != "")
    same = (plain[0] == plain[1]).filter(given)
    return len(same) >= _LEAST_ROWS and float(same.sum()) >= _NEARLY_ALL * len(same)


def _scaled(a: pl.Series, b: pl.Series) -> bool:
    x, y = (c.cast(pl.Float64, strict=False).fill_nan(None) for c in (a, b))
    both = x.is_not_null() & y.is_not_null()
    if int((x.is_null() != y.is_null()).sum()) > (1 - _NEARLY_ALL) * len(x):
        return False
    left, right = x.filter(both).to_numpy(), y.filter(both).to_numpy()
    if len(left) < _LEAST_ROWS or not (np.isfinite(left).all() and np.isfinite(right).all()):
        return False
    if not (left.std() > 0 and right.std() > 0):
        return False
    return bool(abs(np.corrcoef(left, right)[0, 1]) > 1 - 1e-6)


def _one_for_one(a: pl.Series, b: pl.Series) -> bool:
    pairs = pl.DataFrame({"a": as_text(a), "b": as_text(b)})
    if int((pairs["a"].is_null() != pairs["b"].is_null()).sum()) > 0.02 * len(pairs):
        return False
    given = pairs.drop_nulls()
    counts = (given["a"].n_unique(), given["b"].n_unique(), given.n_unique())
    repeated = len(given) >= 2 * _LEAST_ROWS and 2 <= counts[0] <= _HALF * len(given)
    return repeated and len(set(counts)) == 1
