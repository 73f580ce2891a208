"""Blocks that are chosen again and again, whichever half of the users is looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from palate.select.base import BlockSelector
from palate.select.conditional import ConditionalFdr
from palate.select.filters import Mrmr, MrmrSettings, MutualInformation
from palate.select.sparse_lines import L1
from palate.select.user_folds import half
from palate.stages import Selector
from palate.tables.labelled_rows import LabelledRows


@dataclass(frozen=True)
class StabilitySettings:
    """What is repeated, how often, and how often is enough."""

    by: Literal["l1", "mrmr", "mutual_information", "conditional"] = "l1"
    """The selector that is run on every half."""
    k: Annotated[int, Ge(1)] = 50
    """Blocks that mRMR keeps on a half."""
    halves: Annotated[int, Ge(2)] = 20
    """Half-samples of the users."""
    threshold: Annotated[float, Gt(0.5), Le(1)] = 0.7
    """Share of the halves that a block must be chosen on; the guarantee below needs more than one
    half."""


class Stability(BlockSelector):
    """Blocks chosen on at least a share of user-level half-samples; `frequency_` holds each block's
    share.

    With q blocks chosen on a half on average, of p, at most q^2 / ((2 threshold - 1) p) blocks are
    kept by mistake on average (`bound_`), if the selector does better than chance and noise blocks
    are alike.

    Args:
        settings: See `StabilitySettings`.

    Cost: `halves` runs of the selector.

    Meinshausen & Buehlmann, Stability selection, JRSS B 2010.
    """

    Settings = StabilitySettings

    def __init__(self, settings: StabilitySettings | None = None) -> None:
        self.settings = settings or StabilitySettings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Blocks at or above the threshold."""
        made: dict[str, Callable[[], Selector]] = {
            "l1": L1,
            "mrmr": lambda: Mrmr(MrmrSettings(self.settings.k)),
            "mutual_information": MutualInformation,
            "conditional": ConditionalFdr,
        }
        self.frequency_ = frequencies(made[self.settings.by], labelled, seed, self.settings.halves)
        chosen = sum(self.frequency_.values())
        self.bound_ = chosen**2 / ((2 * self.settings.threshold - 1) * max(len(self.frequency_), 1))
        return [name for name, share in self.frequency_.items() if share >= self.settings.threshold]


def frequencies(
    make: Callable[[], Selector], labelled: LabelledRows, seed: int, halves: int = 20
) -> Mapping[str, float]:
    """Block -> the share of user-level half-samples on which a selector keeps it."""
    counts = dict.fromkeys(labelled.names, 0)
    for draw in range(halves):
        for name in make().fit(labelled.take(half(labelled, seed, draw)), seed).kept():
            counts[name] += 1
    return {name: count / halves for name, count in counts.items()}
