"""When an answer cannot be trusted: no signal, too few users, blocks that are the same, rows that
never occur.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy import stats

from palate.arrays import Doubles, Mask
from palate.inference import cluster_codes, clustered
from palate.perturbation.exchange import Exchange
from palate.perturbation.loss import exchanged
from palate.perturbation.sampler import Components, RidgeSampler, Sampler, ridge
from palate.seeding import generator
from palate.tables import Finding
from palate.tables.block_question import CARRIES, USES
from palate.tables.importance_problem import Blocks, ImportanceProblem

FEWEST_USERS = 50
SAME = 0.7
"""Canonical correlation above which two blocks are reported as nearly the same."""
STRANGE = 0.05
"""Share of exchanged rows outside the densest 99 % of the training rows that is reported."""
LEAK = 0.99
"""Area under the curve, or share of variance, of a label predicted by one block alone that no
honest block reaches."""
_COMPONENTS = 10
_ROWS = 20_000


def cautions(problem: ImportanceProblem, seed: int) -> tuple[Finding, ...]:
    """Everything that speaks against trusting importance of this problem; errors should stop it.

    Codes: `few-users`, `one-block`, `no-signal`, `target-leaked` (errors); `blocks-alike`,
        `extrapolation` (warnings).

    Cost: a few ridges over at most 20,000 rows.
    """
    return (
        *few_users(problem),
        *one_block(problem),
        *no_signal(problem),
        *target_leaked(problem, seed),
        *blocks_alike(problem, seed),
        *extrapolation(problem, seed),
    )


def few_users(problem: ImportanceProblem) -> tuple[Finding, ...]:
    """Whether there were fewer than 50 users."""
    n = len(np.unique(problem.question.cluster))
    if n >= FEWEST_USERS:
        return ()
    message = f"{n} users are too few for an interval over users; {FEWEST_USERS} is the least."
    return (
        Finding(
            "few-users",
            "error",
            message,
            count=n,
            advice="Hold out more users; or --force, and take the figures for none.",
        ),
    )


def one_block(problem: ImportanceProblem) -> tuple[Finding, ...]:
    """Whether there is nothing to compare a block with."""
    if len(problem.blocks) > 1:
        return ()
    message = (
        f"There is {len(problem.blocks)} block, so nothing can be said about what it adds to"
        " others."
    )
    return (
        Finding(
            "one-block",
            "error",
            message,
            advice="Part it into fields or columns, or add another block.",
        ),
    )


def no_signal(problem: ImportanceProblem) -> tuple[Finding, ...]:
    """Whether the model is no better than the one without blocks (popularity)."""
    if problem.baseline is None:
        return ()
    found = clustered(problem.gains(problem.blocks) - problem.baseline, problem.question.cluster)
    if found.low > 0:
        return ()
    message = (
        f"The model is no better than one without these blocks: {problem.question.metric} differs"
        f" by {found.value:.4g} (95 % interval {found.low:.4g} to {found.high:.4g}). What it makes"
        " of its inputs means nothing."
    )
    return (
        Finding("no-signal", "error", message, advice="Find a model that beats popularity first."),
    )


def target_leaked(problem: ImportanceProblem, seed: int) -> tuple[Finding, ...]:
    """Blocks that predict the label almost perfectly, alone and by a straight line, for users not
    learnt from.
    """
    label = problem.question.label
    if not len(label):
        return ()
    users = cluster_codes(
        problem.question.cluster if problem.question.row_wise else _requests(problem)
    )
    # halved by user: rows of one user are alike, and a block that knows the user would look like
    # a leak
    half = generator(seed, "leak", "half").permutation(int(users.max()) + 1)[users] % 2 == 0
    binary = bool(np.isin(label, (0.0, 1.0)).all())
    found = []
    for name, X in problem.blocks.items():
        predicted = _predictability(np.asarray(X, np.float64), label, half, binary)
        if predicted > LEAK:
            measure = "area under the curve" if binary else "share of the variance"
            message = (
                f'Block "{name}" alone predicts the label ({measure} {predicted:.4f}): it was made'
                " from the outcome."
            )
            advice = "Make it again from what was known before the event, or leave it out."
            found.append(
                Finding(
                    "target-leaked",
                    "error",
                    message,
                    where=f"blocks.{name}",
                    count=1,
                    advice=advice,
                )
            )
    return tuple(found)


def blocks_alike(problem: ImportanceProblem, seed: int) -> tuple[Finding, ...]:
    """Whether pairs of blocks have a canonical correlation above .7 on rows that it was not fitted
    on.
    """
    pairs = [(a, b, rho) for a, b, rho in similarities(problem.normal(), seed) if rho > SAME]
    if not pairs:
        return ()
    listed = ", ".join(f'"{a}" and "{b}" ({rho:.2f} of 1)' for a, b, rho in pairs)
    message = (
        f"Blocks say much the same: {listed}, by canonical correlation. Without one of them the"
        " other stands in for it, so both may look useless where together they are not."
    )
    examples = tuple(f"{a}+{b}" for a, b, _ in pairs)
    advice = "Compare with a recipe that has only one of them."
    return (Finding("blocks-alike", "warning", message, "", len(pairs), examples, advice),)


def similarities(blocks: Blocks, seed: int) -> tuple[tuple[str, str, float], ...]:
    """Each pair of blocks with its first canonical correlation, fitted on half of the rows, taken
    on the other.

    Wide blocks enter as ten principal components, as only shared leading directions make blocks
    stand in for each other.
    """
    n = len(next(iter(blocks.values()))) if blocks else 0
    order = generator(seed, "canonical").permutation(n)[:_ROWS]
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    parts = {}
    for name, X in blocks.items():
        components = Components.of(np.asarray(X[first], np.float64), _COMPONENTS)
        parts[name] = (_white(components.of_rows(X[first])), components.of_rows(X[second]))
    found = []
    for a, b in combinations(parts, 2):
        (Wa, Za), (Wb, Zb) = parts[a], parts[b]
        # the singular values of two white sides' product are their canonical correlations; only the
        # first is needed
        both = Wa[1].T @ Wb[1]
        if not both.size:  # a block that is the same for all rows looks like no other
            found.append((a, b, 0.0))
            continue
        left, _, right = np.linalg.svd(both)
        u, v = (Za - Wa[0]) @ Wa[2] @ left[:, 0], (Zb - Wb[0]) @ Wb[2] @ right[0]
        found.append((a, b, abs(_correlation(u, v))))
    return tuple(found)


def extrapolation(
    problem: ImportanceProblem, seed: int, sampler: Sampler | None = None
) -> tuple[Finding, ...]:
    """Whether the exchange of blocks makes rows outside the densest 99 % of the training rows: the
    model is guessing there.
    """
    shares = strange_shares(problem, seed, sampler)
    strange = {name: share for name, share in shares.items() if share > STRANGE}
    if not strange:
        return ()
    listed = ", ".join(f'"{name}" {share:.0%}' for name, share in strange.items())
    message = (
        "When a block's values are exchanged between items, most of the new combinations are unlike"
        f" any real item, so what the model scores there says little: {listed} of the rows."
    )
    advice = f'Trust the answers to "{CARRIES}" more than those to "{USES}"'
    where = f"blocks.{next(iter(strange))}" if len(strange) == 1 else "blocks"
    return (Finding("extrapolation", "warning", message, where, len(strange), (), advice),)


def strange_shares(
    problem: ImportanceProblem, seed: int, sampler: Sampler | None = None
) -> dict[str, float]:
    """Block -> share of exchanged rows farther from the centre (Mahalanobis) than 99 % of the
    training rows.
    """
    normal = problem.normal()
    components = {
        name: Components.of(np.asarray(X, np.float64), _COMPONENTS) for name, X in normal.items()
    }
    joint = _joint(normal, components)
    centre, _, turn = _white(joint)
    # the rows' own quantile, not that of chi-squared: blocks are not normal, and counted words
    # least of all
    rim = float(np.quantile(np.sum(((joint - centre) @ turn) ** 2, axis=1), 0.99))
    shares = {}
    for name in problem.blocks:
        exchange = Exchange.of(problem, name)
        draw = exchange.draw(generator(seed, "extrapolation", name))[:, None]
        (X,) = exchanged(problem, name, exchange, draw, sampler)
        moved = _joint({**problem.blocks, name: X}, components)
        shares[name] = float(np.mean(np.sum(((moved - centre) @ turn) ** 2, axis=1) > rim))
    return shares


def conditional_shares(problem: ImportanceProblem, seed: int) -> dict[str, float]:
    """As `strange_shares`, for what conditional permutation makes: near 1 % where its law is
    right.
    """
    return strange_shares(problem, seed, RidgeSampler())


def _requests(problem: ImportanceProblem) -> Doubles:
    return (
        np.arange(problem.n_units, dtype=np.float64)
        if problem.request is None
        else np.asarray(problem.request, np.float64)
    )


def _predictability(X: Doubles, label: Doubles, half: Mask, binary: bool) -> float:
    """How well a ridge from one half of the users predicts the label of the other half."""
    components = Components.of(X[half], 64)
    Z = components.of_rows(X)
    mean = float(label[half].mean())
    estimates = Z @ ridge(Z[half], (label[half] - mean)[:, None])[:, 0]
    there, predicted = label[~half], estimates[~half]
    if len(there) < 3 or np.ptp(there) == 0 or np.ptp(predicted) == 0:
        return 0.0
    if not binary:
        return max(_correlation(predicted, there), 0.0) ** 2
    n = int((there > 0.5).sum())
    # Mann and Whitney's count of pairs in the right order; ties are half right
    ranks = stats.rankdata(predicted)
    return float((ranks[there > 0.5].sum() - n * (n + 1) / 2) / (n * (len(there) - n)))


def _joint(blocks: Blocks, components: dict[str, Components]) -> Doubles:
    return np.concatenate(
        [part.of_rows(np.asarray(blocks[name], np.float64)) for name, part in components.items()],
        axis=1,
    )


def _white(Z: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Centre, whitened rows and whitening map of `Z` [n, m]; directions without spread are left
    out.
    """
    centre = Z.mean(axis=0)
    values, vectors = np.linalg.eigh((Z - centre).T @ (Z - centre) / max(len(Z), 1))
    kept = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)
    turn = vectors[:, kept] / np.sqrt(values[kept])
    return centre, (Z - centre) @ turn / np.sqrt(max(len(Z), 1)), turn


def _correlation(u: Doubles, v: Doubles) -> float:
    u, v = u - u.mean(), v - v.mean()
    size = float(np.linalg.norm(u) * np.linalg.norm(v))
    return float(u @ v) / size if size > 0 else 0.0
