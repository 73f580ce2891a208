"""What operators compute for candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Floats, Ragged, Rows, dense
from palate.config import parse
from palate.growth import padded
from palate.model.candidate_similarity import similarity
from palate.model.operators.operator import OF_NUMBERS, Operator, checked_columns, shares
from palate.tables import FeatureTable, Histories, Interactions

LAST: Final = 0.1
"""Share of the training events, the newest, that a trend compares with all."""
_SMALL: Final = 0.01


@dataclass(frozen=True, eq=False)
class ComputedOperators:
    """Operators with what they read.

    Attributes:
        operators: In the order of their columns.
        values: Of each field that is read: float32 [n_items, n_values], shares of its labels, or
            [n_items, 1], its number.
        counts: float32 [n_items], training events.
        late: float32 [n_items], those among the newest `LAST` of all.
        fade: Steps after which an event of the history counts 1/e in `recent`.
    """

    operators: tuple[Operator, ...]
    values: Mapping[tuple[str, str], Floats]
    counts: Floats
    late: Floats
    fade: float

    @classmethod
    def learn(
        cls,
        operators: Sequence[Operator],
        features: FeatureTable,
        log: Interactions,
        fade: float,
        order: Rows | None = None,
    ) -> ComputedOperators:
        """Read the fields, and count the training part's events.

        Args:
            operators: Each one once.
            features: All blocks.
            log: The training part.
            fade: See `ComputedOperators`.
            order: int32 [n_items]: each item gets the values of another one; None: its own. Of a
                control, which has all of an operator but the truth.

        Raises:
            BadRecipe: An operator names a block, a field or a kind that is not there.
        """
        counts = log.item_counts().astype(np.float32)
        newest = log.in_time_order()[int((1 - LAST) * len(log)) :]
        late = np.bincount(log.item[newest], minlength=len(counts)).astype(np.float32)
        chosen = tuple(dict.fromkeys(operators))
        values = _values(chosen, features)
        if order is not None:
            values = {field: own[order] for field, own in values.items()}
        return cls(chosen, values, counts, late, fade)

    def names(self) -> tuple[str, ...]:
        """What each column is."""
        return tuple(one.name for one in self.operators)

    def of(self, histories: Histories, items: Rows) -> list[Floats]:
        """One array float32 [n_cases, width] for each operator.

        Args:
            histories: n_cases of them.
            items: int32 [n_cases, width], candidates, >= 0.
        """
        alike: dict[tuple[str, str], list[Floats]] = {}
        found = []
        for one in self.operators:
            field = (one.block, one.field)
            if one.kind in ("match", "recent", "latest", "lift") and field not in alike:
                alike[field] = similarity(self.values[field], histories, items, self.fade)
            found.append(self._column(one, alike.get(field, []), histories, items))
        return [np.asarray(column, np.float32) for column in found]

    def grown(self, features: FeatureTable) -> ComputedOperators:
        """The same for more items, of which there are no events."""
        n_items = len(features.items)
        return replace(
            self,
            values=_values(self.operators, features),
            counts=padded(self.counts, n_items),
            late=padded(self.late, n_items),
        )

    def state(self) -> tuple[dict[str, NDArray[Any]], list[dict[str, str]]]:
        """Arrays, and the operators as plain tables."""
        arrays: dict[str, NDArray[Any]] = {"operators.late": self.late}
        for number, values in enumerate(self.values.values()):
            arrays[f"operators.{number}"] = values
        return arrays, [dict(asdict(one)) for one in self.operators]

    @classmethod
    def load(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        tables: Sequence[Mapping[str, str]],
        counts: Floats,
        fade: float,
    ) -> ComputedOperators:
        """What `state` gave."""
        operators = tuple(parse(Operator, table, "operators") for table in tables)
        fields = dict.fromkeys((one.block, one.field) for one in operators)
        values = {
            field: np.asarray(arrays[f"operators.{number}"], np.float32)
            for number, field in enumerate(fields)
        }
        late = np.asarray(arrays["operators.late"], np.float32)
        return cls(operators, values, counts, late, fade)

    def _column(
        self, one: Operator, alike: Sequence[Floats], histories: Histories, items: Rows
    ) -> Floats:
        field = (one.block, one.field)
        if one.kind in ("popularity", "share", "trend"):
            return self._of_items[one][items]
        if one.kind in ("match", "recent", "latest"):
            mean, _, recent, latest = alike
            return {"match": mean, "recent": recent, "latest": latest}[one.kind]
        if one.kind == "lift":
            return np.log((alike[0] + _SMALL) / (self._usual[field][items] + _SMALL))
        means = _means(self.values[field], histories.items)
        if one.kind == "distance":
            apart = np.abs(self.values[field][items, 0] - means)
            return np.where(histories.items.lengths()[:, None] > 0, apart, 0)
        of_case = means if one.kind == "mean" else _entropy(means)
        return np.broadcast_to(of_case, items.shape)

    @cached_property
    def _of_items(self) -> dict[Operator, Floats]:
        kinds = ("popularity", "share", "trend")
        return {one: self._of_item(one) for one in self.operators if one.kind in kinds}

    def _of_item(self, one: Operator) -> Floats:
        values = self.values[one.block, one.field]
        events = values.T @ self.counts
        if one.kind == "popularity":
            found = np.log1p(values @ (events / np.maximum(values.sum(axis=0), _SMALL)))
        elif one.kind == "share":
            found = self.counts / np.maximum(values @ events, 1)
        else:
            usual = self.late.sum() / max(self.counts.sum(), 1)
            found = np.log((values @ (values.T @ self.late) + 1) / (usual * (values @ events) + 1))
        return np.asarray(found, np.float32)

    @cached_property
    def _usual(self) -> dict[tuple[str, str], Floats]:
        """Of each field, how often all events have the values of each item [n_items]."""
        every = max(float(self.counts.sum()), 1.0)
        return {
            field: np.asarray(own @ (own.T @ self.counts) / every, np.float32)
            for field, own in self.values.items()
        }


def _values(operators: Sequence[Operator], features: FeatureTable) -> dict[tuple[str, str], Floats]:
    found: dict[tuple[str, str], Floats] = {}
    for one in operators:
        columns = checked_columns(features, one)
        if (one.block, one.field) not in found:
            own = dense(features.block(one.block).finite())[:, columns]
            found[one.block, one.field] = own if one.kind in OF_NUMBERS else shares(own)
    return found


def _means(values: Floats, histories: Ragged) -> Floats:
    """float32 [n_cases, n_values], means over the items of each history; 0 for an empty one."""
    means = np.zeros((len(histories), values.shape[1]), np.float32)
    lengths = histories.lengths()
    some = np.flatnonzero(lengths)
    if len(some):
        sums = np.add.reduceat(values[histories.values], histories.offsets[some])
        means[some] = sums / lengths[some, None]
    return means


def _entropy(means: Floats) -> Floats:
    """float32 [n_cases, 1], in nats, of the shares of each row."""
    sums = means.sum(axis=1, keepdims=True)
    share = means / np.where(sums > 0, sums, 1)
    logs = np.log(np.where(share > 0, share, 1))
    return np.asarray(-(share * logs).sum(axis=1, keepdims=True), np.float32)
