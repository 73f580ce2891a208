"""Several questions about the same importance problem, with one verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from palate.errors import BadInput, PalateError, Refused, raise_all
from palate.explain.importance.caution import cautions
from palate.explain.importance.permutation import Conditional, Permutation
from palate.explain.importance.refit import DropAndRefit
from palate.explain.importance.verdict import BlockVerdict, Settled, judged
from palate.stages import Explainer
from palate.tables import Finding
from palate.tables.importance_problem import ImportanceProblem
from palate.tables.verdict import Answer


@dataclass(frozen=True)
class Study:
    """What was found out.

    Attributes:
        rows: One a block and method.
        findings: What speaks against trusting them; errors are in it only when they were
            overridden.
        evidence: Whether no error was overridden.
    """

    rows: tuple[BlockVerdict, ...]
    findings: tuple[Finding, ...]
    evidence: bool

    def verdicts(self) -> dict[str, Answer]:
        """Block -> the one word on it, in the order of the rows."""
        return {row.estimate.block: row.verdict.answer for row in self.rows}

    def kept(self) -> tuple[str, ...]:
        """The blocks that are worth keeping."""
        return tuple(block for block, answer in self.verdicts().items() if answer == "keep")


def study(
    problem: ImportanceProblem,
    seed: int,
    explainers: Sequence[Explainer] | None = None,
    q: float = 0.1,
    *,
    force: bool = False,
    settled: Callable[[], Sequence[Settled]] = tuple,
) -> Study:
    """Estimate the importance of the blocks of a model.

    Args:
        problem: A fitted model and a question; see `palate.perturbation.problems`.
        seed: Seed of whatever is random.
        explainers: The methods; by default permutation, conditional permutation and, where the
            model can be fitted again, drop and refit.
        q: Share of false discoveries allowed among the blocks.
        force: Go on in spite of errors; the study then says that it is no evidence.
        settled: Makes answers that are judged already; called once nothing speaks against it.

    Raises:
        Refused: An assumption fails: fewer than 50 users, a single block, no signal, a leaked
            target.

    Cost: the sum of the methods'; for the default ones 11 predictions and one fit a block.
    """
    if not problem.blocks:
        raise BadInput("there are no blocks to examine", where="problem.blocks")
    findings = cautions(problem, seed)
    errors: list[PalateError] = [
        Refused(f.message, where=f.where or f.code, next_step=f.advice)
        for f in findings
        if f.severity == "error"
    ]
    if not force:
        raise_all(errors)
    judged_already = settled()
    estimates = [
        w for explainer in explainers or usual(problem) for w in explainer.estimate(problem, seed)
    ]
    return Study(judged(estimates, problem, q, judged_already), findings, not errors)


def usual(problem: ImportanceProblem) -> tuple[Explainer, ...]:
    """The methods used when none is named."""
    always: tuple[Explainer, ...] = (Permutation(), Conditional())
    return (*always, DropAndRefit()) if problem.learner is not None else always


def stability(runs: Sequence[Sequence[BlockVerdict]], method: str) -> float:
    """Mean Spearman correlation of the blocks' values between every two runs (other seeds, other
    folds).

    Blocks for which a run found nothing share the last place of that run: the order of noise is no
    result.

    Args:
        runs: Rows of each run, over the same blocks.
        method: The method whose values are compared.
    """
    values = [
        [
            0.0 if row.found.answer == "no evidence" else row.estimate.value
            for row in sorted(run, key=lambda row: row.estimate.block)
            if row.estimate.method == method
        ]
        for run in runs
    ]
    pairs = [_spearman(a, b) for a, b in combinations(values, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def _spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Rank correlation; where a run found nothing at all, 1 if the other did not either, else 0."""
    if len(set(a)) == 1 or len(set(b)) == 1:
        return float(len(set(a)) == len(set(b)))
    return float(stats.spearmanr(a, b).statistic)
