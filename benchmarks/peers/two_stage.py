"""LightGBM's lambdarank over the candidates of models of ids: the second stage that a stranger
adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from peers.content_models import Words, standard
from peers.id_models import Model

from palate import ranks
from palate.arrays import Floats, Ragged, Rows
from palate.data.describe import field_kinds
from palate.tables import Cases, Catalogue, Histories, Interactions

CANDIDATES = 100
"""Of each model."""
CHUNK = 512


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of items without a case.

    Attributes:
        columns: float32 [n_items, n_columns]: how often an item occurs, how often lately, how long
            ago it came last, and the numbers of the catalogue.
    """

    columns: Floats

    @classmethod
    def of(cls, log: Interactions, catalogue: Catalogue) -> Facts:
        """Of a training log and its catalogue."""
        columns = [np.log1p(log.item_counts())]
        if log.time is not None:
            lately = log.time >= np.quantile(log.time, 0.9)
            columns.append(np.log1p(np.bincount(log.item[lately], minlength=log.n_items)))
            newest = np.full(log.n_items, log.time.min(), np.int64)
            np.maximum.at(newest, log.item, log.time)
            columns.append((log.time.max() - newest) / max(int(np.ptp(log.time)), 1))
        for kind in field_kinds(catalogue):
            column = catalogue.column(kind.name)
            if column.dtype.is_numeric():
                columns.append(column.cast(float).fill_null(np.nan).to_numpy())
        return cls(np.stack(columns, axis=1).astype(np.float32))


@dataclass(frozen=True, eq=False)
class TwoStage:
    """Candidates of several models, put in order by trees; all other items come after them.

    Attributes:
        models: Fitted models of ids, the best first.
        words: TF-IDF of the catalogue, where it has words.
        facts: Of the items.
        repeats: Whether items of the history may be recommended again.
        trees: Fitted; None before.
    """

    models: tuple[Model, ...]
    words: Words | None
    facts: Facts
    repeats: bool
    trees: Any = None

    def score(self, histories: Histories) -> Floats:
        """float32 [m, n_items]."""
        scores = [standard(model.score(histories)) for model in self.models]
        case, item = _candidates(self, scores, histories)
        rest = scores[0] - scores[0].max(axis=1, keepdims=True) - 1
        given = np.asarray(self.trees.predict(_rows(self, scores, histories, case, item)))
        out = np.asarray(rest, np.float32)
        out[case, item] = given - given.min(initial=0.0) + 1
        return out


def two_stage(
    models: Sequence[Model],
    words: Words | None,
    facts: Facts,
    cases: Cases,
) -> TwoStage:
    """Fit the trees on one half of the cases and stop them by the other.

    Args:
        models: Fitted models of ids, the best first; they give the candidates.
        words: TF-IDF of the catalogue, where it has words.
        facts: Of the items.
        cases: Validation cases.
    """
    import lightgbm

    n_items = len(facts.columns)
    again = cases.histories.items.mask(n_items) & ~cases.seen.mask(n_items)
    plain = TwoStage(tuple(models), words, facts, repeats=bool(again.any()))
    half = np.random.default_rng(1).permutation(len(cases)) < len(cases) // 2
    parts = [_labelled(plain, cases.take(part)) for part in (half, ~half)]
    trained, held = (
        lightgbm.Dataset(rows, label=label, group=group, free_raw_data=False)
        for rows, label, group in parts
    )
    settings = {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [10],
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 50,
        "lambda_l2": 1.0,
        "num_threads": 1,
        "seed": 1,
        "verbose": -1,
    }
    stop = lightgbm.early_stopping(40, verbose=False)
    trees = lightgbm.train(settings, trained, 600, valid_sets=[held], callbacks=[stop])
    return replace(plain, trees=trees)


def _labelled(stage: TwoStage, cases: Cases) -> tuple[Floats, Any, Any]:
    """Rows of all candidates of the cases, whether each is a target, and how many a case has."""
    rows, labels, groups = [], [], []
    for start in range(0, len(cases), CHUNK):
        part = cases.take(np.arange(start, min(start + CHUNK, len(cases))))
        scores = [standard(model.score(part.histories)) for model in stage.models]
        case, item = _candidates(stage, scores, part.histories)
        seen = part.seen.mask(scores[0].shape[1])[case, item]
        target = part.targets.mask(scores[0].shape[1])[case, item] & ~seen
        # a case without a target among its candidates teaches nothing
        kept = ~seen & np.isin(case, case[target])
        rows.append(_rows(stage, scores, part.histories, case[kept], item[kept]))
        labels.append(target[kept].astype(np.int8))
        groups.append(np.unique(case[kept], return_counts=True)[1])
    return np.concatenate(rows), np.concatenate(labels), np.concatenate(groups)


def _candidates(stage: TwoStage, scores: list[Floats], histories: Histories) -> tuple[Rows, Rows]:
    """Case and item of every candidate, sorted by case."""
    nothing = Ragged.of([[]] * len(histories))
    left_out = nothing if stage.repeats else histories.items
    chosen = np.zeros(scores[0].shape, np.bool_)
    for one in scores:
        items, best = ranks.top(ranks.masked(one, left_out), CANDIDATES)
        row, place = np.nonzero(best > -np.inf)
        chosen[row, items[row, place]] = True
    case, item = np.nonzero(chosen)
    return case.astype(np.int32), item.astype(np.int32)


def _rows(
    stage: TwoStage, scores: list[Floats], histories: Histories, case: Rows, item: Rows
) -> Floats:
    """float32 [n_candidates, n_columns]."""
    columns = [one[case, item] for one in scores]
    # how far a candidate is from the case's best
    columns += [one.max(axis=1)[case] - one[case, item] for one in scores]
    if stage.words is not None:
        columns.append(stage.words.score(histories)[case, item])
        newest = histories.keep(histories.ages() == 0)
        columns.append(stage.words.score(newest)[case, item])
    columns.append(histories.items.lengths()[case])
    own = np.stack(columns, axis=1).astype(np.float32)
    return np.concatenate([own, stage.facts.columns[item]], axis=1)
