"""Which blocks earn their place, and in how few bytes: judged by the recipe's own model, never on test cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Rows, dense
from palate.encode.compress.base import Codec
from palate.evaluate.controls import permuted
from palate.explain.importance.caution import SAME, similarities
from palate.inference import Estimate, cluster_codes, clustered
from palate.permuting.questions import CasesQuestion
from palate.pipeline import graph
from palate.pipeline.asking import refitted
from palate.registry import PartSpec, spec
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Block, Cases, FeatureTable, Training

Choice: TypeAlias = Mapping[str, str]
"""Block -> how its numbers are stored: "" as they are, or the versioned name of a codec."""

CODECS = ("storage.int8.v1", "storage.float16.v1")
"""Ways to store a dense block in fewer bytes, the smallest first."""
WRONG = "permuted "
"""A block whose rows were handed to the wrong items: what it is stored as, before the number of the shuffle."""
SHUFFLES = 9
"""Such impostors that a block must beat, every one: one in ten useless blocks would, by chance."""
FEW_SHUFFLES = 5
"""Impostors that are enough for a block that is four of their spreads ahead."""
FOLDS = 5
"""Parts of the validation users."""
COPY = 0.95
"""Canonical correlation above which one of two blocks is taken for a copy of the other."""
ENOUGH = 1.28
"""Standard errors by which a block must help to stay: one in ten useless ones would, by chance, if all were in use."""


@dataclass(eq=False)
class Judge:
    """Fits and measures choices of blocks.

    Attributes:
        name: The model that judges: the one of the headline.
        models: All models of the recipe.
        training: The training part.
        known: Fitted models that read no block.
        plain: What is left where every block is gone and the model with them.
        folds: Cases to choose weights on, and cases to measure on; no user is in both.
        measure: The metric over some cases.
        fixed: Blocks that cannot be stored in fewer bytes, as they are made further after their geometry.
        told: Called after every fit.
    """

    name: str
    models: Mapping[str, PartSpec]
    training: Training
    known: Mapping[str, Scorer]
    plain: Scorer
    folds: Sequence[tuple[Cases, Cases]]
    measure: Callable[[Cases], CasesQuestion]
    fixed: frozenset[str] = frozenset()
    told: Callable[[], None] = lambda: None
    _gains: dict[tuple[int, frozenset[tuple[str, str]]], Doubles] = field(init=False, default_factory=dict)
    _parts: dict[tuple[str, frozenset[tuple[str, str]]], Scorer] = field(init=False, default_factory=dict)
    _stored: dict[tuple[str, str], Block] = field(init=False, default_factory=dict)

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that can be chosen, in the order of the recipe."""
        read = graph.all_blocks(self.name, self.models)
        return tuple(b for b in self.training.features.blocks if b in read)

    @property
    def users(self) -> Rows:
        """int32 [n_cases], whose case each gain is."""
        return np.concatenate([self.measure(cases).cluster for _, cases in self.folds])

    def gains(self, choice: Choice) -> Doubles:
        """float64 [n_cases], the metric of every case, from a model whose weights were not chosen on its user."""
        features = self.features(choice)
        parts = []
        for i, (weights, cases) in enumerate(self.folds):
            key = (i, frozenset(choice.items()))
            if key not in self._gains:
                scorer = self._fitted(choice, features, weights)
                self._gains[key] = self.measure(cases).gains(scorer.score(cases.histories))
                self.told()
            parts.append(self._gains[key])
        return np.concatenate(parts)

    def flattered(self, choice: Choice) -> float:
        """The metric over all cases by one model whose weights were chosen on most of them.

        Too good, but as much too good for every choice of as many blocks: enough to compare a block with its impostors,
        for a fit in place of one a fold.
        """
        weights, cases = self.folds[0]
        scorer = self._fitted(choice, self.features(choice), weights)
        self.told()
        return float(
            np.mean(np.concatenate([self.measure(c).gains(scorer.score(c.histories)) for c in (weights, cases)]))
        )

    def value(self, choice: Choice) -> Estimate:
        """The metric of a choice, with its interval over users."""
        return clustered(self.gains(choice), self.users)

    def loss(self, before: Choice, after: Choice) -> Estimate:
        """What the metric loses by going from one choice to another."""
        return clustered(self.gains(before) - self.gains(after), self.users)

    def features(self, choice: Choice) -> FeatureTable:
        """The chosen blocks, as they are after they were stored."""
        blocks = {name: b for name, b in self.training.features.blocks.items() if name not in self.blocks}
        return FeatureTable(self.training.features.items, blocks | {n: self.block(n, c) for n, c in choice.items()})

    def block(self, name: str, codec: str) -> Block:
        """A block as it is after it was stored."""
        block = self.training.features.block(name)
        if not codec:
            return block
        if codec.startswith(WRONG):
            return replace(permuted(block, int(codec.removeprefix(WRONG))), name=name)
        if (name, codec) not in self._stored:
            rows = np.unique(self.training.interactions.item).astype(np.int32)
            self._stored[name, codec] = spec({"part": codec}, "shaper").build().fit(block, rows).shape(block)
        return self._stored[name, codec]

    def bytes_per_item(self, choice: Choice) -> float:
        """Bytes that the chosen blocks take, an item."""
        return sum(bytes_per_item(self.training.features.block(name), codec) for name, codec in choice.items())

    def milliseconds_per_item(self, choice: Choice) -> float:
        """Milliseconds that it took to make the chosen blocks, an item."""
        seconds = sum(self.training.features.block(name).seconds for name in choice)
        return 1000 * seconds / max(len(self.training.features.items), 1)

    def _fitted(self, choice: Choice, features: FeatureTable, weights: Cases) -> Scorer:
        def fit(name: str, part: PartSpec, members: Mapping[str, Scorer]) -> Scorer:
            mine = frozenset((b, choice[b]) for b in graph.all_blocks(name, self.models) if b in choice)
            scorer: Scorer = part.build()
            told = replace(self.training, features=features, members=members, validation=weights)
            if members or scorer.uses_validation or any(codec.startswith(WRONG) for _, codec in mine):
                return scorer.fit(told)
            if (name, mine) not in self._parts:
                self._parts[name, mine] = scorer.fit(told)
            return self._parts[name, mine]

        return refitted(self.name, self.models, features, fit, self.known) or self.plain


