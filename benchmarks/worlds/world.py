"""A world: a log and a catalogue of which it is known what the catalogue is good for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

Kind = Literal[
    "help", "help, cold", "help, one slice", "copy", "noise", "leak", "right block", "real"
]
Helped = Literal["everybody", "some", "no one", "leak"]

WORDS = ("text.tfidf", "text.minilm")
"""Blocks that a guessed recipe makes of texts."""
FIELDS = ("fields",)
"""The block that it makes of labels and numbers."""


@dataclass(frozen=True)
class Truth:
    """What a run ought to say.

    Attributes:
        helped: Whom the features help; `leak`: they seem to help, since they know the test.
        blocks: Blocks that carry it; no other may be credited.
        slices: Where they help, if only some; the gain has to be placed in at least one of these.
        unknown: Slices of which the truth says nothing, so that a gain may be placed there too.
    """

    helped: Helped
    blocks: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Made:
    """The files of a world.

    Attributes:
        log: Who took what, with or without times and ratings.
        items: What is known of the items.
        topic: int64 [n_items], what the catalogue says truly of each row of `items`, -1 where it
            says nothing; None where it says nothing of any, or where `texts` do.
        texts: What the items say in words, where nobody knows their topics.
    """

    log: pl.DataFrame
    items: pl.DataFrame
    topic: NDArray[np.int64] | None = None
    texts: tuple[str, ...] = ()

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The two files as a stranger has them."""
        folder.mkdir(parents=True, exist_ok=True)
        log, items = folder / "log.csv", folder / "items.parquet"
        self.log.write_csv(log)
        self.items.write_parquet(items)
        return log, items


@dataclass(frozen=True)
class World:
    """A world by name.

    Attributes:
        name: Unique, for people.
        kind: What it is there for.
        truth: What a run ought to say of it.
        make: Makes its files; the same ones each time.
    """

    name: str
    kind: Kind
    truth: Truth
    make: Callable[[], Made]
