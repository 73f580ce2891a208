"""What was learnt of the fields, as arrays and plain facts, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.encode.tabular.learnt import Indicators, Learnt, Quantities, Scale, Scaled
from palate.encode.tabular.quantities import Number, Timestamp, Writing
from palate.part_state import PartState

ReaderName: TypeAlias = Literal["number", "moment", "writing"]


@dataclass(frozen=True)
class IndicatorsFact:
    """Categories or labels of a field; see `Indicators`."""

    field: str
    known: tuple[str, ...]
    others: bool
    separator: str


@dataclass(frozen=True)
class ScaledFact:
    """Quantities of a field; their scales stand in the array `scales`, one row each.

    Attributes:
        field: Name of the field.
        parts: Names of the quantities.
        flagged: Which of them have a column that says where they are missing.
        reader: What turns the field into quantities.
        newest: Of a date: seconds since 1970 that ages are counted back from.
        with_hour: Of a date: whether the hour counts.
    """

    field: str
    parts: tuple[str, ...]
    flagged: tuple[bool, ...]
    reader: ReaderName
    newest: float = 0.0
    with_hour: bool = False


def packed(learnt: Mapping[str, Learnt]) -> tuple[Mapping[str, NDArray[Any]], Mapping[str, Any]]:
    """Arrays and facts of what was learnt of each field."""
    indicators = {f: part for f, part in learnt.items() if isinstance(part, Indicators)}
    scaled = {f: part for f, part in learnt.items() if isinstance(part, Scaled)}
    # Scales as an array and not as facts: a column of huge numbers spreads to infinity, which JSON
    # cannot say.
    scales = [
        (s.centre, s.spread, s.median, s.clip) for part in scaled.values() for _, s in part.parts
    ]
    facts = {
        "indicators": [asdict(IndicatorsFact(**vars(part))) for part in indicators.values()],
        "scaled": [asdict(_fact(field, part)) for field, part in scaled.items()],
    }
    return {"scales": np.array(scales, np.float64).reshape(-1, 4)}, facts


def unpacked(state: PartState) -> dict[str, Learnt]:
    """What `packed` gave, by field.

    Raises:
        BadInput: The state is not whole.
    """
    learnt: dict[str, Learnt] = {
        fact.field: Indicators(fact.field, fact.known, fact.others, fact.separator)
        for fact in state.fact("indicators", tuple[IndicatorsFact, ...])
    }
    facts = state.fact("scaled", tuple[ScaledFact, ...])
    n = sum(len(fact.parts) for fact in facts)
    rows = iter(state.array("scales", np.float64, n, 4).tolist())
    for fact in facts:
        if len(fact.flagged) != len(fact.parts):
            raise state.damaged(f'what it says of the field "{fact.field}" is not whole')
        learnt[fact.field] = Scaled(tuple(_scales(fact, rows)), _reader(fact))
    return learnt


def _fact(field: str, part: Scaled) -> ScaledFact:
    names = tuple(name for name, _ in part.parts)
    flagged = tuple(scale.flagged for _, scale in part.parts)
    if isinstance(part.read, Timestamp):
        return ScaledFact(field, names, flagged, "moment", part.read.newest, part.read.with_hour)
    return ScaledFact(
        field, names, flagged, "number" if isinstance(part.read, Number) else "writing"
    )


def _reader(fact: ScaledFact) -> Quantities:
    if fact.reader == "moment":
        return Timestamp(fact.field, fact.newest, fact.with_hour)
    return Number(fact.field) if fact.reader == "number" else Writing(fact.field)


def _scales(fact: ScaledFact, rows: Iterator[list[float]]) -> Iterator[tuple[str, Scale]]:
    for name, flagged in zip(fact.parts, fact.flagged, strict=True):
        centre, spread, median, clip = next(rows)
        yield name, Scale(centre, spread, median, clip, flagged)
