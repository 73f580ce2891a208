"""A column of names that come again and again, kept as numbers beside the distinct names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from palate.arrays import Longs
from palate.errors import BadInput

Codes: TypeAlias = NDArray[np.int16] | NDArray[np.int32]

UNSAID: Final = -1
"""The code of a row that has no name."""

_MOST_SHORT: Final = np.iinfo(np.int16).max


@dataclass(frozen=True, eq=False)
class Coded:
    """A categorical column: the actions of a log, or its requests.

    For users and items, whose rows mean something in every table, use `Vocabulary`.

    Attributes:
        codes: int16 [n_rows] (int32 where there are more than 32,767 names), the place of each
            row's name in `names`; -1 where the row has none.
        names: The distinct names; some may have no row here.

    >>> Coded.of(["view", None, "buy", "view"]).codes.tolist()
    [0, -1, 1, 0]
    """

    codes: Codes
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise BadInput("a name occurs twice", where="names", allowed="distinct names")
        if len(self.codes) and not (
            self.codes.min() >= UNSAID and self.codes.max() < len(self.names)
        ):
            raise BadInput(
                f"codes from {self.codes.min()} to {self.codes.max()} of {len(self.names)} names",
                where="codes",
                allowed=f"-1 for none, and 0 to {len(self.names) - 1}",
            )

    @classmethod
    def of(cls, names: Iterable[str | None] | pl.Series) -> Coded:
        """Number the names as they appear; None means that a row has no name."""
        column = names if isinstance(names, pl.Series) else pl.Series(list(names), dtype=pl.String)
        distinct = column.drop_nulls().unique(maintain_order=True)
        table = pl.DataFrame({"name": distinct, "code": np.arange(len(distinct), dtype=np.int32)})
        found = pl.DataFrame({"name": column}).join(
            table, on="name", how="left", maintain_order="left"
        )
        return cls(
            _narrow(found["code"].fill_null(UNSAID).to_numpy(), len(distinct)),
            tuple(distinct.to_list()),
        )

    @classmethod
    def joined(cls, parts: Sequence[Coded]) -> Coded:
        """One column of several, one after the other, whatever their names are."""
        names = {part.names for part in parts}
        if len(names) == 1:
            return cls(np.concatenate([part.codes for part in parts]), parts[0].names)
        return cls.of(pl.concat([pl.Series([], dtype=pl.String), *(p.texts() for p in parts)]))

    @classmethod
    def unsaid(cls, n_rows: int) -> Coded:
        """A column in which no row has a name."""
        return cls(np.full(n_rows, UNSAID, np.int16), ())

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: NDArray[Any]) -> Coded:
        """The given rows (indices or a mask); the names stay whole, so that codes keep their
        meaning.
        """
        return Coded(self.codes[rows], self.names)

    def used(self) -> Coded:
        """The same rows without the names that no row has."""
        kept = np.unique(self.codes[self.codes >= 0])
        new = np.full(len(self.names) + 1, UNSAID, np.int32)  # the last place is the one of -1
        new[kept] = np.arange(len(kept))
        return Coded(
            _narrow(new[self.codes], len(kept)), tuple(self.names[i] for i in kept.tolist())
        )

    def positions_in(self, names: Sequence[str]) -> Longs:
        """int64 [n_rows], the position of each row's name in `names`; -1 where it is not there.

        >>> Coded.of(["view", None, "buy", "gift"]).positions_in(("buy", "view")).tolist()
        [1, -1, 0, -1]
        """
        place = {name: i for i, name in enumerate(names)}
        # the last one answers for rows without a name, whose code is -1
        of_code = np.array([*(place.get(name, UNSAID) for name in self.names), UNSAID], np.int64)
        return of_code[self.codes]

    def texts(self) -> pl.Series:
        """String [n_rows], the name of each row; null where it has none."""
        names = pl.Series(self.names, dtype=pl.String)
        codes = pl.Series(self.codes, dtype=pl.Int32)
        return names.gather(codes.set(codes < 0, None))

    def counts(self) -> dict[str, int]:
        """Name -> how many rows have it, in the order of the names."""
        known = self.codes[self.codes >= 0]
        found = np.bincount(known, minlength=len(self.names))
        return dict(zip(self.names, found.tolist(), strict=True))


def _narrow(codes: NDArray[Any], n_names: int) -> Codes:
    return codes.astype(np.int16) if n_names <= _MOST_SHORT else codes.astype(np.int32)
