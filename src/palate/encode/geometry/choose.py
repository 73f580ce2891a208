"""The geometry that serves best, found out on validation cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Gt
from scipy import sparse

from palate import config, ranks
from palate.arrays import Doubles, Floats, Matrix, Sparse, dense, l2_normalised
from palate.encode.geometry.base import Geometry
from palate.encode.geometry.scale import Centre
from palate.encode.geometry.spectral import Pca, PcaSettings, Shrink, ShrinkSettings, Whiten
from palate.errors import BadRecipe, Refused
from palate.gradient.origin import digest_of_log
from palate.gradient.pairs import closeness
from palate.gradient.validation import some_cases
from palate.part_state import PartState, fitted, nested, state_of
from palate.stages import FitContext
from palate.store import Artefact
from palate.tables import Block, Cases, Histories, Interactions, Training

Candidate = Literal["none", "centre", "zca", "pca", "pca-whiten", "shrink"]

NDCG_AT = 10
CASES_AT_ONCE = 512


@dataclass(frozen=True)
class ChooseSettings:
    """Settings of `geometry.choose.v1`."""

    candidates: tuple[Candidate, ...] = ("none", "centre", "zca", "pca-whiten", "shrink")
    """What is tried; of two that are equally good the one that stands first is taken."""
    strengths: tuple[Annotated[float, Ge(0)], ...] = (10.0, 100.0, 1000.0)
    """Strengths tried for `"shrink"`."""
    dims: Annotated[int, Ge(1)] = 384
    """Most directions that `"pca"`, `"pca-whiten"` and `"shrink"` keep."""
    judged: Literal["alone", "fused", "both"] = "both"
    """By what the kernel is worth alone, added to a co-occurrence score, or the sum of the two."""
    weights: tuple[Annotated[float, Gt(0)], ...] = (0.3, 1.0, 3.0)
    """Weights of the kernel beside the co-occurrence score; the best one counts."""
    fade: Annotated[float, Gt(0)] = 2.0
    """Steps after which an event of the history counts 1/e."""
    validation_cases: Annotated[int, Ge(1)] = 2048
    """Most validation cases that are used, drawn by seed."""


@dataclass(frozen=True)
class Tried:
    """What one geometry is worth on the validation cases.

    Attributes:
        label: Candidate, with its strength where it has one.
        alone: NDCG at 10 of the block's kernel alone.
        fused: The same of the kernel beside a co-occurrence score, at the best weight.
        weight: That weight.
    """

    label: str
    alone: float
    fused: float
    weight: float


class Choose:
    """Takes the geometry whose kernel ranks the validation cases best: none, centred, whitened or
    shrunk.

    Whitening helps titles of products and hurts plots of films, and no rule tells beforehand; a
    look at the validation cases does. Rows come out with length one. Where there are no validation
    cases, or the geometry is known, name it under `shape`.

    Args:
        settings: See `ChooseSettings`.

    Attributes:
        tried_: What each candidate is worth, in the order of the settings.
        chosen_: Its label.

    Cost: for each candidate one scoring of the validation cases by a kernel and a ranking for each
        weight.
    """

    Settings = ChooseSettings
    name: ClassVar[str] = "geometry.choose.v1"
    tried_: tuple[Tried, ...]
    chosen_: str
    geometry_: Geometry | None
    facts_: Mapping[str, Any]

    def __init__(self, settings: ChooseSettings | None = None) -> None:
        self.settings = settings or ChooseSettings()

    def fit(self, block: Block, training: Training, context: FitContext = FitContext()) -> Self:
        """Try every candidate.

        Raises:
            Refused: There are no validation cases.
            BadInput: The block holds NaN or infinite numbers, or no training item has its content.
            BadRecipe: No candidate can be had of this block.
        """
        if not len(training.validation):
            raise Refused(
                "a geometry is chosen on validation cases, and there are none",
                where=f"blocks.{block.name}",
                next_step=(
                    "choose a split with a validation part, or name the geometry under shape:"
                    ' "geometry.l2.v1"'
                ),
            )
        block.finite()
        rows = np.unique(training.log.item).astype(np.int32)
        objective = _Objective.of(training, context, self.settings)
        found: list[tuple[Tried, Geometry | None]] = []
        for label, geometry in _candidates(self.settings):
            try:
                shaped = block if geometry is None else geometry.fit(block, rows).transform(block)
            except BadRecipe:  # a sparse block so wide that this geometry would fill the memory
                continue
            found.append((objective(label, l2_normalised(shaped.matrix)), geometry))
        if not found:
            names = ", ".join(self.settings.candidates)
            raise BadRecipe(
                f"this block is too wide for {names}",
                where="candidates",
                allowed="none, pca, shrink",
            )
        self.tried_ = tuple(tried for tried, _ in found)
        best = int(np.argmax([_value(tried, self.settings.judged) for tried in self.tried_]))
        self.chosen_, self.geometry_ = self.tried_[best].label, found[best][1]
        record = [
            {k: round(v, 6) if isinstance(v, float) else v for k, v in vars(t).items()}
            for t in self.tried_
        ]
        self.facts_ = {
            "chosen": self.chosen_,
            "tried": record,
            "learnt_from": digest_of_log(training),
        }
        return self

    def transform(self, block: Block) -> Block:
        """The block in the chosen geometry, rows of length one; absent items stay zero."""
        fitted(self, "facts_")
        shaped = block if self.geometry_ is None else self.geometry_.transform(block)
        applied = shaped.origin.steps[len(block.origin.steps) :]
        step = {
            "part": self.name,
            "settings": config.resolved(self.settings),
            **self.facts_,
            "applied": list(applied),
        }
        origin = replace(block.origin, steps=(*block.origin.steps, step))
        return replace(shaped, matrix=l2_normalised(shaped.matrix), origin=origin)

    def state(self) -> Artefact:
        """What was chosen and tried, and the state of the chosen geometry.

        Raises:
            Refused: The adapter has not been fitted.
        """
        facts = {"found": fitted(self, "facts_"), "tried": [asdict(t) for t in self.tried_]}
        inside = Artefact({}, {}) if self.geometry_ is None else self.geometry_.state()
        arrays, more = nested("geometry", inside)
        return state_of(self, arrays, {**facts, "chosen": self.chosen_, **more})

    def load(self, state: Artefact) -> Self:
        """Take up the chosen geometry, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        candidates = dict(_candidates(self.settings))
        self.chosen_ = kept.fact("chosen", str)
        if self.chosen_ not in candidates:
            raise kept.damaged(f'"{self.chosen_}" is none of the candidates')
        self.tried_ = kept.fact("tried", tuple[Tried, ...])
        inside, geometry = kept.inside("geometry"), candidates[self.chosen_]
        self.geometry_ = None if geometry is None else geometry.load(inside)
        self.facts_ = kept.fact("found", dict[str, Any])
        return self