def parted(cases: Cases, seed: int, n: int = FOLDS) -> tuple[tuple[Cases, Cases], ...]:
    """The cases parted by user into `n`: each part is measured on once, with weights chosen on the others.

    Not in halves: a blend takes a member up only if the cases it sees are evidence enough, and should see nearly as
    many here as it will in the end.
    """
    users = cases.histories.users
    codes = cluster_codes(np.where(users >= 0, users, int(users.max(initial=0)) + 1 + np.arange(len(users))))
    place = generator(seed, "select", "folds").permutation(int(codes.max(initial=-1)) + 1)[codes] % n
    return tuple((cases.take(np.flatnonzero(place != i)), cases.take(np.flatnonzero(place == i))) for i in range(n))


def bytes_per_item(block: Block, codec: str = "") -> float:
    """Bytes of a block an item, as it is or packed by a codec."""
    if not codec:
        return block.n_bytes / max(len(block.present), 1)
    part = spec({"part": codec}, "shaper").build()
    if not isinstance(part, Codec):
        return block.n_bytes / max(len(block.present), 1)
    sample = dense(block.matrix[:2])
    part.learn(sample)
    return float(part.pack(sample).shape[1])


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
        what: `"dropped"`, or the codec that it is stored with from now on.
        loss: What the metric lost by it.
        why: One sentence.
        bytes: Bytes an item afterwards.
    """

    block: str
    what: str
    loss: Estimate
    why: str
    bytes: float


@dataclass(frozen=True)
class Chosen:
    """What was chosen, and how."""

    choice: Choice
    moves: tuple[Move, ...]


def choose(judge: Judge, limits: Limits, seed: int) -> Chosen:
    """Drop what does not help, then store the rest in fewer bytes, then keep to the budget.

    Backwards, so that blocks which only help together stay: as long as there is a block without which the metric does
    not clearly fall (by less than 1.28 standard errors, or by less than what may be given up), the one that is missed
    least goes. Of a block and its copy, which chance alone tells apart, the later one of the recipe goes, or the one
    that takes twice the bytes. At most n (n + 1) / 2 choices are fitted for n blocks.
    """
    alike = _alike(judge, seed)
    choice: dict[str, str] = dict.fromkeys(judge.blocks, "")
    moves: list[Move] = []
    allowed = (1 - limits.keep) * float(np.mean(judge.gains(choice)))
    while choice:
        losses = {name: judge.loss(choice, _less(choice, name)) for name in choice}
        spent = max(sum(move.loss.value for move in moves), 0.0)
        free = [n for n, found in losses.items() if _idle(found) or found.value <= allowed - spent]
        if not free:
            break
        least = min(free, key=lambda n: (losses[n].value, -list(choice).index(n)))
        gone = _of_twins(judge, least, free, alike)
        why = _why(gone, losses[gone], alike, choice)
        choice = _less(choice, gone)
        moves.append(Move(gone, "dropped", losses[gone], why, judge.bytes_per_item(choice)))
    choice = _genuine(judge, choice, moves)
    choice = _stored(judge, choice, limits, allowed, moves)
    _within(judge, choice, limits, moves)
    return Chosen(MappingProxyType(choice), tuple(moves))


def _genuine(judge: Judge, choice: dict[str, str], moves: list[Move]) -> dict[str, str]:
    """Drop blocks that do no better than the same numbers handed to the wrong items."""
    for name in list(choice):
        if not _beats_itself(judge, choice, name):
            loss = judge.loss(choice, _less(choice, name))
            choice = _less(choice, name)
            why = f'Handed to the wrong items, "{name}" does as well: what it seems to add is chance.'
            moves.append(Move(name, "dropped", loss, why, judge.bytes_per_item(choice)))
    return choice


def _beats_itself(judge: Judge, choice: Choice, name: str) -> bool:
    """Whether a block beats its impostors; a few are asked where it is far ahead, all of them where it is not.

    Cases of other users do not show this: all of them ask for the same items, and noise that happens to favour the
    right ones does so for everybody.
    """
    mine = judge.flattered(choice)
    wrong: list[float] = []
    for i in range(SHUFFLES):
        wrong.append(judge.flattered({**choice, name: f"{WRONG}{i}"}))
        if wrong[-1] >= mine:
            return False
        spread = float(np.std(wrong, ddof=1)) if len(wrong) >= FEW_SHUFFLES else np.inf
        if mine - np.mean(wrong) > 4 * spread * np.sqrt(1 + 1 / len(wrong)):
            return True
    return True


def _less(choice: Choice, name: str) -> dict[str, str]:
    return {n: codec for n, codec in choice.items() if n != name}


def _idle(loss: Estimate) -> bool:
    return loss.value <= 0 or not loss.error > 0 or loss.value < ENOUGH * loss.error


def _alike(judge: Judge, seed: int) -> dict[frozenset[str], float]:
    blocks = {n: dense(judge.training.features.block(n).matrix).astype(np.float64) for n in judge.blocks}
    return {frozenset((a, b)): rho for a, b, rho in similarities(blocks, seed)}


def _of_twins(judge: Judge, least: str, free: Sequence[str], alike: Mapping[frozenset[str], float]) -> str:
    """The block to drop: `least`, or its copy where that is the later or the far dearer one of the two."""
    twins = [n for n in free if n != least and alike.get(frozenset((n, least)), 0.0) > COPY]
    order = judge.blocks
    for first, second in combinations(sorted([least, *twins], key=order.index), 2):
        costs = [judge.bytes_per_item({n: ""}) for n in (first, second)]
        return first if costs[0] >= 2 * costs[1] else second
    return least


def _why(name: str, loss: Estimate, alike: Mapping[frozenset[str], float], choice: Choice) -> str:
    twin = max((n for n in choice if n != name), key=lambda n: alike.get(frozenset((n, name)), 0.0), default="")
    if twin and alike.get(frozenset((twin, name)), 0.0) > SAME:
        return f'"{twin}" says much the same, and nothing measurable is lost without "{name}".'
    if loss.value <= 0:
        return "Without it the metric does not fall."
    return (
        f"Without it the metric falls by {loss.value:.4f}, which is no more than chance or than what may be given up."
    )


def _stored(judge: Judge, choice: dict[str, str], limits: Limits, allowed: float, moves: list[Move]) -> dict[str, str]:
    """Each dense block in the fewest bytes that cost nothing measurable."""
    for name in list(choice):
        block = judge.training.features.block(name)
        if sparse.issparse(block.matrix) or name in judge.fixed:
            continue
        for codec in limits.codecs:
            smaller = {**choice, name: codec}
            loss = judge.loss(choice, smaller)
            spent = max(sum(move.loss.value for move in moves), 0.0)
            if loss.value <= max(allowed - spent, 0.0):
                choice = smaller
                why = f"{bytes_per_item(block, codec):.0f} bytes an item in place of {bytes_per_item(block):.0f}."
                moves.append(Move(name, codec, loss, why, judge.bytes_per_item(choice)))
                break
    return choice


def _within(judge: Judge, choice: dict[str, str], limits: Limits, moves: list[Move]) -> None:
    """Drop what gives least for its cost until the budget holds."""
    while choice and not _affordable(judge, choice, limits):
        losses = {name: judge.loss(choice, _less(choice, name)) for name in choice}
        gone = min(losses, key=lambda n: losses[n].value / max(_price(judge, n, choice[n], limits), 1e-12))
        why = f"The budget does not hold it; it costs {losses[gone].value:.4f} of the metric to go without."
        del choice[gone]
        moves.append(Move(gone, "dropped", losses[gone], why, judge.bytes_per_item(choice)))


def _affordable(judge: Judge, choice: Choice, limits: Limits) -> bool:
    small = limits.bytes_per_item is None or judge.bytes_per_item(choice) <= limits.bytes_per_item
    return small and (limits.milliseconds is None or judge.milliseconds_per_item(choice) <= limits.milliseconds)


def _price(judge: Judge, name: str, codec: str, limits: Limits) -> float:
    """The larger share of a limit that a block takes."""
    shares = [judge.bytes_per_item({name: codec}) / limits.bytes_per_item] if limits.bytes_per_item else []
    shares += [judge.milliseconds_per_item({name: codec}) / limits.milliseconds] if limits.milliseconds else []
    return max(shares)
