"""What keeps items and users that a service was given: the interface of every store of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from palate.serve.records.items import FieldValue, ItemRecord

Decide: TypeAlias = Callable[[Sequence[ItemRecord]], Sequence[ItemRecord]]
"""Gets what other processes changed, and gives what is to be kept."""


@dataclass(frozen=True)
class ItemsAfter:
    """Items that changed after a version.

    Attributes:
        records: What is known of them now, in the order in which they were first spoken of.
        version: The version that this makes.
    """

    records: Sequence[ItemRecord]
    version: int


class RecordStore(Protocol):
    """Records that survive the process; `tests/serve/contracts/records.py` is its contract.

    Calls block. Several threads may call at the same time, and where several processes share the
    records, all of them: each knows them up to a version, and is given what came after it.
    """

    def items(self, after: int = 0) -> ItemsAfter:
        """Every item that was created, changed, hidden or deleted after a version; 0: ever."""
        ...

    def change_items(self, after: int, decide: Decide) -> int:
        """Keep what is known of some items now: all or none, on the disk when this returns. No one
        else changes items between what `decide` is given and what it gives.

        Args:
            after: The version that the caller knows.
            decide: Gets the items that others changed after it. Its errors come through, and then
                nothing is kept.

        Returns:
            The version of now: the caller knows what others changed, and its own changes.

        Raises:
            Unavailable: Nothing was kept.
        """
        ...

    def user(self, user: str) -> dict[str, FieldValue] | None:
        """Field -> value of a user; None for one of whom nothing was said."""
        ...

    def put_user(self, user: str, fields: Mapping[str, FieldValue]) -> None:
        """Keep what is known of a user now."""
        ...

    def erase_user(self, user: str) -> None:
        """Take away what was said of a user, and remember (by a digest alone) that what the run
        knows of them is not to be used any more.
        """
        ...

    def erased(self, user: str) -> bool:
        """Whether the user was erased: here, or elsewhere before the last `look_again`."""
        ...

    def look_again(self) -> int:
        """Take up what other processes erased.

        Returns:
            The version of the items now.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
