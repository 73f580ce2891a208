"""Which blocks to keep, and in how few bytes: measured with the recipe's own model, never on
test cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np
from scipy import sparse

from palate.arrays import dense
from palate.explain.importance.caution import SAME, similarities
from palate.study.selection.objective import FOLDS, SelectionObjective, bytes_per_item
from palate.study.selection.storage import STORED, Choice, Packed, Permuted, Storage
from palate.study.selection.time import Time
from palate.tables.estimate import Estimate

CODECS = ("storage.int8.v1", "storage.float16.v1")
"""Ways to store a dense block in fewer bytes, the smallest first."""
SHUFFLES = 9
"""Permuted copies that a block must beat, every one: one in ten useless blocks would, by chance."""
FEW_SHUFFLES = 5
"""Impostors that are enough for a block that is four of their spreads ahead."""
COPY = 0.95
"""Canonical correlation above which one of two blocks is taken for a copy of the other."""
ENOUGH = 1.28
"""Standard errors by which a block must help to stay: one in ten useless ones would, by chance, if
all were in use."""


@dataclass(frozen=True)
class Limits:
    """What a choice must keep to.

    Attributes:
        keep: Share of the metric that must be kept.
        bytes_per_item: Most bytes; None: as few as cost nothing.
        milliseconds: Most milliseconds of making an item's blocks; None: no limit.
        codecs: Ways of storing that may be used.
    """

    keep: float = 0.99
    bytes_per_item: float | None = None
    milliseconds: float | None = None
    codecs: tuple[str, ...] = CODECS


@dataclass(frozen=True)
class Move:
    """One thing that was changed.

    Attributes:
        block: The block.
        to: How it is stored from now on; None: it was dropped.
        loss: What the metric lost by it.
        why: One sentence.
        bytes: Bytes an item afterwards.
    """

    block: str
    to: Packed | None
    loss: Estimate
    why: str
    bytes: float

    @property
    def what(self) -> str:
        """The same in a word: `dropped`, or the codec."""
        return "dropped" if self.to is None else self.to.codec


@dataclass(frozen=True)
class Chosen:
    """What was chosen, and how."""

    choice: Choice
    moves: tuple[Move, ...]


def choose(
    objective: SelectionObjective, limits: Limits, seed: int, time: Time | None = None
) -> Chosen:
    """Drop what does not help, then store the rest in fewer bytes, then keep to the budget.

    Backwards, so that blocks which only help together stay: as long as there is a block without
    which the metric does not clearly fall (by less than 1.28 standard errors, or by less than what
    may be given up), the one that is missed least goes. Of a block and its copy, which chance alone
    tells apart, the later one of the recipe goes, or the one that takes twice the bytes. At most n
    (n + 1) / 2 choices are fitted for n blocks.

    Args:
        objective: Fits and measures choices.
        limits: What the choice must keep to, however long that takes.
        seed: Of whatever is random.
        time: What there is time for beyond the first look at each block; it notes what was left
            out. None: for all.
    """
    time = time or Time()
    alike = _alike(objective, seed)
    choice: dict[str, Storage] = dict.fromkeys(objective.blocks, STORED)
    moves: list[Move] = []
    allowed = (1 - limits.keep) * float(np.mean(objective.gains(choice)))
    while choice:
        if moves and not time.fits(len(choice)):
            time.left_out.append(
                f"whether more than {', '.join(move.block for move in moves)} can go"
            )
            break
        losses = {name: objective.loss(choice, _less(choice, name)) for name in choice}
        spent = max(sum(move.loss.value for move in moves), 0.0)
        free = [n for n, found in losses.items() if _idle(found) or found.value <= allowed - spent]
        if not free:
            break
        least = min(free, key=lambda n: (losses[n].value, -list(choice).index(n)))
        gone = _of_twins(objective, least, free, alike)
        why = _why(gone, losses[gone], alike, choice)
        choice = _less(choice, gone)
        moves.append(Move(gone, None, losses[gone], why, objective.bytes_per_item(choice)))
    choice = _genuine(objective, choice, moves, time)
    choice = _stored(objective, choice, limits, allowed, moves, time)
    _within(objective, choice, limits, moves)
    return Chosen(MappingProxyType(choice), tuple(moves))


def _genuine(
    objective: SelectionObjective, choice: dict[str, Storage], moves: list[Move], time: Time
) -> dict[str, Storage]:
    """Drop blocks that do no better than the same numbers handed to the wrong items."""
    for name in list(choice):
        # a copy is fitted once, where a choice is fitted once a fold
        if not time.fits(1 + SHUFFLES / FOLDS):
            time.left_out.append(f"whether {name} does better than itself on the wrong items")
            continue
        if not _beats_itself(objective, choice, name):
            loss = objective.loss(choice, _less(choice, name))
            choice = _less(choice, name)
            why = f'Permuted among the items, "{name}" does as well: what it seems to add is noise.'
            moves.append(Move(name, None, loss, why, objective.bytes_per_item(choice)))
    return choice


def _beats_itself(objective: SelectionObjective, choice: Choice, name: str) -> bool:
    """Whether a block beats its permuted copies; a few are tried where it is far ahead, all of them
    where it is not.

    Cases of other users do not show this: all of them ask for the same items, and noise that
    happens to favour the right ones does so for everybody.
    """
    mine = objective.flattered(choice)
    wrong: list[float] = []
    for i in range(SHUFFLES):
        wrong.append(objective.flattered({**choice, name: Permuted(i)}))
        if wrong[-1] >= mine:
            return False
        spread = float(np.std(wrong, ddof=1)) if len(wrong) >= FEW_SHUFFLES else np.inf
        if mine - np.mean(wrong) > 4 * spread * np.sqrt(1 + 1 / len(wrong)):
            return True
    return True


def _less(choice: Choice, name: str) -> dict[str, Storage]:
    return {n: storage for n, storage in choice.items() if n != name}


def _idle(loss: Estimate) -> bool:
    return loss.value <= 0 or not loss.error > 0 or loss.value < ENOUGH * loss.error


def _alike(objective: SelectionObjective, seed: int) -> dict[frozenset[str], float]:
    blocks = {
        n: dense(objective.training.features.block(n).matrix).astype(np.float64)
        for n in objective.blocks
    }
    return {frozenset((a, b)): rho for a, b, rho in similarities(blocks, seed)}


def _of_twins(
    objective: SelectionObjective,
    least: str,
    free: Sequence[str],
    alike: Mapping[frozenset[str], float],
) -> str:
    """The block to drop: `least`, or its copy where that is the later or the far dearer one of the
    two.
    """
    twins = [n for n in free if n != least and alike.get(frozenset((n, least)), 0.0) > COPY]
    order = objective.blocks
    for first, second in combinations(sorted([least, *twins], key=order.index), 2):
        costs = [objective.bytes_per_item({n: STORED}) for n in (first, second)]
        return first if costs[0] >= 2 * costs[1] else second
    return least


def _why(name: str, loss: Estimate, alike: Mapping[frozenset[str], float], choice: Choice) -> str:
    twin = max(
        (n for n in choice if n != name),
        key=lambda n: alike.get(frozenset((n, name)), 0.0),
        default="",
    )
    if twin and alike.get(frozenset((twin, name)), 0.0) > SAME:
        return f'"{twin}" says much the same, and nothing measurable is lost without "{name}".'
    if loss.value <= 0:
        return "Without it the metric does not fall."
    return (
        f"Without it the metric falls by {loss.value:.4f}, which is no more than chance or than"
        " what may be given up."
    )


def _stored(
    objective: SelectionObjective,
    choice: dict[str, Storage],
    limits: Limits,
    allowed: float,
    moves: list[Move],
    time: Time,
) -> dict[str, Storage]:
    """Each dense block in the fewest bytes that cost nothing measurable."""
    for name in list(choice):
        block = objective.training.features.block(name)
        if sparse.issparse(block.matrix) or name in objective.fixed:
            continue
        for codec in limits.codecs:
            if not time.fits(1):
                time.left_out.append(f"whether {name} can be stored by {codec}")
                continue
            packed = Packed(codec)
            smaller = {**choice, name: packed}
            loss = objective.loss(choice, smaller)
            spent = max(sum(move.loss.value for move in moves), 0.0)
            if loss.value <= max(allowed - spent, 0.0):
                choice = smaller
                why = (
                    f"{bytes_per_item(block, packed):.0f} bytes an item in place of"
                    f" {bytes_per_item(block):.0f}."
                )
                moves.append(Move(name, packed, loss, why, objective.bytes_per_item(choice)))
                break
    return choice


def _within(
    objective: SelectionObjective, choice: dict[str, Storage], limits: Limits, moves: list[Move]
) -> None:
    """Drop what gives least for its cost until the budget holds."""
    while choice and not _affordable(objective, choice, limits):
        losses = {name: objective.loss(choice, _less(choice, name)) for name in choice}
        gone = min(
            losses,
            key=lambda n: losses[n].value / max(_price(objective, n, choice[n], limits), 1e-12),
        )
        why = (
            f"The budget does not hold it; it costs {losses[gone].value:.4f} of the metric to go"
            " without."
        )
        del choice[gone]
        moves.append(Move(gone, None, losses[gone], why, objective.bytes_per_item(choice)))


def _affordable(objective: SelectionObjective, choice: Choice, limits: Limits) -> bool:
    small = (
        limits.bytes_per_item is None or objective.bytes_per_item(choice) <= limits.bytes_per_item
    )
    return small and (
        limits.milliseconds is None
        or objective.milliseconds_per_item(choice) <= limits.milliseconds
    )


def _price(objective: SelectionObjective, name: str, storage: Storage, limits: Limits) -> float:
    """The larger share of a limit that a block takes."""
    costs = (
        (objective.bytes_per_item({name: storage}), limits.bytes_per_item),
        (objective.milliseconds_per_item({name: storage}), limits.milliseconds),
    )
    # of a limit of nothing everything is far too much, and the dearest still the most
    return max(cost / max(limit, 1e-12) for cost, limit in costs if limit is not None)
