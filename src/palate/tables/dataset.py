"""A log, a catalogue and what is known of the users, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import polars as pl

from palate.errors import BadInput
from palate.tables.catalogue import Catalogue
from palate.tables.findings import Finding
from palate.tables.interactions import Interactions

IdType: TypeAlias = Literal["text", "number"]
"""What ids were outside of palate: texts, or whole numbers."""


@dataclass(frozen=True)
class IdTypes:
    """What the source had as ids; inside palate all are text."""

    users: IdType = "text"
    items: IdType = "text"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything that was read.

    Attributes:
        interactions: The log.
        catalogue: The items' fields; a catalogue without columns where none was given.
        users: One row a user in the order of the user vocabulary, without the id; None where none
            was given.
        sources: Name of each source -> SHA-256 of its bytes.
        guesses: Sentences that say how columns were understood.
        findings: What was wrong with the sources and cannot be seen any more in what was read.
        id_types: What ids were in the source, so that they can be given back alike.
    """

    interactions: Interactions
    catalogue: Catalogue
    users: pl.DataFrame | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    id_types: IdTypes = IdTypes()

    def __post_init__(self) -> None:
        if self.interactions.items != self.catalogue.items:
            raise BadInput(
                f"the log knows {self.interactions.n_items} items, the catalogue"
                f" {len(self.catalogue)}, not the same",
                where="catalogue",
                next_step="make one vocabulary of the items of both",
            )
        if self.users is not None and self.users.height != self.interactions.n_users:
            raise BadInput(
                f"{self.users.height} rows for {self.interactions.n_users} users", where="users"
            )
