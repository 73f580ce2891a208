"""Items in groups, some of them small, with a truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from palate.encode.labels.given import KnownLabels
from palate.seeding import generator
from palate.study.labelling.session import LabelTask
from palate.tables.questions import Question, QuestionKind

OPTIONS = ("shoes", "wine", "books")


def task(
    path: Path, kind: QuestionKind = "label", n: int = 300, seed: int = 0, known: int = 0
) -> tuple[LabelTask, np.ndarray]:
    """A task, and its truth float64 [n, 3]; the first `known` items have a label in a field."""
    rng = generator(seed, "tests", "labelling")
    centres = rng.normal(size=(3, 12))
    side = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    truth = np.eye(3)[side]
    if kind == "labels":
        truth = np.maximum(truth, np.eye(3)[rng.integers(0, 3, n)])
    X = truth @ centres + rng.normal(size=(n, 12)) * 0.7
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    there = np.arange(n) < known
    found = LabelTask(
        Question("kind", kind, "what it is", OPTIONS),
        [f"i{j}" for j in range(n)],
        [f"text of item {j} 商品" for j in range(n)],
        [f"item {j}" for j in range(n)],
        X,
        KnownLabels(there, np.where(there[:, None], truth, 0.0), np.ones(n, np.bool_)),
        path,
        "[blocks.kind]\n",
    )
    return found, truth


def values(truth: np.ndarray, row: int) -> list[str]:
    return [o for o, t in zip(OPTIONS, truth[row], strict=True) if t]
