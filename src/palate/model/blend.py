"""The blend R = a Z_ID + b Z_text + c: several models' scores, added with weights that validation
chose.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Gt

from palate import ranks
from palate.arrays import Doubles, Floats, Rows
from palate.capabilities import (
    Costed,
    Described,
    Narrowed,
    PartialScores,
    Reads,
    ScoresSome,
    Updatable,
)
from palate.errors import BadRecipe, Refused, nearest
from palate.growth import check_grown, grown_member, padded
from palate.model.counted import check_events, counts_with
from palate.model.item_item import fitted, popularity_prior
from palate.model.partial_scores import AllScores, SumOfScores
from palate.model.shortlist import CASES_AT_ONCE, sample, shortlist
from palate.model.weighing import Step, Weighing
from palate.model.weighted_sums import Coefficients
from palate.shared_scores import score_of
from palate.stages import AdditiveScorer, FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, FusionReading, Histories, Interactions, Training
from palate.work import LogSize, Work

_SEARCHES = 4
"""Most searches for coefficients: the last one goes without a gate."""


@dataclass(frozen=True)
class BlendSettings:
    """Members, and how their weights are searched for."""

    members: tuple[str, ...] = ()
    """Names of other models of the recipe, the ID model first; empty: all that stand before
    it."""
    k: Annotated[int, Ge(1)] = 10
    """Weights are chosen for NDCG at this depth."""
    weights: tuple[Annotated[float, Gt(0)], ...] = (
        0.05,
        0.1,
        0.2,
        0.35,
        0.5,
        0.7,
        1.0,
        1.4,
        2.0,
        4.0,
        8.0,
    )
    """Weights tried for each member beside 0, against 1 for the first; the best one is refined
    afterwards."""
    gate: bool = True
    """Whether sigmoid(a - b log(1 + n_i)) may dampen the other members on items of many training
    events."""
    prior: bool = False
    """Whether an item's popularity may be added. Off, since a gain over the first member would no
    longer be the other members' alone; for the best list whatever its cause, switch it on."""
    evidence: Annotated[float, Ge(0)] = 2.0
    """Standard errors by which an addition must raise the validation NDCG; 0 takes whatever looks
    best."""
    n_validation: Annotated[int, Ge(2)] = 6_000
    """Most validation cases that are used, drawn by seed."""
    shortlist: Annotated[int, Ge(10)] = 300
    """How many best items of each member are ranked while weights are tried."""


