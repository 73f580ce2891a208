"""The slices of test targets and users that every run measures, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

SliceKind: TypeAlias = Literal["all", "frequency", "new users", "short histories", "new items"]

SHORT = 5
"""A user with at most so many events in the history counts as little known."""


@dataclass(frozen=True)
class SliceName:
    """Which targets a slice holds.

    Attributes:
        kind: By what they are chosen.
        low: Fewest events of the target in the training part (`frequency`).
        high: Most of them, or most events of a history (`short histories`); None: no limit.

    >>> SliceName("frequency", 1, 5).name, SliceName("frequency", 21).name
    ('target 1-5', 'target >20')
    """

    kind: SliceKind
    low: int = 0
    high: int | None = None

    @property
    def name(self) -> str:
        """The name in files and tables; made only here, and looked up by `slice_called`."""
        if self.kind == "short histories":
            return f"users <={self.high} events"
        return f"target {self.times}" if self.kind == "frequency" else self.kind

    @property
    def times(self) -> str:
        """How often the targets were seen: `0`, `1-5` or `>20`."""
        if self.high is None:
            return f">{self.low - 1}"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"

    @property
    def unseen(self) -> bool:
        """Whether no target has a training event, so that behaviour says nothing of it."""
        return self.kind == "new items" or (self.kind == "frequency" and self.high == 0)


FREQUENCIES = (
    SliceName("frequency", 0, 0),
    SliceName("frequency", 1, 5),
    SliceName("frequency", 6, 20),
    SliceName("frequency", 21),
)
"""Targets by how often training saw them."""

_KNOWN: Mapping[str, SliceName] = MappingProxyType(
    {
        one.name: one
        for one in (
            SliceName("all"),
            *FREQUENCIES,
            SliceName("new users"),
            SliceName("short histories", 0, SHORT),
            SliceName("new items"),
        )
    }
)


def slice_called(name: str) -> SliceName | None:
    """The slice of that name; None for one that palate does not make.

    >>> slice_called("target 0").unseen, slice_called("left-handed")
    (True, None)
    """
    return _KNOWN.get(name)
