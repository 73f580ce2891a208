"""How much of a model's blocks and scores may be in memory at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palate.errors import Refused
from palate.fit.units import COMPONENTS
from palate.runs.open import OpenedRun

GIB = 1024**3
LIBRARIES = 0.4
"""GiB that the program takes by itself."""
COPIES = 6
"""Copies of the widest block, dense, while its values change hands."""
SCORE_COPIES = 6
"""Arrays of the size of the scores while a chunk of cases is scored and ranked."""
MOST_CASES = 512
"""Cases of a chunk."""


@dataclass(frozen=True)
class Room:
    """What fits into a limit.

    Attributes:
        gib: The limit.
        items: Items of the catalogue.
        blocks: Blocks that are examined.
    """

    gib: float
    items: int
    blocks: int

    @property
    def free(self) -> float:
        """Bytes beside the program itself."""
        return max(self.gib - LIBRARIES, 0.0) * GIB

    @property
    def numbers(self) -> int:
        """Numbers of a block (items x width) that are handled whole."""
        return int(0.4 * self.free / 8 / (self.blocks + COPIES))

    @property
    def chunk(self) -> int:
        """Cases that are scored at once."""
        one = max(self.items, 1) * 4 * SCORE_COPIES
        return max(min(int(0.15 * self.free / one), MOST_CASES), 1)

    @property
    def kept(self) -> int:
        """Bytes of scores that each model without blocks may keep for the next question."""
        return int(0.1 * self.free)


def room_for(run: OpenedRun, model: str, names: Sequence[str], gib: float) -> Room:
    """The room there is, before anything large is read.

    Raises:
        Refused: The model itself, or its blocks at their smallest, do not fit.
    """
    items = run.data.interactions.n_items
    room = Room(gib, items, len(names))
    parts = run.recipe.graph.closure(model)
    folders = [run.folder / "models" / part for part in parts]
    files = [f for folder in folders if folder.is_dir() for f in folder.iterdir()]
    fitted = sum(f.stat().st_size for f in files if f.is_file())
    smallest = [min(run.features.block(n).width, COMPONENTS) * items for n in names]
    dense = 8 * (sum(smallest) + COPIES * max(smallest, default=0))
    scores = 4 * SCORE_COPIES * items
    # a model is fitted again beside the one that was read
    needed = 2 * fitted + dense + scores
    if needed <= room.free:
        return room
    wanted = LIBRARIES + 1.1 * needed / GIB
    raise Refused(
        f'examining "{model}" takes about {wanted:.1f} GiB: its fitted parts {fitted / GIB:.2f}'
        f" GiB, twice, and {dense / GIB:.2f} GiB for its blocks",
        where="--memory",
        allowed=f"{gib:g} GiB",
        next_step=f"give --memory {wanted:.1f}, or ask about a smaller model by --model",
    )
