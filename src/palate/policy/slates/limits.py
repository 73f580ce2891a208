"""Limits on a list, as numbers of candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from palate.arrays import Longs, Mask, Rows
from palate.errors import BadInput, Refused, nearest
from palate.tables.slate import SlateCandidates


@dataclass(frozen=True, eq=False)
class Limits:
    """What a list has to keep.

    Attributes:
        length: Candidates in the list.
        member: bool [n, g], which values a candidate has; only values with a limit.
        least: int64 [g], how many of the list have each value at least.
        most: int64 [g], and at most.
        spacing: How many others stand at least between two that share a value.
        pins: int64 [n], the position of each candidate from 0 on; -1 where it has none.
    """

    length: int
    member: Mask
    least: Longs
    most: Longs
    spacing: int
    pins: Longs

    @classmethod
    def of(
        cls,
        candidates: SlateCandidates,
        length: int,
        minimum: Mapping[str, int],
        maximum: Mapping[str, int],
        each: int | None,
        spacing: int,
    ) -> Limits:
        """The limits of settings, for a list of `length` candidates.

        Raises:
            BadInput: A limit needs a field, and none is known; or a pin is no position.
            Refused: Two candidates are pinned to one position, or no candidate has a value that the
                list must have.
        """
        n, g = len(candidates), len(candidates.values)
        pins = _pins(candidates, length)
        if not (minimum or maximum or each or spacing):
            none = np.zeros(0, np.int64)
            return cls(length, np.zeros((n, 0), np.bool_), none, none, 0, pins)
        member = candidates.field_shares() > 0
        least = np.zeros(g, np.int64)
        most = np.full(g, length if each is None else min(each, length), np.int64)
        number = {value: at for at, value in enumerate(candidates.values)}
        for value, count in minimum.items():
            if count > 0:
                least[_known(value, number)] = count
        for value, count in maximum.items():
            if value in number:
                most[number[value]] = min(count, most[number[value]])
        used = (least > 0) | (most < length) | (spacing > 0)
        return cls(length, member[:, used], least[used], most[used], spacing, pins)

    def kept(self, order: Rows) -> bool:
        """Whether a list keeps them all."""
        own = self.member[order]
        count = own.sum(axis=0)
        pinned = np.flatnonzero(self.pins >= 0)
        return bool(
            len(order) == self.length
            and (count >= self.least).all()
            and (count <= self.most).all()
            and (order[self.pins[pinned]] == pinned).all()
            and all(own[window].sum(axis=0).max(initial=0) <= 1 for window in self.windows())
        )

    def windows(self) -> Iterator[slice]:
        """Positions of which at most one may have a value, for each of the values."""
        if self.spacing and self.length > 1:
            size = min(self.spacing + 1, self.length)
            for start in range(self.length - size + 1):
                yield slice(start, start + size)


def _pins(candidates: SlateCandidates, length: int) -> Longs:
    n = len(candidates)
    pins = np.full(n, -1, np.int64) if candidates.pins is None else candidates.pins.astype(np.int64)
    pins = np.where(pins >= 0, pins, -1)
    if n and pins.max() >= length:
        raise BadInput(
            f"a candidate is pinned to position {pins.max()}",
            where="slate.pins",
            allowed=f"0 to {length - 1}, as the list is {length} long",
        )
    taken = pins[pins >= 0]
    if len(np.unique(taken)) < len(taken):
        raise Refused("two candidates are pinned to one position", where="slate.pins")
    return pins


def _known(value: str, number: Mapping[str, int]) -> int:
    if value not in number:
        raise Refused(
            f'no candidate has the value "{value}", of which the list must have some',
            where="slate.minimum",
            allowed=", ".join(list(number)[:20]),
            next_step=nearest(value, list(number)),
        )
    return number[value]
