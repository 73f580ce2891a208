"""The promises about importance and selection, tried on this machine in worlds whose truth is
known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations, product
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from palate.arrays import Doubles
from palate.data.worlds import WORLDS
from palate.errors import BadInput, MissingExtra, nearest
from palate.explain.importance.permutation import Conditional, Permutation, PermutationSettings
from palate.explain.importance.refit import DropAndRefit
from palate.explain.importance.shapley import GroupShapley, coalitions, shapley
from palate.inference import clustered
from palate.perturbation.questions import SquaredError
from palate.progress import Progress, Silent, Stopwatch
from palate.seeding import generator
from palate.select.filters import Mrmr, MrmrSettings
from palate.select.learner import fit_linear
from palate.select.nested_cv import honest_and_leaked
from palate.stages import Explainer
from palate.tables.importance_problem import Blocks, ImportanceProblem, Predictor
from palate.tables.labelled_rows import LabelledRows
from palate.testing.discoveries import discoveries, fit_trees, table
from palate.testing.rare_hits import Kind, RareHits, percentile

SLACK = 3.3
"""Standard errors by which a share may differ from what was promised."""
_NOISE = 0.3


@dataclass(frozen=True)
class Proof:
    """One promise, tried.

    Attributes:
        promise: Its number, e.g. `"P1"`.
        says: The promise, in a sentence.
        asked: What the figures have to be.
        measured: The figures.
        holds: Whether they are as expected; the control counts too.
        control: What must fail the same test, and what it measured.
        seconds: Wall time.
    """

    promise: str
    says: str
    asked: str
    measured: str
    holds: bool
    control: str
    seconds: float


Trial: TypeAlias = Callable[[bool], tuple[str, str, bool, str]]
"""Quick or not -> asked, measured, holds, control."""


def prove(
    names: tuple[str, ...] = (), *, quick: bool = False, progress: Progress | None = None
) -> tuple[Proof, ...]:
    """Try the promises.

    Every promise is tried beside a control, a usual method that must fail the same test: a test
    that lets everything pass proves nothing.

    Args:
        names: Which, e.g. `("P1",)`; none: all.
        quick: Fewer worlds: less than a minute in all, in place of some minutes.
        progress: Receives the stages.

    Raises:
        BadInput: There is no such promise.
    """
    unknown = [name for name in names if name not in PROMISES]
    if unknown:
        what, close = f'there is no promise "{unknown[0]}"', nearest(unknown[0], PROMISES)
        raise BadInput(what, where="prove", allowed=", ".join(PROMISES), next_step=close)
    watch = Stopwatch(progress or Silent())
    return tuple(_proof(name, quick, watch) for name in names or tuple(PROMISES))


def _proof(name: str, quick: bool, watch: Stopwatch) -> Proof:
    says, trial = PROMISES[name]
    start = time.perf_counter()
    with watch.stage(f"{name}: {says}"):
        try:
            asked, measured, holds, control = trial(quick)
        except MissingExtra as missing:
            asked, measured, holds, control = (
                "",
                f"not tried: {missing.what}",
                False,
                missing.next_step,
            )
    return Proof(name, says, asked, measured, holds, control, round(time.perf_counter() - start, 1))


def known_truth(quick: bool) -> tuple[str, str, bool, str]:
    """P1: closed forms of two correlated groups, y = b sum(a) + noise, by four methods; gain must
    miss.
    """
    cells = list(product((0.0, 0.5, 0.9), (0.5, 1.0), (1, 3)))[:: 3 if quick else 1]
    misses, farthest, tried = 0, 0.0, 0
    for seed in range(1 if quick else 2):
        for rho, b, size in cells:
            variance = b**2 * size
            own = variance * (1 - rho**2)
            truths = (2 * variance, 2 * own, own, (variance + own) / 2)
            problem = _pair((rho, b, size), seed)
            for explainer, truth in zip(_methods(), truths, strict=True):
                found = next(w for w in explainer.estimate(problem, seed) if w.block == "a")
                distance = abs(found.value - truth) / max(found.found.error, 1e-12)
                farthest, tried = max(farthest, distance), tried + 1
                misses += distance > 3 and abs(found.value - truth) > 0.05 * truth
    gain = _gain_of_a()
    asked = "within 3 standard errors, or 5 %, in every cell"
    measured = f"{tried - misses} of {tried} (farthest {farthest:.1f} standard errors)"
    # with rho .9 a carries .19 of its variance alone; the trees give it nearly all of the gain
    return (
        asked,
        measured,
        misses == 0 and gain > 0.5,
        f"gain gives it {gain:.2f} of all, it owns .19",
    )


def _methods() -> tuple[Explainer, ...]:
    return Permutation(), Conditional(), DropAndRefit(), GroupShapley()


def _pair(cell: tuple[float, float, int], seed: int, n: int = 20_000) -> ImportanceProblem:
    b = cell[1]
    (blocks, y), (training, y_training) = _drawn(cell, seed, n), _drawn(cell, seed + 10_000, n)
    return ImportanceProblem(
        blocks,
        lambda given: b * given["a"].sum(axis=1),
        SquaredError(y, np.arange(n, dtype=np.int32)),
        reference=training,
        learner=lambda names: _least_squares(training, y_training, names),
    )


def _drawn(cell: tuple[float, float, int], seed: int, n: int) -> tuple[dict[str, Doubles], Doubles]:
    rho, b, size = cell
    rng = generator(seed, "prove", f"pair {rho} {b} {size}")
    a = rng.standard_normal((n, size))
    other = rho * a + np.sqrt(1 - rho**2) * rng.standard_normal(a.shape)
    return {"a": a, "b": other}, b * a.sum(axis=1) + _NOISE * rng.standard_normal(n)


def _least_squares(blocks: Blocks, y: Doubles, names: tuple[str, ...]) -> Predictor:
    def matrix(given: Blocks) -> Doubles:
        return np.concatenate([np.ones((len(y), 1)), *(given[name] for name in names)], axis=1)

    weights = np.linalg.lstsq(matrix(blocks), y, rcond=None)[0]
    return lambda given: matrix(given) @ weights


def _gain_of_a() -> float:
    """Share of the trees' gain that a driver gets beside a copy that correlates with it by .9."""
    blocks, y = _drawn((0.9, 1.0, 1), 1, 4000)
    model: Any = fit_trees(LabelledRows(blocks, y, np.arange(4000, dtype=np.int32)))
    return float(model.gain(blocks)["a"])


