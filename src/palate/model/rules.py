"""Another model's scores, changed by rules whose weights are what they say until people say
otherwise.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final, Self

import numpy as np
from annotated_types import Ge

from palate.arrays import Doubles, Floats, Rows
from palate.capabilities import Described, FollowsRules, Narrowed, Reads
from palate.errors import BadRecipe
from palate.growth import check_grown, grown_member
from palate.model.item_item import fitted
from palate.model.rule_cases import RuleCases, effects, is_rule
from palate.model.rule_weights import Choices, RuleWeights, learnt
from palate.model.shortlist import CASES_AT_ONCE, sample
from palate.rules.grammar import parse
from palate.seeding import generator
from palate.shared_scores import score_of
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Training
from palate.tables.fusion import RuleReading

_NEVER: Final = -1e6
"""What "never" adds, in units of scores: such items come after all others."""
_AGAINST: Final = 100
"""Items drawn at random against each that was taken."""


@dataclass(frozen=True)
class RulesSettings:
    """Which model, which rules, and how strongly they are believed."""

    member: str = ""
    """The model whose scores are changed; empty for the one that stands before it."""

    blocks: tuple[str, ...] | None = None
    """Rules, blocks of the part `rules.hits.v1`; by default all of them."""

    strength: Annotated[float, Ge(0)] = 100.0
    """How many validation cases a rule counts for: with fewer the rule has the greater say, with
    more the people. 0 leaves all to the people."""

    learn: bool = True
    """Whether people are asked at all; without it each rule counts as it says."""

    n_validation: Annotated[int, Ge(1)] = 20_000
    """Most validation cases that are learnt from, drawn by seed."""


class Rules(Narrowed, FollowsRules, Described):
    """Score = a member's score + what each rule adds where it applies.

    `up 0.2` makes an item a fifth likelier, `down 0.2` a fifth less likely; `never` puts it after
    all others and is not learnt. What that is in units of scores follows from how strongly the
    member's scores speak: a choice model of the validation cases learns slope and weights, with a
    normal prior around what the rule says that weighs as much as `strength` cases. So a rule helps
    where little is known, and is overruled where people do otherwise.

    A rule may ask for the candidate (`item`), the person (`user`, for people of the log) and the
    person's history (`history`).

    Args:
        settings: See `RulesSettings`.

    Attributes:
        weights_: Rule -> logits that it was given.
        errors_: Rule -> standard deviation of that.

    Cost: the member's scoring, and for each rule one pass over cases and items.
    """

    does: ClassVar[str] = "changes the scores of another model by rules."
    Settings = RulesSettings
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "scored"
    member_: Scorer
    rules_: dict[str, RuleCases]
    weights_: dict[str, float]
    errors_: dict[str, float]
    slope_: float
    n_items_: int
    n_cases_: int

    def __init__(self, settings: RulesSettings | None = None) -> None:
        self.settings = settings or RulesSettings()

    @classmethod
    def reads(cls, settings: RulesSettings) -> Reads:
        """Its member, and its rules."""
        return Reads(
            blocks=settings.blocks or (),
            members=(settings.member,) if settings.member else (),
            every_block=settings.blocks is None,
            every_member=not settings.member,
            spares_blocks=True,
            spares_all=True,
            more_than_members=True,
        )

    @classmethod
    def narrowed(cls, settings: RulesSettings, left: Reads) -> RulesSettings:
        """The settings with what is left named."""
        return replace(settings, member=left.members[-1], blocks=left.blocks)

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn how much each rule counts.

        Raises:
            BadRecipe: There is no member, or a rule about users that no table of users can answer.
        """
        if not context.members:
            raise BadRecipe(
                "rules change the scores of another model, and there is none",
                where="member",
                next_step='name one: member = "ease"',
            )
        name = self.settings.member or list(context.members)[-1]
        self.member_, self.n_items_ = context.members[name], training.log.n_items
        wanted = self.settings.blocks
        named = training.features.blocks if wanted is None else wanted
        blocks = {n: training.features.block(n) for n in named}
        self.rules_ = {
            n: RuleCases.of(block, training.people, training.log.n_users)
            for n, block in blocks.items()
            if is_rule(block)
        }
        self._weigh(training.validation, context.seed)
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same weights for more items."""
        fitted(self, "weights_")
        check_grown(features, self.n_items_)
        more = copy.copy(self)
        more.member_ = grown_member(self.member_, features)
        more.rules_ = {n: one.grown(features.block(n)) for n, one in self.rules_.items()}
        more.n_items_ = len(features.items)
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]."""
        sizes = self._sizes()
        scores = score_of(self.member_, histories)
        return np.asarray(
            scores + effects(self.rules_, sizes, histories, self.n_items_), np.float32
        )

    def member(self) -> Scorer:
        """The scorer whose scores are changed."""
        found: Scorer = fitted(self, "member_")
        return found

    def rule_readings(self) -> tuple[RuleReading, ...]:
        """What each rule says and what it counts, "never" as it is."""
        weights: dict[str, float] = fitted(self, "weights_")
        found = []
        for name, one in self.rules_.items():
            said = one.rule.effect.logit
            counts = weights[name] if np.isfinite(said) else said
            reading = (name, one.rule.text, said, counts, self.errors_[name], self.n_cases_)
            found.append(RuleReading(*reading))
        return tuple(found)

    def rule_effects(self, histories: Histories, item: Rows) -> Mapping[str, Doubles]:
        """Rule -> float64 [n_cases], what it adds to the score of each case's `item`."""
        sizes = self._sizes()
        items = np.asarray(item, np.int32)[:, None]
        return {
            name: np.asarray(one.applies_to(histories, items)[:, 0] * sizes[name], np.float64)
            for name, one in self.rules_.items()
        }

    def state(self) -> Artefact:
        """Weights, and which comparisons items and users fulfil; the member is not in it."""
        weights: dict[str, float] = fitted(self, "weights_")
        arrays, rules = {}, []
        for place, (name, one) in enumerate(self.rules_.items()):
            arrays[f"items_{place}"], arrays[f"users_{place}"] = one.items, one.users
            rules.append({"name": name, "rule": one.rule.text, "columns": list(one.columns)})
        arrays["sizes"] = np.array([weights[n] for n in self.rules_], np.float64)
        arrays["errors"] = np.array([self.errors_[n] for n in self.rules_], np.float64)
        facts = {"rules": rules, "slope": self.slope_, "n_items": self.n_items_}
        facts |= {"n_cases": self.n_cases_}
        return Artefact(arrays, facts)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the weights; `members` holds the model whose scores are changed."""
        self.member_ = members[self.settings.member or list(members)[-1]]
        self.slope_, self.n_items_ = float(state.facts["slope"]), int(state.facts["n_items"])
        self.n_cases_ = int(state.facts.get("n_cases", 0))
        self.rules_, arrays = {}, state.arrays
        for place, one in enumerate(state.facts["rules"]):
            known = (np.asarray(arrays[f"{kind}_{place}"], np.bool_) for kind in ("items", "users"))
            items, users = known
            rule, columns = parse(one["rule"]), tuple(one["columns"])
            self.rules_[one["name"]] = RuleCases(rule, items, columns, users)
        self.weights_ = dict(zip(self.rules_, map(float, arrays["sizes"]), strict=True))
        self.errors_ = dict(zip(self.rules_, map(float, arrays["errors"]), strict=True))
        return self

    def _sizes(self) -> dict[str, float]:
        """Rule -> what it adds, in units of the member's scores."""
        weights: dict[str, float] = fitted(self, "weights_")
        return {
            name: w / self.slope_ if self.rules_[name].rule.effect.kind != "never" else _NEVER
            for name, w in weights.items()
        }

    def _weigh(self, cases: Cases, seed: int) -> None:
        """Learn slope and weights."""
        soft = {n: one for n, one in self.rules_.items() if one.rule.effect.kind != "never"}
        said = np.array([one.rule.effect.logit for one in soft.values()], np.float64)
        choices = _choices(
            self.member_, soft, sample(cases, self.settings.n_validation, seed), seed
        )
        unit = _unit(choices)
        found = learnt(choices, said, self.settings.strength, unit)
        if not self.settings.learn:
            found = RuleWeights(found.slope, said, np.zeros(len(said)))
        self.slope_ = found.slope
        self.n_cases_ = len(choices.scores) if self.settings.learn else 0
        never = {n: 0.0 for n in self.rules_ if n not in soft}
        self.weights_ = {**dict(zip(soft, found.sizes.tolist(), strict=True)), **never}
        self.errors_ = {**dict(zip(soft, found.errors.tolist(), strict=True)), **never}
        self.weights_ = {n: self.weights_[n] for n in self.rules_}