class Blend(Narrowed, Updatable, ScoresSome, Costed, Described):
    """Score = sum of members' scores, weighed, the others gated by popularity, plus a popularity
    prior.

    Each member's scores are divided by one number (how far its best item stands above its mean
    item, averaged over validation cases), so weights compare; not case by case, because how
    strongly a model speaks for a case is information: a user whose items are all rare gets weak ID
    scores, and text should win there. Beside `model.cooccurrence.v1` and `model.text_kernel.v1`
    this is the default way to let content help; any number of members will do. An addition is taken
    only if validation shows it clearly, so useless features are left out rather than added as
    noise. An empty history gets the items by popularity. New events reach the members that can be
    updated and the popularity; the weights stay.

    Args:
        settings: See `BlendSettings`.

    Attributes:
        coefficients_: Weights, scales, gate and prior; `coefficients_.formula()` prints them.
        steps_: What the search tried, and the gain with its standard error (empty after `load`).

    Cost: one scoring of the validation cases by each member, then some 100 rankings of short lists.
    """

    does: ClassVar[str] = (
        "adds the scores of other models, each with a weight that was chosen on validation cases."
    )
    Settings = BlendSettings
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "scored"
    updates: ClassVar[Literal["exactly", "in part"]] = "in part"
    coefficients_: Coefficients
    steps_: tuple[Step, ...]
    members_: dict[str, Scorer]
    counts_: Doubles

    def __init__(self, settings: BlendSettings | None = None) -> None:
        self.settings = settings or BlendSettings()
        self._made: _PerItem | None = None

    @classmethod
    def reads(cls, settings: BlendSettings) -> Reads:
        """Its members."""
        return Reads(
            members=settings.members,
            every_member=not settings.members,
            more_than_members=settings.prior,
        )

    @classmethod
    def narrowed(cls, settings: BlendSettings, left: Reads) -> BlendSettings:
        """The settings with what is left named."""
        return replace(settings, members=left.members)

    @classmethod
    def work(cls, settings: BlendSettings, size: LogSize) -> Work:
        """Members' best items of the validation cases, and the search for weights among them."""
        cases = min(size.cases, settings.n_validation)
        members = max(len(settings.members), 1)
        listed = cases * members * settings.shortlist
        return Work(
            members * (cases * size.items + 100.0 * listed),
            members * size.items,
            8.0 * members * listed,
        )

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Choose the coefficients on the validation cases.

        Raises:
            BadRecipe: A member is not among the fitted models, or there is none.
            Refused: There are no validation cases.
        """
        s = self.settings
        members = _named(s.members or tuple(context.members), context.members)
        if not len(training.validation):
            raise Refused(
                "a blend needs validation cases",
                next_step="choose a split that keeps a validation part",
            )
        cases = sample(training.validation, s.n_validation, context.seed)
        self.counts_ = training.log.item_counts().astype(np.float64)
        self.members_ = members
        self._choose(cases)
        return self

    def _choose(self, cases: Cases) -> None:
        """Search for the coefficients, on lists that hold what the found ones put at the top.

        An item that no member lists is hardly ever among the first k of a plain sum, and a hundred
        rankings of whole catalogues would take minutes. Behind a gate it may be, where the items of
        many events are dampened: it is put on the list, and the search begins again.
        """
        s = self.settings
        more = None
        for attempt in range(_SEARCHES):
            listed = shortlist(list(self.members_.values()), cases, s.shortlist, more)
            weighing = Weighing(
                tuple(self.members_), listed, self.counts_, s.weights, s.k, s.evidence
            )
            gate = s.gate and attempt < _SEARCHES - 1
            self.coefficients_ = weighing.search(gate, s.prior)
            self.steps_ = tuple(weighing.steps)
            if self.coefficients_.gate_b == 0:
                return
            top = self._top(cases)
            if listed.holds(top):
                return
            more = top if more is None else np.concatenate([more, top], axis=1)

    def _top(self, cases: Cases) -> Rows:
        """int32 [n_cases, k], the best unseen items of the whole catalogue; -1 for none."""
        starts = range(0, len(cases), CASES_AT_ONCE)
        parts = [cases.take(np.arange(s, min(s + CASES_AT_ONCE, len(cases)))) for s in starts]
        k = self.settings.k
        found = [ranks.top(ranks.masked(self.score(p.histories), p.seen), k)[0] for p in parts]
        return np.concatenate(found).astype(np.int32)

    def grow(self, features: FeatureTable) -> Self:
        """The same coefficients over grown members; a new item is one without events."""
        fitted(self, "coefficients_")
        check_grown(features, len(self.counts_))
        more = copy.copy(self)
        more.members_ = {n: grown_member(m, features) for n, m in self.members_.items()}
        more.counts_ = padded(self.counts_, len(features.items))
        return more

    def updated(self, events: Interactions) -> Self:
        """The same coefficients over updated members and counts.

        Raises:
            BadInput: An item is not in the catalogue, or times are missing.
            Refused: A member was stored without what it needs to go on.
        """
        fitted(self, "coefficients_")
        n_items = len(self.counts_)
        check_events(events, n_items)
        more = copy.copy(self)
        more.members_ = {
            name: member.updated(events) if isinstance(member, Updatable) else member
            for name, member in self.members_.items()
        }
        more.counts_ = counts_with(self.counts_.astype(np.int64), events, n_items).astype(
            np.float64
        )
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], R."""
        form: Coefficients = fitted(self, "coefficients_")
        total = np.zeros((len(histories), len(self.counts_)), np.float32)
        for name, member in self.members_.items():
            if form.weights[name]:
                total += score_of(member, histories) * self._per_item.factors[name]
        if form.prior:
            total += np.float32(form.prior) * self._per_item.prior
        total[histories.items.lengths() == 0] = self._per_item.prior
        return total

    def partly(self, histories: Histories) -> PartialScores:
        """`score` at single items; of members that cannot tell those alone, all are looked at."""
        form: Coefficients = fitted(self, "coefficients_")
        if not histories.items.lengths().all():
            return AllScores(self.score(histories))
        parts = [
            (_partly(member, histories), self._per_item.factors[name])
            for name, member in self.members_.items()
            if form.weights[name]
        ]
        prior = np.float32(form.prior) * self._per_item.prior if form.prior else None
        return SumOfScores(parts, prior)

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values], what each event adds, over all members.

        With the item's prior, `coefficients_.prior` times its popularity, their sum is the score.
        """
        parts = self.contributions_by_member(histories, item)
        return np.asarray(sum(parts.values(), np.zeros(len(histories.items.values))), np.float64)

    def contributions_by_member(self, histories: Histories, item: Rows) -> dict[str, Doubles]:
        """Member -> float64 [n_values], what each event adds to the score of the case's `item`
        [n_cases] through it.

        Raises:
            Refused: A member cannot be taken apart into events.
        """
        form: Coefficients = fitted(self, "coefficients_")
        case = histories.items.row_of_value()
        parts = {}
        for name, member in self.members_.items():
            if not form.weights[name]:
                continue
            if not isinstance(member, AdditiveScorer):
                raise Refused(
                    f'the scores of "{name}" are not a sum over the history', where="members"
                )
            factor = self._factor(name, np.asarray(item))[case]
            parts[name] = np.asarray(factor * member.contributions(histories, item), np.float64)
        return parts

    def reading(self) -> FusionReading:
        """The coefficients; the gate at 0, 1, 2, 5, 10 ... up to the most events of an item."""
        form: Coefficients = fitted(self, "coefficients_")
        most = int(self.counts_.max(initial=0.0))
        marks = [0, *(m * 10**e for e in range(7) for m in (1, 2, 5) if m * 10**e < most), most]
        gate = form.gate(np.asarray(marks, np.float64)) if form.gate_b else ()
        return FusionReading(
            form.formula(),
            dict(form.weights),
            form.prior,
            dict(zip(marks, map(float, gate), strict=False)),
        )

    def state(self) -> Artefact:
        """Coefficients and item counts; the members are stored on their own."""
        form: Coefficients = fitted(self, "coefficients_")
        facts: dict[str, Any] = {
            "members": list(self.members_),
            "weights": dict(form.weights),
            "scales": dict(form.scales),
            "gate_a": form.gate_a,
            "gate_b": form.gate_b,
            "prior": form.prior,
        }
        return Artefact({"counts": self.counts_}, facts)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the coefficients, with the loaded `members` of the same names."""
        facts = state.facts
        order = tuple(facts["members"])
        weights, scales = (
            {n: float(facts[key][n]) for n in order} for key in ("weights", "scales")
        )
        gate = (float(facts["gate_a"]), float(facts["gate_b"]))
        self.coefficients_ = Coefficients(weights, scales, *gate, float(facts["prior"]))
        self.members_, self.steps_ = _named(order, members), ()
        self.counts_ = np.asarray(state.arrays["counts"])
        return self

    def _factor(self, name: str, item: Rows) -> Doubles:
        """float64 [n], what the member's scores of the items `item` [n] are multiplied by."""
        form = self.coefficients_
        first = next(iter(self.members_))
        counts = self.counts_[item]
        gate = np.ones(len(item)) if name == first or form.gate_b == 0 else form.gate(counts)
        return np.asarray(form.weights[name] / form.scales[name] * gate, np.float64)

    @property
    def _per_item(self) -> _PerItem:
        """What scores are made with, made once for these counts and coefficients."""
        made, form = self._made, self.coefficients_
        if made is None or made.counts is not self.counts_ or made.form is not form:
            rows = np.arange(len(self.counts_), dtype=np.int32)
            factors = {name: self._factor(name, rows).astype(np.float32) for name in self.members_}
            prior = popularity_prior(self.counts_)
            made = self._made = _PerItem(self.counts_, form, factors, prior)
        return made


@dataclass(frozen=True, eq=False)
class _PerItem:
    """Numbers of the items.

    Attributes:
        counts: float64 [n_items], what they were made of.
        form: The same.
        factors: Member -> float32 [n_items], what its scores are multiplied by.
        prior: float32 [n_items], popularity.
    """

    counts: Doubles
    form: Coefficients
    factors: Mapping[str, Floats]
    prior: Floats


def _partly(member: Scorer, histories: Histories) -> PartialScores:
    if isinstance(member, ScoresSome):
        return member.partly(histories)
    return AllScores(score_of(member, histories))


def _named(names: tuple[str, ...], members: Mapping[str, Scorer]) -> dict[str, Scorer]:
    if not names:
        raise BadRecipe(
            "a blend needs other models to blend, and the recipe has none before it",
            where="members",
            next_step=(
                'add models such as "model.cooccurrence.v1" and "model.text_kernel.v1" above it'
            ),
        )
    for name in names:
        if name not in members:
            raise BadRecipe(
                f'there is no model "{name}" to blend',
                where="members",
                allowed=", ".join(members) or "none: no model stands above the blend",
                next_step=nearest(name, members),
            )
    return {name: members[name] for name in names}