def found_important(quick: bool) -> tuple[str, str, bool, str]:
    """P2: what is called important where the drivers are known; gain must call noise important."""
    worlds = list(WORLDS.items())[:: 2 if quick else 1]
    seeds = range(1 if quick else 4)
    methods = ("conditional permutation", "gain above 3 probes")
    rows = [
        row
        for _, make in worlds
        for seed in seeds
        for row in discoveries(make(seed), seed, methods)
    ]
    by_method = {row["method"]: row for row in table(rows)}
    ours, gain = by_method[methods[0]], by_method[methods[1]]
    false, power = ours["false_discovery_rate"], ours["power"]
    measured = f"false {false:.3f}, power {power:.3f} over {ours['sets']} sets"
    control = f"gain: false {gain['false_discovery_rate']:.3f}"
    return (
        "false discoveries at most .10, power at least .95",
        measured,
        false <= 0.10 and power >= 0.95 and gain["false_discovery_rate"] > 0.10,
        control,
    )


def exact_shares(quick: bool) -> tuple[str, str, bool, str]:
    """P3: Shapley values equal the definition over all orders, contributions add up; leaving one
    out fails.
    """
    worst, control = 0.0, 0.0
    for seed in range(40 if quick else 400):
        rng = generator(seed, "prove", "game")
        n = int(rng.integers(2, 6))
        game = {members: rng.normal(size=3) for members in coalitions(n)}
        truth = _by_orders(n, game)
        worst = max(worst, float(np.abs(shapley(n, game.__getitem__) - truth).max()))
        whole = frozenset(range(n))
        left_out = np.array([game[whole] - game[whole - {j}] for j in range(n)])
        control = max(control, float(np.abs(left_out - truth).max()))
    blocks, y = _drawn((0.5, 1.0, 3), 1, 2000)
    model: Any = fit_trees(LabelledRows(blocks, y, np.arange(2000, dtype=np.int32)))
    total = sum(model.contributions(blocks).values()) + model.bias(blocks)
    gap = float(np.abs(total - model(blocks)).max())
    measured = f"shares differ by {worst:.1e}, contributions by {gap:.1e}"
    return (
        "at most 1e-9 and 1e-6",
        measured,
        worst <= 1e-9 and gap <= 1e-6 < control,
        f"leave one out: {control:.1f}",
    )


