"""What a run may claim of its features, each claim from one row and its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from palate.evaluate.slices import WHOLE
from palate.recipe.graph import ModelGraph
from palate.recipe.references import credits_of, of_language_models
from palate.report.chosen import complexity
from palate.runs.documents import Beaten, Earned, FeatureFinding
from palate.runs.rows import Comparison, Score
from palate.tables import Finding
from palate.tables.variant import Kind, Variant
from palate.tables.verdict import Answer, Verdict, of_control

CONTENT: Mapping[Kind, str] = MappingProxyType(
    {"permuted": "permuted texts", "random": "random vectors of the same width"}
)
"""What stands in for content in a control."""


@dataclass(frozen=True)
class Judged:
    """A lift with what may be said of it: sentence, mark and colour are made of this alone.

    Attributes:
        row: The lift.
        answer: `keep` only where the fusion is clear of its own controls too.
        reason: Why a lift that is clear by itself is no evidence; else empty.
    """

    row: Comparison
    answer: Answer
    reason: str = ""


def judged(row: Comparison, comparisons: Sequence[Comparison], *, weighs: bool = True) -> Judged:
    """What may be said of a lift.

    Args:
        row: The lift.
        comparisons: All of the run, the fusion's controls among them.
        weighs: Whether features have any weight in the fusion.
    """
    answer = row.verdict.answer
    if not weighs:
        return Judged(row, "no evidence", "the fusion gave the features no weight")
    behind = [
        r
        for r in comparisons
        if r.purpose == "own control"
        and (r.a_variant, r.slice, r.metric) == (row.a_variant, row.slice, row.metric)
        and r.verdict.answer != "keep"
    ]
    if answer == "keep" and behind:
        content = CONTENT[behind[0].b_variant.kind]
        return Judged(row, "no evidence", f"not clearly ahead of the same model with {content}")
    return Judged(row, answer)


@dataclass(frozen=True)
class Claims:
    """The rows that speak of one fusion.

    Attributes:
        fusion: The model with features.
        metric: The primary one.
        leaderboard: Every model on every slice.
        comparisons: The paired tests.
        weighs: Whether features have any weight in the fusion.
        leak: What was found about one of its blocks that seems to know the test.
    """

    fusion: Variant
    metric: str
    leaderboard: Sequence[Score]
    comparisons: Sequence[Comparison]
    weighs: bool = True
    leak: Finding | None = None

    def value(self, model: Variant, part: str) -> float | None:
        """The figure of a model on a slice; None if it has none."""
        wanted = (model, part, self.metric)
        found = (r.value for r in self.leaderboard if (r.variant, r.slice, r.metric) == wanted)
        return next(found, None)

    @property
    def lifts(self) -> list[Comparison]:
        """The fusion against what it is measured against, slice by slice."""
        return [r for r in self.comparisons if r.purpose == "lift" and r.a_variant == self.fusion]

    @property
    def whole(self) -> Comparison | None:
        """The same over all test users."""
        return next((r for r in self.lifts if r.slice == WHOLE), None)

    @property
    def controls(self) -> list[Comparison]:
        """Its controls over all test users, against what it is measured against itself."""
        return [
            r
            for r in self.comparisons
            if r.purpose == "control" and r.a_variant.of == self.fusion.of and r.slice == WHOLE
        ]

    @property
    def loud(self) -> Comparison | None:
        """A control that gains, though its content means nothing."""
        return next((r for r in self.controls if self.control(r).answer == "keep"), None)

    def control(self, row: Comparison) -> Verdict:
        """Whether a control gains, against what it is compared with."""
        return of_control(row.verdict, self.value(row.b_variant, row.slice))

    def judged(self, row: Comparison) -> Judged:
        """What may be said of one of the lifts."""
        return judged(row, self.comparisons, weighs=self.weighs)

    @property
    def paying(self) -> list[Comparison]:
        """The slices whose gain is clear, and clear of the fusion's own controls there too; the one
        that gains most first. None where a block seems to know the test.
        """
        if self.leak:
            return []
        parts = [r for r in self.lifts if r.slice != WHOLE]
        clear = [r for r in parts if self.judged(r).answer == "keep"]
        return sorted(clear, key=lambda r: -(r.difference or 0.0))

    @property
    def finding(self) -> FeatureFinding:
        """What was found about the features, in one word."""
        if self.whole is None:
            return "no features"
        if not self.weighs:
            return "no weight"
        if self.loud or self.leak:
            return "not evidence"
        answer = self.judged(self.whole).answer
        if answer == "keep":
            return "gain"
        if answer == "harmful":
            return "loss"
        return "gain in slices" if self.paying else "no evidence"

    def earned(self, graph: ModelGraph) -> tuple[Earned, ...]:
        """What the fusion would lose without each block, and without its language models; of a
        fusion of one block that is the lift itself. Nothing is credited where a gain would be no
        evidence.
        """
        found = self._earned(graph)
        if self.finding != "not evidence":
            return found
        return tuple(replace(e, verdict="no evidence") if e.verdict == "keep" else e for e in found)

    def _earned(self, graph: ModelGraph) -> tuple[Earned, ...]:
        blocks = graph.all_blocks(self.fusion.of)
        if len(blocks) == 1 and self.whole is not None:
            answer = self.judged(self.whole).answer
            return (_earned(blocks[0], blocks, self.whole, answer, graph),)
        rows = {
            (r.a_variant, r.b_variant): r
            for r in self.comparisons
            if r.purpose == "ablation" and r.slice == WHOLE
        }
        return tuple(
            _earned(credit.claim, credit.blocks, row, row.verdict.answer, graph)
            for credit in credits_of(graph, self.fusion.of)
            if (row := rows.get((self.fusion, credit.reference)))
        )


def beaten_by(
    best: str, comparisons: Sequence[Comparison], graph: ModelGraph
) -> tuple[Beaten, ...]:
    """Simpler models and models of behaviour alone that are ahead of the best one on the test, be
    it clearly or not; those that are so clearly first, then the furthest ahead.
    """
    found = []
    for row in comparisons:
        if row.purpose != "pair" or best not in (row.a, row.b) or row.difference is None:
            continue
        sign = -1 if row.a == best else 1
        other = row.b if row.a == best else row.a
        simpler = complexity(graph, other) <= complexity(graph, best)
        if sign * row.difference <= 0 or not (simpler or not graph.all_blocks(other)):
            continue
        low, high = (row.low, row.high) if sign > 0 else (_negative(row.high), _negative(row.low))
        clear = row.verdict.answer != "no evidence"
        advice = _advice(other, complexity(graph, other) - complexity(graph, best), clear=clear)
        numbers = (sign * row.difference, low, high, row.p_adjusted)
        found.append(Beaten(other, *numbers, clear, advice, row.n_compared))
    return tuple(sorted(found, key=lambda b: (not b.clear, -(b.difference or 0.0))))


def _advice(model: str, more: int, *, clear: bool) -> str:
    """What to do about a model that is ahead and is made of so many parts more."""
    if clear:
        return f"use {model}"
    return f"{model} is simpler and may well do" if more < 0 else "it takes more users to tell"


def _earned(
    claim: str, blocks: Sequence[str], row: Comparison, answer: Answer, graph: ModelGraph
) -> Earned:
    spoken = all(of_language_models(graph, block) for block in blocks)
    numbers = (row.difference, row.low, row.high, row.p_adjusted)
    return Earned(claim, tuple(blocks), spoken, *numbers, answer, row.n_compared)


def _negative(x: float | None) -> float | None:
    return None if x is None else -x
