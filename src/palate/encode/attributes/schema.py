"""What is worth asking of the items: a schema that a provider suggests, held against the grammar of
the table `want`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from palate.answering import ProposesSchema
from palate.encode.attributes.local.known import values_of
from palate.encode.attributes.propose import sampled
from palate.encode.attributes.untrusted import cleaned
from palate.encode.attributes.wanted import WantTable, wanted
from palate.errors import BadInput, BadRecipe, PalateError, SeveralProblems
from palate.seeding import generator
from palate.stages import Provider
from palate.tables import Catalogue

LONGEST_NAME: Final = 40
"""Most letters of the name of an attribute."""
_MOST_VALUES: Final = 24
_LEAST_SHARE: Final = 0.02
_WORDS: Final = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Suggested:
    """A schema for a person to edit.

    Attributes:
        want: The table.
        refused: What was suggested and left out, with the reason.
    """

    want: WantTable
    refused: tuple[str, ...]


def suggested(
    proposer: Provider,
    items: Catalogue,
    texts: Sequence[str | None],
    sample: int,
    at_most: int,
    seed: int,
) -> Suggested:
    """What a provider suggests after a look at fields and a sample of texts.

    Args:
        proposer: Looks and suggests.
        items: The training items.
        texts: Of these items.
        sample: Items that are looked at, at most.
        at_most: Attributes that are kept, at most.
        seed: Of the sample.

    Raises:
        BadRecipe: The provider cannot suggest.
        BadInput: There are no texts, or nothing that it suggested can be asked.
    """
    if not isinstance(proposer, ProposesSchema):
        raise BadRecipe(
            f"{type(proposer).__name__} suggests no schema",
            where="proposer",
            allowed="a provider that can, such as answers.chat.v1 or answers.gguf.v1, or"
            " answers.clusters.v1, which needs no language model",
        )
    given = proposer.propose_schema(
        sampled(texts, sample, seed), sampled_fields(items, sample, seed), at_most, seed
    )
    found = checked_schema(given, at_most)
    if not found.want:
        why = f": {found.refused[0]}" if found.refused else ""
        raise BadInput(
            f"nothing that was suggested can be asked{why}",
            where="want",
            next_step="name the attributes, or let another provider suggest (--by)",
        )
    return found


def sampled_fields(items: Catalogue, sample: int, seed: int) -> dict[str, list[tuple[str, ...]]]:
    """Field of words -> values of each of at most `sample` items, drawn by seed."""
    n = len(items)
    rows = np.sort(generator(seed, "items whose fields are shown").permutation(n)[:sample])
    return {
        name: values_of(items.fields[name][rows])
        for name, kind in items.fields.schema.items()
        if kind in _WORDS or kind in (pl.List(pl.String), pl.List(pl.Categorical))
    }


def checked_schema(given: Sequence[Mapping[str, Any]], at_most: int) -> Suggested:
    """Those that the table `want` may hold, the first of a name, at most so many.

    >>> found = checked_schema([{"name": "mood", "kind": "scale"}, {"name": "x", "kind": "tag"}], 9)
    >>> found.want, len(found.refused)
    ({'mood': {'kind': 'scale'}}, 1)
    """
    want: dict[str, Mapping[str, Any]] = {}
    refused: list[str] = []
    for row in given:
        name = " ".join(cleaned(str(row.get("name", "")), LONGEST_NAME + 1).split())
        table = {key: value for key, value in row.items() if key != "name"}
        fault = _fault(name, table, want, at_most)
        if fault:
            refused.append(f"{name[:LONGEST_NAME] or 'one without a name'}: {fault}")
        else:
            want[name] = table
    return Suggested(want, tuple(refused))


def _fault(name: str, table: Mapping[str, Any], want: Mapping[str, Any], at_most: int) -> str:
    if not name or len(name) > LONGEST_NAME:
        return f"a name has 1 to {LONGEST_NAME} letters"
    if name.casefold() in map(str.casefold, want):
        return "it was suggested twice"
    if len(want) >= at_most:
        return f"more than {at_most}"
    try:
        wanted({name: table})
    except SeveralProblems as several:
        return several.problems[0].what
    except PalateError as problem:
        return problem.what
    return ""


def from_fields(fields: Mapping[str, Sequence[Sequence[str]]]) -> list[dict[str, Any]]:
    """Rows of the table `want` for fields with few different values: these are the options.

    Args:
        fields: Field -> values of each of some items.

    >>> [row] = from_fields({"genre": [["war"], ["war"], ["love"], ["love", "war"]]})
    >>> row["kind"], row["of"]
    ('labels', ['war', 'love'])
    """
    found = []
    for name, rows in fields.items():
        counts = Counter(value for row in rows for value in dict.fromkeys(row))
        often = [v for v, n in counts.most_common() if n >= max(2, _LEAST_SHARE * len(rows))]
        known = sum(any(v in often for v in row) for row in rows)
        if 2 <= len(often) <= _MOST_VALUES and 2 * known >= len(rows):
            kind = "labels" if any(len(row) > 1 for row in rows) else "label"
            describe = f"as in the field {name}"
            found.append({"name": name, "kind": kind, "of": often, "describe": describe})
    return found
