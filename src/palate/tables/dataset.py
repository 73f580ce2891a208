"""A log, a catalogue and what is known of the users, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from palate.tables.catalogue import Catalogue
from palate.tables.interactions import Interactions


@dataclass(frozen=True)
class Dataset:
    """Everything that was read.

    Attributes:
        interactions: The log.
        catalogue: The items' fields; a catalogue without columns where none was given.
        users: One row a user in the order of the user vocabulary, without the id; None where none was given.
        sources: Name of each source -> SHA-256 of its bytes.
        guesses: Sentences that say how columns were understood.
    """

    interactions: Interactions
    catalogue: Catalogue
    users: pl.DataFrame | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
