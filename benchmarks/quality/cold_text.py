"""Which kind of text pays where: withheld items ranked by content alone, words beside a language
model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from prepared import blocks, data, parted
from scipy import sparse

from palate import ranks
from palate.arrays import Doubles, Floats, Matrix, Ragged, Rows, l2_normalised
from palate.inference import clustered
from palate.tables import Cases, FeatureTable, Split

name = "cold_text"
what = (
    "A tenth of the items withheld for the test and another tenth for validation, 5 withholdings;"
    " whoever touched a withheld item ranks the withheld ones (of the same tenth) by the likeness"
    " of their content to the rest of the history. Untrained: cosine weighed by the rareness of the"
    " history's items. Chosen: geometry, weighing of the history and weights of the blocks by"
    " NDCG@10 on the validation items. Means over the withholdings; differences paired over people,"
    " all withholdings together, with a 95 % interval over people"
)
SETS = {
    "ml-1m, plot": ("ml-1m", {"text": ["overview"]}),
    "ml-1m, title + genres + plot": ("ml-1m", {"text": ["title", "genres", "overview"]}),
    "amazon-office, title": ("amazon-office", {"text": ["title"]}),
    "amazon-office, title + description": (
        "amazon-office",
        {"text": ["title", "description"], "title": ["title"]},
    ),
}
SEEDS = range(1, 6)
WEIGHTS = (0.0, 0.15, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5)
FADES = (None, 2.0, 8.0)
"""How quickly events of the history count less; None: not at all."""


@dataclass(frozen=True)
class Answers:
    """Scores [n_cases, n_withheld] of some cases by each kernel, and where the right ones are."""

    scores: Mapping[str, Floats]
    targets: Ragged
    users: Rows

    def ndcg(self, combined: Floats) -> Doubles:
        """float64 [n_cases]."""
        return ranks.ndcg(ranks.positions_masked(combined, self.targets), 10)

    def recall(self, combined: Floats) -> float:
        """Mean share of the right ones among the first ten."""
        found = ranks.positions_masked(combined, self.targets)
        hits = np.bincount(found.case, found.position <= 10, minlength=len(self.targets))
        return float(np.mean(hits / np.maximum(self.targets.lengths(), 1)))

    def mixed(self, weights: Mapping[str, float]) -> Floats:
        """The kernels' scores, weighed."""
        return np.asarray(
            sum(np.float32(w) * self.scores[k] for k, w in weights.items() if w), np.float32
        )


def run() -> dict[str, Any]:
    """Every text of every set."""
    rows = [{"set": label, **row} for label, what_of in SETS.items() for row in _set(*what_of)]
    return {"rows": rows, "claims": claims(rows)}


def claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was asked of films and of office products."""
    told = []
    for label in SETS:
        by = {row["features"]: row for row in rows if row["set"] == label}
        if label.startswith("ml-1m"):
            gain = by["meaning, chosen"]["N@10"] / by["words, chosen"]["N@10"] - 1
            told.append(
                _claim(
                    f"{label}: meaning in place of words {gain:+.1%} N@10, goal +15 %", gain >= 0.15
                )
            )
        else:
            rivals = ("words, untrained", "words, chosen", "both, untrained")
            better = all(by["both, chosen"][m] > by[r][m] for r in rivals for m in ("R@10", "N@10"))
            told.append(
                _claim(f"{label}: both, chosen, above words alone and the untrained sum", better)
            )
    return told


def _claim(sentence: str, holds: bool) -> dict[str, Any]:
    return {"claim": sentence, "holds": bool(holds)}


def _set(name_of_set: str, fields: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    whole = data(name_of_set)
    found: dict[str, list[tuple[float, Doubles, str]]] = {}
    users: list[Rows] = []
    for seed in SEEDS:
        splitter = {"part": "split.cold_items.v1", "share": 0.1, "validation_share": 0.1}
        split = parted(whole, splitter, seed)
        features = _features(whole, split, fields)
        validation, test = (
            _answers(split, features, split.validation),
            _answers(split, features, split.test.open("inspect")),
        )
        users.append(test.users)
        for label, weights in _forms(validation).items():
            mixed = test.mixed(weights)
            told = " + ".join(f"{w:g} {k}" for k, w in weights.items() if w)
            found.setdefault(label, []).append((test.recall(mixed), test.ndcg(mixed), told))
    return [
        _row(label, answers, found["words, chosen"], np.concatenate(users))
        for label, answers in found.items()
    ]


def _row(label: str, answers: list[Any], base: list[Any], users: Rows) -> dict[str, Any]:
    mine, theirs = (np.concatenate([a[1] for a in some]) for some in (answers, base))
    difference = clustered(mine - theirs, users)
    return {
        "features": label,
        "R@10": round(float(np.mean([a[0] for a in answers])), 4),
        "N@10": round(float(np.mean([a[1].mean() for a in answers])), 4),
        "N@10 against words, chosen": (
            f"{difference.value:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"
        ),
        "chosen on the first withholding": answers[0][2],
    }


def _features(whole: Any, split: Split, fields: Mapping[str, list[str]]) -> dict[str, Matrix]:
    made: dict[str, Matrix] = {}
    for text, names in fields.items():
        table: FeatureTable = blocks(whole, split, names, ["words", "meaning", "meaning, whitened"])
        end = "" if text == "text" else f" of {text}"
        made |= {
            f"{block}{end}": l2_normalised(table.blocks[block].matrix) for block in table.blocks
        }
    return made


def _answers(split: Split, features: Mapping[str, Matrix], cases: Cases) -> Answers:
    """All kernels' scores for the withheld items that somebody in `cases` is asked for."""
    withheld = np.unique(cases.targets.values)
    column = np.full(split.train.n_items, -1, np.int32)
    column[withheld] = np.arange(len(withheld))
    targets = Ragged(column[cases.targets.values], cases.targets.offsets)
    rareness = np.log(split.train.n_users / (1 + split.train.item_counts()))
    scores = {}
    for fade in FADES:
        h = cases.histories
        weights = rareness[h.items.values] * (1.0 if fade is None else np.exp(-h.ages() / fade))
        W = h.matrix(split.train.n_items, weights)
        for block, E in features.items():
            products: Any = (W @ E) @ E[withheld].T
            answer = np.asarray(
                products.todense() if sparse.issparse(products) else products, np.float32
            )
            scores[_kernel(block, fade)] = answer / max(float(answer.std()), 1e-9)
    return Answers(scores, targets, cases.histories.users)


def _kernel(block: str, fade: float | None) -> str:
    return block if fade is None else f"{block}, fade {fade:g}"


def _forms(validation: Answers) -> dict[str, dict[str, float]]:
    """Label -> weights of the kernels."""
    words = [k for k in validation.scores if k.startswith("words")]
    meaning = [k for k in validation.scores if k.startswith("meaning")]
    return {
        "words, untrained": {"words": 1.0},
        "meaning, centred, untrained": {"meaning": 1.0},
        "meaning, whitened, untrained": {"meaning, whitened": 1.0},
        "both, untrained": {"words": 1.0, "meaning, whitened": 1.0},
        "words, chosen": _chosen(validation, words),
        "meaning, chosen": _chosen(validation, meaning),
        "both, chosen": _chosen(validation, words + meaning),
    }


def _chosen(validation: Answers, kernels: list[str]) -> dict[str, float]:
    """The best single kernel, then the others' weights, one after the other, as long as NDCG
    rises.
    """

    def estimate(weights: Mapping[str, float]) -> float:
        return float(validation.ndcg(validation.mixed(weights)).mean())

    first = max(kernels, key=lambda k: estimate({k: 1.0}))
    best = {k: float(k == first) for k in kernels}
    for _ in range(2):
        for kernel in kernels:
            if kernel != first:
                best = max(({**best, kernel: w} for w in WEIGHTS), key=estimate)
    return best
