"""What all selectors share: authors write `choose`, the rest is here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, Self

from palate.errors import BadInput, Refused
from palate.tables.labelled_rows import LabelledRows


class BlockSelector(ABC):
    """Base of the selectors. Columns are chosen by handing in `labelled.by_column()`.

    A subclass names its `Settings` and writes `choose`. What it chooses must not depend on the
    order of the blocks.
    """

    Settings: type[Any]
    kept_: tuple[str, ...]

    @abstractmethod
    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """The blocks to keep, from training rows alone."""

    def fit(self, labelled: LabelledRows, seed: int) -> Self:
        """Learn from training rows alone which blocks help.

        Raises:
            BadInput: There are no rows.
        """
        if not len(labelled):
            raise BadInput("there are no rows to choose on", where="examples")
        chosen = set(self.choose(labelled, seed))
        self.kept_ = tuple(name for name in labelled.names if name in chosen)
        return self

    def kept(self) -> tuple[str, ...]:
        """Names of the blocks to keep, in the rows' order.

        Raises:
            Refused: Nothing was fitted yet.
        """
        if "kept_" not in vars(self):
            raise Refused(
                f"{type(self).__name__} has not been fitted",
                next_step="call fit(examples, seed) first",
            )
        return self.kept_
