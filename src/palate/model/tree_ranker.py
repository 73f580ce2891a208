"""The second stage with trees: members find candidates, LightGBM ranks them by what is known of
each pair.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

import numpy as np

from palate.arrays import Floats
from palate.capabilities import Costed, TakesOperators
from palate.gradient.validation import some_cases
from palate.model.candidate_lists import Lists, lists_of, lists_to_learn_from
from palate.model.candidates import (
    CASES_AT_ONCE,
    FADE,
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
from palate.model.operators.computed import ComputedOperators
from palate.model.second_stage import SecondStage
from palate.model.tree_growing import TreeGrowing, TreeRankerSettings, lightgbm
from palate.shared_scores import score_of
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Training
from palate.tables.labelled_rows import LabelledRows
from palate.tree_text import checked_trees, damaged_trees
from palate.work import LogSize, Work


class TreeRanker(SecondStage, Costed, TakesOperators):
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
        s = self.settings
        self.features_ = described_by(s, training, context.members)
        cases = some_cases(training.validation, s.training_cases, context.seed)
        lists = lists_to_learn_from(self.features_, cases)
        growing = TreeGrowing(s, self.objective, self.purpose, self.features_.directions())
        predictions, rounds = growing.cross_validated(lists, context.seed)
        self.gain_ = _gain(lists, predictions, s.k)
        self.adopted_ = self.gain_[0] > s.evidence * self.gain_[1]
        self.booster_ = growing.grown(lists, None, rounds, context.seed)
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
        operators: list[dict[str, str]] = []
        if features.operators is not None:
            more, operators = features.operators.state()
            arrays |= more
        facts: dict[str, Any] = {
            "members": list(features.members),
            "blocks": list(features.content),
            "known": list(features.known),
            "operators": operators,
            "columns": list(features.names()),
            "adopted": self.adopted_,
            "gain": list(self.gain_),
        }
        return Artefact({**arrays, **content_arrays(features.content)}, facts)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the trees and their members."""
        arrays, facts = state.arrays, state.facts
        known = np.asarray(arrays["known"])
        counts, operators = np.ascontiguousarray(known[:, -1]), facts.get("operators", [])
        self.features_ = CandidateFeatures(
            named_members(facts["members"], members),
            content_of(arrays, facts["blocks"]),
            counts,
            self.settings.candidates,
            known={
                name: np.ascontiguousarray(known[:, j]) for j, name in enumerate(facts["known"])
            },
            operators=(
                ComputedOperators.load(arrays, operators, counts, FADE) if operators else None
            ),
        )
        text = checked_trees(np.asarray(arrays["trees"]).tobytes(), len(facts["columns"]))
        try:
            self.booster_ = lightgbm().Booster(model_str=text)
        except (lightgbm().basic.LightGBMError, ValueError) as error:
            raise damaged_trees(error) from error
        self.adopted_, self.gain_ = (
            bool(facts["adopted"]),
            (float(facts["gain"][0]), float(facts["gain"][1])),
        )
        return self


def described_by(
    settings: TreeRankerSettings, training: Training, members: Mapping[str, Scorer]
) -> CandidateFeatures:
    """What a ranker of these settings learns from.

    Args:
        settings: Members, blocks, operators.
        training: The training part.
        members: The fitted models by name.

    Raises:
        BadRecipe: A member is not among them, or an operator names what is not there.
    """
    log, features = training.log, training.features
    return CandidateFeatures(
        named_members(settings.members, members),
        contents(features, settings.blocks),
        log.item_counts().astype(np.float32),
        settings.candidates,
        known=item_columns(log, features, settings.blocks, settings.fields),
        operators=(
            ComputedOperators.learn(settings.operators, features, log, FADE)
            if settings.operators
            else None
        ),
    )


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
