"""SLIST: the sequential linear model in closed form, by itself or taught by the content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Floats, l2_normalised
from palate.capabilities import Described, Narrowed, Reads
from palate.model.gram import DenseOnly, check_memory, gram, inverted, times_sparse
from palate.model.history_weights import LATEST_FIRST, HistoryWeights
from palate.model.item_item import IdItemItem
from palate.model.next_steps import next_steps
from palate.model.semantic import semantic
from palate.model.similarity import Similarity, Whole
from palate.model.text_kernel import chosen
from palate.tables import FeatureTable, Training


@dataclass(frozen=True)
class SlistSettings:
    """Ridge, nearness, share of the unordered part, teacher and query."""

    l2: Annotated[float, Gt(0)] = 100.0
    """Ridge; more for sparser data."""
    fade: Annotated[float, Gt(0)] = 5.0
    """An event g steps before the target counts e^(-(g - 1) / fade) in training."""
    window: Annotated[int, Ge(1)] = 30
    """Events further back are left out of the training rows."""
    unordered: Annotated[float, Ge(0), Le(1)] = 0.3
    """Share of the loss for rebuilding whole histories without order (SLIS); the rest is for the
    next item (SLIT)."""
    teacher: str | None = None
    """Block of features whose item-item matrix the model is pulled to; None: no teacher."""
    pull: Annotated[float, Ge(0)] = 50.0
    """How strongly the teacher pulls."""
    l2_content: Annotated[float, Gt(0)] = 10.0
    """Ridge of the teacher's own autoencoder."""
    query: HistoryWeights = LATEST_FIRST
    """How much each event of a history counts."""
    memory_gib: Annotated[float, Gt(0)] = 8.0
    """Largest memory that the dense matrices may take, in GiB."""


class Slist(IdItemItem[SlistSettings], Narrowed, Described, DenseOnly):
    """B that leads from what came before to what came next, and from a history to itself, in closed
    form.

    B = (G + (l2 + pull) I)^-1 (u X'X + (1 - u) S'T + pull C), G = u X'X + (1 - u) S'S, with u =
    `unordered`, S the faded events before each event, T the event itself and C the content's
    item-item matrix (the form that LINK gives to a teacher; with the content as teacher, rare items
    borrow from their like). Learns in seconds what sequence networks learn in minutes. With times
    of events see `model.tale.v1`; for very sparse purchases `model.cooccurrence.v1` needs no
    inverse and is often as good.

    Args:
        settings: See `SlistSettings`.

    Cost: n_items^3 multiplications once, 8 n_items^2 bytes.

    Choi et al., Session-aware Linear Item-Item Models for Session-based Recommendation, WWW 2021;
    Choi et al., Linear Item-Item Model with Neural Knowledge for Session-based Recommendation,
    SIGIR 2025.
    """

    does: ClassVar[str] = "as EASE, learnt from what came first and what came next."
    Settings = SlistSettings

    @classmethod
    def reads(cls, settings: SlistSettings) -> Reads:
        """The block of the teacher, if any."""
        return Reads.optional_block(settings.teacher)

    @classmethod
    def narrowed(cls, settings: SlistSettings, left: Reads) -> SlistSettings:
        """The settings with the block that is left, or none."""
        return replace(settings, teacher=left.first_block)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items]."""
        s, log = self.settings, training.log
        check_memory(log.n_items, self.matrices, s.memory_gib)
        steps = next_steps(
            log, s.window, lambda gap, _: np.asarray(np.exp(-(gap - 1) / s.fade), np.float64)
        )
        X, S, T = log.matrix(), steps.sources, steps.target_matrix(np.ones(len(steps.targets)))
        # sparse until the inverse meets it: few pairs of items ever stand together
        wanted = s.unordered * (X.T @ X) + (1 - s.unordered) * (S.T @ T)
        G = np.float32(s.unordered) * gram(X) + np.float32(1 - s.unordered) * gram(S)
        pull = s.pull if s.teacher is not None else 0.0
        G[np.diag_indices_from(G)] += np.float32(s.l2 + pull)
        P = inverted(G, "raise l2")
        B = times_sparse(P, wanted)
        if s.teacher is not None:
            add_teacher(B, P, training.features, s.teacher, s.l2_content, pull)
        return Whole(B)


def add_teacher(
    B: Floats, P: Floats, features: FeatureTable, block: str, l2: float, pull: float
) -> None:
    """Add pull P C to `B` [n, n] in place, C from the block's content."""
    # C is a thin product less a diagonal, so P C needs no third n x n matrix; P is not needed
    # afterwards, and takes the diagonal's part.
    C = semantic(l2_normalised(chosen(features, block).finite()), l2)
    PL, _ = C.times(P)
    B += np.float32(pull) * np.asarray(PL @ C.R.T)
    P *= (-pull * C.own).astype(np.float32)
    B += P
