"""The second stage with trees: members find candidates, LightGBM ranks them by what is known of
each pair.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, cast

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Floats
from palate.capabilities import Costed
from palate.gradient.validation import some_cases
from palate.model.candidate_lists import Lists, lists_of, lists_to_learn_from
from palate.model.candidates import (
    CASES_AT_ONCE,
    CandidateFeatures,
    Candidates,
    chunk_by_chunk,
    content_arrays,
    content_of,
    contents,
    item_columns,
    named_members,
    placed,
)
from palate.model.item_item import check_items, fitted
from palate.model.second_stage import SecondStage
from palate.model.tree_text import checked_trees, damaged_trees
from palate.optional import need
from palate.seeding import generator, seed_of
from palate.shared_scores import score_of
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Training
from palate.tables.labelled_rows import LabelledRows
from palate.work import LogSize, Work


@dataclass(frozen=True)
class TreeRankerSettings:
    """Members, candidates and trees."""

    members: tuple[str, ...] = ()
    """Names of other models of the recipe, which find the candidates, the one to beat first; empty:
    all that stand before it."""
    blocks: tuple[str, ...] | None = None
    """Blocks whose similarity to the history describes a candidate; None: all of the recipe; empty:
    none."""
    candidates: Annotated[int, Ge(1)] = 100
    """Best items of each member that become candidates."""
    fields: Annotated[int, Ge(0)] = 32
    """Blocks of at most so many named columns (structured fields) describe a candidate column by
    column too."""
    k: Annotated[int, Ge(1)] = 10
    """Depth of the NDCG that is maximised and that stops training."""
    training_cases: Annotated[int, Ge(10)] = 6000
    """Most validation cases that it is trained on."""
    wrong: Annotated[int, Ge(5)] | None = None
    """Wrong candidates of each case that trees are grown on, drawn by seed; None: all. How many
    trees are enough, and whether they beat the first member, is seen on whole lists."""
    folds: Annotated[int, Ge(2)] = 3
    """Parts that the cases are dealt into: trees grown on the others are stopped and measured on
    each."""
    trees: Annotated[int, Ge(1)] = 400
    """Most trees."""
    leaves: Annotated[int, Ge(2)] = 15
    """Leaves of a tree: how many columns can act together."""
    rate: Annotated[float, Gt(0), Le(1)] = 0.05
    """Shrinkage of each tree."""
    leaf_rows: Annotated[int, Ge(1)] = 50
    """Fewest pairs of a leaf."""
    l2: Annotated[float, Ge(0)] = 10.0
    """L2 pull on the values of the leaves."""
    columns: Annotated[float, Gt(0), Le(1)] = 0.8
    """Share of the columns that each tree may use."""
    bins: Annotated[int, Ge(2), Le(255)] = 255
    """Values of a column that trees tell apart: fewer are quicker."""
    patience: Annotated[int, Ge(1)] = 40
    """Stop after so many trees without a better NDCG on the cases that they were not grown on."""
    evidence: Annotated[float, Ge(0)] = 2.0
    """Standard errors by which the trees must beat the first member on cases that they were not
    grown on; else its order stays."""


class TreeRanker(SecondStage, Costed):
    """Base of the rankers by trees: authors name LightGBM's objective in `objective`.

    The members were fitted on the training part and look better there than they are, so the trees
    learn from validation cases, which no member was fitted on. Part by part, trees grown on the
    other cases say how many trees are enough and whether they are any better than the first member;
    then all cases grow so many. Where they are not better, the first member's scores are given as
    they are. A member's better score never lowers a candidate. Items that are no candidates come
    after all candidates, in the first member's order; so do the items of the history, since they
    are no candidates.

    Args:
        settings: See `TreeRankerSettings`.

    Attributes:
        booster_: The `lightgbm.Booster`, with columns in the order of `features_.names()`.
        adopted_: Whether the trees rank; if not, the first member does.
        gain_: NDCG of trees less that of the first member on cases that the trees were not grown
            on, and its standard error.
    """

    Settings: ClassVar[type[TreeRankerSettings]] = TreeRankerSettings
    objective: ClassVar[Mapping[str, Any]]
    purpose: ClassVar[str]
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "scored"
    features_: CandidateFeatures
    booster_: Any
    adopted_: bool
    gain_: tuple[float, float]

    def __init__(self, settings: TreeRankerSettings | None = None) -> None:
        self.settings = settings if settings is not None else self.Settings()

    @classmethod
    def work(cls, settings: TreeRankerSettings, size: LogSize) -> Work:
        """Candidates of the validation cases with their columns, and trees on them."""
        cases, members = min(size.cases, settings.training_cases), max(len(settings.members), 1)
        candidates = min(settings.candidates * members, size.items)
        columns = 4.0 * members + 8.0
        grown = candidates if settings.wrong is None else min(settings.wrong, candidates)
        fits = (settings.folds + 1) * cases * grown * columns / settings.rate
        listed = candidates * columns
        return Work(
            fits + cases * (listed + members * size.items),
            listed + size.items,
            8.0 * cases * listed,
        )

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Grow the trees on validation cases whose right item is among the candidates.

        Raises:
            BadRecipe: A member is not among the fitted models, or there is none.
            Refused: Fewer than ten validation cases can be learnt from.
            MissingExtra: LightGBM is not installed.
        """
        s, log = self.settings, training.log
        counts = log.item_counts().astype(np.float32)
        self.features_ = CandidateFeatures(
            named_members(s.members, context.members),
            contents(training.features, s.blocks),
            counts,
            s.candidates,
            known=item_columns(log, training.features, s.blocks, s.fields),
        )
        cases = some_cases(training.validation, s.training_cases, context.seed)
        lists = lists_to_learn_from(self.features_, cases)
        predictions, rounds = self._cross_validated(lists, context.seed)
        self.gain_ = _gain(lists, predictions, s.k)
        self.adopted_ = self.gain_[0] > s.evidence * self.gain_[1]
        self.booster_ = self._grown(lists, None, rounds, context.seed)
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same ranker over grown members; a new candidate may take an old one's place."""
        more = copy.copy(self)
        more.features_ = cast(CandidateFeatures, fitted(self, "features_")).grown(features)
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], candidates above all others."""
        features = cast(CandidateFeatures, fitted(self, "features_"))
        check_items(histories, len(features.counts))
        if not self.adopted_:
            return np.array(score_of(next(iter(features.members.values())), histories))
        out = np.zeros((len(histories), len(features.counts)), np.float32)
        for number, found in enumerate(chunk_by_chunk(features.of, histories)):
            start = number * CASES_AT_ONCE
            out[start : start + len(found.items)] = _ordered(self.booster_, found)
        return out

    def examples(self, cases: Cases) -> LabelledRows:
        """The candidates of some cases as rows of a ranking, every column a block, for questions of
        importance.

        Ask with `palate.explain.importance`; LightGBM's own gain tells what the trees used, not
        what helps.
        """
        features = cast(CandidateFeatures, fitted(self, "features_"))
        lists = lists_of(features, cases)
        case = np.nonzero(lists.items >= 0)[0].astype(np.int32)
        X, right, _ = lists.rows()
        blocks = {name: X[:, [j]].astype(np.float64) for j, name in enumerate(features.names())}
        user = cases.histories.users[case]
        return LabelledRows(blocks, right.astype(np.float64), user, "ranking", request=case)

    def state(self) -> Artefact:
        """The trees as LightGBM's text, the content, what is known of the items; the members are
        not in it.
        """
        features = cast(CandidateFeatures, fitted(self, "features_"))
        text = self.booster_.model_to_string()
        known = np.stack([*features.known.values(), features.counts], axis=1)
        arrays = {"trees": np.frombuffer(text.encode(), np.uint8), "known": known}
        facts: dict[str, Any] = {
            "members": list(features.members),
            "blocks": list(features.content),
            "known": list(features.known),
            "columns": list(features.names()),
            "adopted": self.adopted_,
            "gain": list(self.gain_),
        }
        return Artefact({**arrays, **content_arrays(features.content)}, facts)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the trees and their members."""
        arrays, facts = state.arrays, state.facts
        known = np.asarray(arrays["known"])
        self.features_ = CandidateFeatures(
            named_members(facts["members"], members),
            content_of(arrays, facts["blocks"]),
            np.ascontiguousarray(known[:, -1]),
            self.settings.candidates,
            known={
                name: np.ascontiguousarray(known[:, j]) for j, name in enumerate(facts["known"])
            },
        )
        text = checked_trees(np.asarray(arrays["trees"]).tobytes(), len(facts["columns"]))
        try:
            self.booster_ = _lightgbm().Booster(model_str=text)
        except (_lightgbm().basic.LightGBMError, ValueError) as error:
            raise damaged_trees(error) from error
        self.adopted_, self.gain_ = (
            bool(facts["adopted"]),
            (float(facts["gain"][0]), float(facts["gain"][1])),
        )
        return self

    def _cross_validated(self, lists: Lists, seed: int) -> tuple[Floats, int]:
        """What trees say of cases that they were not grown on [n, width], and how many trees were
        enough.
        """
        s = self.settings
        order = generator(seed, self.purpose, "folds").permutation(len(lists.items))
        predictions, rounds = np.zeros(lists.items.shape, np.float32), []
        for fold in range(s.folds):
            held = np.sort(order[fold :: s.folds])
            rest = np.setdiff1d(order, held)
            booster = self._grown(lists.take(rest), lists.take(held), s.trees, seed)
            rounds.append(booster.best_iteration)
            predictions[held] = _scored(lists.take(held), booster)
        return predictions, max(round(float(np.mean(rounds))), 1)

    def _grown(self, lists: Lists, held: Lists | None, rounds: int, seed: int) -> Any:
        lightgbm, s = _lightgbm(), self.settings
        if s.wrong is not None:
            lists = lists.with_some_wrong(s.wrong, generator(seed, self.purpose, "wrong"))
        X, right, sizes = lists.rows()
        settings = {
            **self.objective,
            "metric": "ndcg",
            "eval_at": [s.k],
            "num_leaves": s.leaves,
            "learning_rate": s.rate,
            "min_data_in_leaf": s.leaf_rows,
            "lambda_l2": s.l2,
            "feature_fraction": s.columns,
            "max_bin": s.bins,
            "monotone_constraints": self.features_.directions(),
            "seed": seed_of(seed, self.purpose) % 2**31,
            # a race of threads must not decide a split; their number is left to OpenMP
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        data = lightgbm.Dataset(X, right, group=sizes)
        if held is None:
            return lightgbm.train(settings, data, rounds)
        X, right, sizes = held.rows()
        stop = lightgbm.early_stopping(s.patience, verbose=False)
        valid = data.create_valid(X, right, group=sizes)
        return lightgbm.train(settings, data, rounds, valid_sets=[valid], callbacks=[stop])


def _scored(lists: Lists, booster: Any) -> Floats:
    """float32 [n, width], raw scores; 0 where there is no item."""
    out = np.zeros(lists.items.shape, np.float32)
    out[lists.items >= 0] = booster.predict(lists.rows()[0], raw_score=True)
    return out


def _gain(lists: Lists, predictions: Floats, k: int) -> tuple[float, float]:
    """How much better `predictions` [n, width] ranks the candidates than the first member does, and
    the standard error.
    """
    # the first column is the first member's score
    difference = lists.ndcg(predictions, k) - lists.ndcg(lists.columns[:, :, 0], k)
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))


def _ordered(booster: Any, found: Candidates) -> Floats:
    real = found.items >= 0
    raw = booster.predict(found.columns[real], raw_score=True) if real.any() else np.zeros(0)
    return placed(found, raw)


def _lightgbm() -> Any:
    return need("lightgbm", extra="trees", purpose="rank candidates by trees")