def _choices(member: Scorer, rules: Mapping[str, RuleCases], cases: Cases, seed: int) -> Choices:
    """Each target of the cases against items drawn at random, none of them seen or a target."""
    scores, hits = [], []
    for start in range(0, len(cases), CASES_AT_ONCE):
        part = cases.take(np.arange(start, min(start + CASES_AT_ONCE, len(cases))))
        given = np.asarray(score_of(member, part.histories), np.float64)
        case, items = _candidates(part, given.shape[1], seed, start)
        who = part.histories.take(case.astype(np.int64))
        scores.append(given[case[:, None], items])
        applies = np.zeros((*items.shape, len(rules)))
        for place, one in enumerate(rules.values()):
            applies[:, :, place] = one.applies_to(who, items)
        hits.append(applies)
    if not scores:
        return Choices(np.zeros((0, 1)), np.zeros((0, 1, len(rules))))
    return Choices(np.concatenate(scores), np.concatenate(hits))


def _candidates(cases: Cases, n_items: int, seed: int, start: int) -> tuple[Rows, Rows]:
    """int32 [n] case and int32 [n, m] items of each target that can be recommended: the target, and
    others that were drawn.
    """
    closed = cases.seen.mask(n_items)
    case = cases.targets.row_of_value()
    target = cases.targets.values
    possible = ~closed[case, target]
    case, target = case[possible], target[possible]
    closed[cases.targets.row_of_value(), cases.targets.values] = True
    rng: Any = generator(seed, "rules", "against", start)
    drawn = rng.integers(0, n_items, (len(case), _AGAINST))
    # an item that may not stand there becomes the target itself, which says nothing
    wrong = np.where(closed[case[:, None], drawn], target[:, None], drawn)
    return case, np.concatenate([target[:, None], wrong], axis=1).astype(np.int32)


def _unit(choices: Choices) -> float:
    """A usual difference of two scores; 1 where there is none."""
    spread = float(choices.scores.std(axis=1).mean()) if len(choices.scores) else 0.0
    return spread if spread > 0 else 1.0