def _by_orders(n: int, game: Mapping[frozenset[int], Doubles]) -> Doubles:
    shares = np.zeros((n, 3))
    orders = list(permutations(range(n)))
    for order in orders:
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            shares[player] += game[before | {player}] - game[before]
    return shares / len(orders)


def covering(quick: bool) -> tuple[str, str, bool, str]:
    """P4: 95 % intervals over users hold the truth; intervals that take rows for users do not."""
    sims, users, each = 800 if quick else 3000, 200, 6
    user = np.repeat(np.arange(users, dtype=np.int32), each)
    inside, naive = 0, 0
    for seed in range(sims):
        rng = generator(seed, "prove", "covering")
        a, noise = (_of_users(rng, user) for _ in range(2))
        problem = ImportanceProblem(
            {"a": a[:, None]}, lambda given: given["a"][:, 0], SquaredError(a + noise, user)
        )
        (found,) = Permutation(PermutationSettings(3)).estimate(problem, seed)
        inside += found.low <= 2.0 <= found.high
        by_row = clustered(noise, np.arange(len(user)))
        naive += by_row.low <= 0.0 <= by_row.high
    cover, control = inside / sims, naive / sims
    rare, by_percentiles = _of_rare_hits(sims // 4)
    slack = SLACK * np.sqrt(0.05 * 0.95 / sims) - 0.02
    low, high = 0.93 - max(slack, 0.0), 0.97 + max(slack, 0.0)
    asked = f"{low:.3f} to {min(high, 1):.3f} of {sims} intervals hold the truth"
    return (
        asked,
        f"{cover:.3f}, {rare:.3f} or more of those of 50 users and 2 % hits",
        low <= min(cover, rare) and cover <= high and max(control, by_percentiles) < 0.90,
        f"rows taken for users: {control:.3f}, percentiles: {by_percentiles:.3f}",
    )


def _of_rare_hits(sims: int) -> tuple[float, float]:
    """Least coverage of our intervals over the kinds of figures, and the most that percentiles of
    resampled users reach.
    """
    kinds: tuple[Kind, ...] = ("hit", "ndcg", "difference")
    worlds = [RareHits(kind, 0.02) for kind in kinds]
    ours = [world.coverage(50, sims, world.ours)[0] for world in worlds]
    return min(ours), max(world.coverage(50, sims, percentile)[0] for world in worlds)


def _of_users(rng: np.random.Generator, user: Any) -> Doubles:
    mine = rng.standard_normal(int(user.max()) + 1)[user]
    return np.asarray(np.sqrt(0.5) * (mine + rng.standard_normal(len(user))), np.float64)


def honest_choice(quick: bool) -> tuple[str, str, bool, str]:
    """P5: on labels that are noise, choosing inside each fold scores half, choosing before
    splitting does not.
    """
    sets = 8 if quick else 24
    found = [
        honest_and_leaked(
            lambda: Mrmr(MrmrSettings(20)), fit_linear, _pure_noise(seed), seed, "auc"
        )
        for seed in range(sets)
    ]
    honest = float(np.mean([f.honest.value for f in found]))
    leaked = float(np.mean([f.leaked.value for f in found]))
    # an area over 1,000 rows is known to .02 or so, and the mean over the sets the better the more
    # there are
    room = 0.03 if quick else 0.02
    asked = f"area under the curve .50 +- {room:.2f} from 2,000 columns of noise"
    return (
        asked,
        f"{honest:.3f}",
        abs(honest - 0.5) <= room and leaked > 0.60,
        f"chosen before splitting: {leaked:.3f}",
    )


def _pure_noise(seed: int, n_users: int = 200, each: int = 5, columns: int = 2000) -> LabelledRows:
    rng = generator(seed, "prove", "noise")
    user = np.repeat(np.arange(n_users, dtype=np.int32), each)
    blocks = {f"x{j}": x[:, None] for j, x in enumerate(rng.standard_normal((columns, len(user))))}
    return LabelledRows(blocks, (rng.random(len(user)) < 0.5).astype(np.float64), user, "binary")


PROMISES: Mapping[str, tuple[str, Trial]] = MappingProxyType(
    {
        "P1": ("importances equal the known truth", known_truth),
        "P2": ("noise, ids and copies are not called important", found_important),
        "P3": ("shares are exact, contributions add up", exact_shares),
        "P4": ("intervals hold the truth as often as they say", covering),
        "P5": ("selection does not fool itself", honest_choice),
    }
)
"""Name -> the promise, and how it is tried."""