@dataclass(frozen=True, eq=False)
class _Objective:
    cases: Cases
    together: Sparse
    settings: ChooseSettings

    @classmethod
    def of(cls, training: Training, context: FitContext, settings: ChooseSettings) -> _Objective:
        cases = some_cases(training.validation, settings.validation_cases, context.seed)
        return cls(cases, _together(training.log), settings)

    def __call__(self, label: str, E: Matrix) -> Tried:
        """NDCG of the rows `E` [n_items, d] of length one."""
        alone: list[Doubles] = []
        fused: list[list[Doubles]] = [[] for _ in self.settings.weights]
        ratio = 0.0
        for start in range(0, len(self.cases), CASES_AT_ONCE):
            part = self.cases.take(np.arange(start, min(start + CASES_AT_ONCE, len(self.cases))))
            content, behaviour = self._scores(part.histories, E)
            # one ratio for all cases: how strongly a kernel speaks for a case is information
            ratio = ratio or _spread(behaviour) / max(_spread(content), 1e-12)
            alone.append(_ndcg(content, part))
            for weight, kept in zip(self.settings.weights, fused, strict=True):
                kept.append(_ndcg(behaviour + np.float32(weight * ratio) * content, part))
        means = [float(np.mean(np.concatenate(kept))) for kept in fused]
        best = int(np.argmax(means))
        return Tried(
            label, float(np.mean(np.concatenate(alone))), means[best], self.settings.weights[best]
        )

    def _scores(self, histories: Histories, E: Matrix) -> tuple[Floats, Floats]:
        q = histories.matrix(E.shape[0], np.exp(-histories.ages() / self.settings.fade))
        content: Any = (q @ E) @ E.T
        return dense(content), dense(q @ self.together)


def _candidates(settings: ChooseSettings) -> Iterator[tuple[str, Geometry | None]]:
    made: Mapping[str, Sequence[tuple[str, Geometry | None]]] = {
        "none": [("none", None)],
        "centre": [("centre", Centre())],
        "zca": [("zca", Whiten())],
        "pca": [("pca", Pca(PcaSettings(dims=settings.dims)))],
        "pca-whiten": [("pca-whiten", Shrink(ShrinkSettings(strength=0.0, dims=settings.dims)))],
        "shrink": [
            (f"shrink {s:g}", Shrink(ShrinkSettings(strength=s, dims=settings.dims)))
            for s in settings.strengths
        ],
    }
    for name in settings.candidates:
        yield from made[name]


def _together(log: Interactions) -> Sparse:
    """float32 CSR [n_items, n_items], how closely items stood together, popular ones damped."""
    counts = 1.0 + log.item_counts()
    C = sparse.diags(counts**-0.5) @ closeness(log) @ sparse.diags(counts**-0.3)
    return sparse.csr_matrix(C, dtype=np.float32)


def _value(tried: Tried, judged: str) -> float:
    return {"alone": tried.alone, "fused": tried.fused, "both": tried.alone + tried.fused}[judged]


def _ndcg(scores: Floats, cases: Cases) -> Doubles:
    return ranks.ndcg(ranks.positions(scores, cases.seen, cases.targets), NDCG_AT)


def _spread(scores: Floats) -> float:
    """How far the best item stands above the mean item."""
    return float(np.mean(scores.max(axis=1) - scores.mean(axis=1)))
