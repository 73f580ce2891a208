"""Rows with a known truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from palate.arrays import Mask
from palate.tables.labelled_rows import LabelledRows

Role: TypeAlias = Literal["driver", "copy", "noise", "identifier"]
"""A driver moves the label; a copy only resembles a driver; noise is noise; an identifier has a
value for every row or user and means nothing."""


@dataclass(frozen=True, eq=False)
class World:
    """A simulated log as rows, and what is true about it.

    Attributes:
        name: e.g. `"copies .95"`.
        examples: All rows.
        train: bool [n_rows], rows to learn from; no user is on both sides.
        roles: What every block is.
    """

    name: str
    examples: LabelledRows
    train: Mask
    roles: Mapping[str, Role]

    @property
    def drivers(self) -> frozenset[str]:
        """The blocks that move the label."""
        return frozenset(name for name, role in self.roles.items() if role == "driver")

    def training(self) -> LabelledRows:
        """The rows to learn from."""
        return self.examples.take(self.train)

    def held_out(self) -> LabelledRows:
        """The rows to evaluate on."""
        return self.examples.take(~self.train)
