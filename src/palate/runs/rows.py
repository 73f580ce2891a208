"""Rows of the tables of a run directory: one frozen type each, for who writes and who reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from palate.runs.fields import Model, Number, Text, Texts
from palate.tables.variant import Role
from palate.tables.verdict import LEVEL, Answer, Verdict, of_difference

Purpose: TypeAlias = Literal["lift", "control", "own control", "ablation", "pair"]
"""Why two models are compared: a fusion with its counterpart, a control with the same counterpart,
a fusion with its control, a fusion with itself without a block, or any two models."""


@dataclass(frozen=True)
class Score:
    """A row of `leaderboard.json`.

    Attributes:
        model: The name to show.
        metric: e.g. `ndcg@10`.
        slice: Which targets count; `all` for every one.
        value: The metric over users.
        low: Lower end of its 95 % interval.
        high: Upper end.
        n_users: Users that the slice has a target of.
        seconds: Seconds of fitting and ranking.
        kind: What the model is there for.
        source: Where a published figure stands.
        variant: Which model it is, and what was changed about it.
    """

    model: Text
    slice: Text
    metric: Text
    value: Number
    low: Number
    high: Number
    n_users: Number
    seconds: Number
    kind: Role
    variant: Model
    source: Text = ""


@dataclass(frozen=True)
class Comparison:
    """A row of `comparisons.json`: `a` minus `b`, paired over users.

    Attributes:
        a: Name of the one model.
        b: Name of the other.
        metric: e.g. `ndcg@10`.
        slice: Which targets count.
        difference: `a` minus `b`.
        low: Lower end of its interval, which leaves 0 out just where `p_adjusted` is below .05.
        high: Upper end.
        confidence: Level of the interval: .95, and more where p is corrected for others too.
        p: Two-sided p value of the difference being zero.
        p_adjusted: The same, corrected by Holm's method over `n_compared` comparisons.
        n_users: Users that both have a figure of.
        purpose: Why the two are compared.
        a_variant: Which model `a` is, and what was changed about it.
        b_variant: The same of `b`.
        n_compared: Comparisons that interval and p were corrected for: those of the same purpose
            and fusion, over all test users or over slices.
        lift: `a` minus `b` as a share of `b`; None where `b` is too near to zero to be divided by.
        lift_low: Lower end of its interval, of the same level, in which `b` is uncertain too.
        lift_high: Upper end.
        n_differ: Users for whom the two have different figures.
    """

    a: Text
    b: Text
    metric: Text
    slice: Text
    difference: Number
    low: Number
    high: Number
    confidence: Number
    p: Number
    p_adjusted: Number
    n_users: Number
    purpose: Purpose
    a_variant: Model
    b_variant: Model
    n_compared: Number = None
    lift: Number = None
    lift_low: Number = None
    lift_high: Number = None
    n_differ: Number = None

    @property
    def verdict(self) -> Verdict:
        """Whether `a` is better, by the interval and the corrected p value."""
        return of_difference(self.difference, self.low, self.high, self.p_adjusted)

    @property
    def is_same(self) -> bool:
        """Whether the two have the same figure for every user."""
        return self.n_differ == 0

    @property
    def against_itself(self) -> bool:
        """Whether `b` is `a` with content that means nothing."""
        return self.b_variant.role == "control" and self.b_variant.of == self.a_variant.of


@dataclass(frozen=True)
class Validated:
    """A row of `validation.json`: how a model of the recipe did on validation cases.

    A model that chose weights or stopped early on them looks better here than it is.

    Attributes:
        model: Its name.
        metric: The primary metric, or NDCG@10 where that one looks at whole lists.
        value: Its mean over the cases.
        behind: How far it is behind the best of them.
        error: Standard error of that difference, paired over the cases.
        constant: Share of the cases for which its best items all have one score.
        popularity: What the popularity of items reaches on the same cases.
        n_cases: The cases, drawn by seed.
    """

    model: Text
    metric: Text
    value: Number
    behind: Number
    error: Number
    constant: Number
    popularity: Number
    n_cases: Number


@dataclass(frozen=True)
class MemberWeight:
    """A row of `weights.json`: how much one member counts in a fusion.

    Attributes:
        model: The fusion.
        member: One of its members.
        weight: On scores that were brought to one scale; 0 means that it was left out.
        blocks: The blocks that the member reads, itself or through members of its own.
    """

    model: Text
    member: Text
    weight: Number
    blocks: Texts = ()


@dataclass(frozen=True)
class RuleWeight:
    """A row of `rules.json`: how much one rule counts in a model that follows it.

    Attributes:
        model: The model.
        rule: The rule's block.
        text: As it was written.
        said: How many times as likely it says that an item is where it applies; 0 for "never".
        counts: How many times as likely it is taken to be, after people were heard.
        low: Lower end of the 95 % interval of that.
        high: Upper end.
        cases: Validation cases that were heard; 0 where the rule is followed as it is written.
    """

    model: Text
    rule: Text
    text: Text
    said: Number
    counts: Number
    low: Number
    high: Number
    cases: int


@dataclass(frozen=True)
class Importance:
    """A row of `importance.json`: one question about one block, and its answer.

    Attributes:
        block: The block, or one of its fields or columns.
        method: How it was asked.
        question: The same in a sentence.
        metric: e.g. `ndcg@10`.
        value: The metric that the block is worth.
        low: Lower end of its interval over users; it leaves 0 out only where `p` is at most
            `level`.
        high: Upper end.
        confidence: Level of the interval: .95, and more where p is corrected for others too.
        p: Its p value, corrected over all comparisons or blocks of the same method.
        verdict: What all methods together say of the block.
        seconds: Seconds it takes to make the block.
        bytes: Bytes it takes.
        model: The model that was asked, and what was changed about it.
        level: The level that `p` is held against.
    """

    block: Text
    method: Text
    question: Text
    metric: Text
    value: Number
    low: Number
    high: Number
    confidence: Number
    p: Number
    verdict: Answer
    seconds: Number
    bytes: Number
    model: Model
    level: float = LEVEL

    @property
    def found(self) -> Verdict:
        """What this question alone says of the block."""
        return of_difference(self.value, self.low, self.high, self.p, self.level)


@dataclass(frozen=True)
class Ablation:
    """A row of `ablation.json`: some blocks, brought together by one operator, against ids alone.

    Attributes:
        operator: How they are brought together.
        blocks: The blocks; `ids` stands for the model of behaviour alone.
        metric: e.g. `ndcg@10`.
        value: The metric over all users.
        low: Lower end of its 95 % interval.
        high: Upper end.
        difference: Against ids alone; None in the row of ids alone, and so is all that follows of
            it.
        difference_low: Lower end of its interval, which leaves 0 out just where `p_adjusted` is
            below .05.
        difference_high: Upper end.
        p: Its p value.
        p_adjusted: The same, corrected by Holm's method within the metric.
        variant: The combination.
        confidence: Level of the difference's interval: .95, and more where p is corrected for
            others too.
    """

    operator: Text
    blocks: Texts
    metric: Text
    value: Number
    low: Number
    high: Number
    variant: Model
    difference: Number = None
    difference_low: Number = None
    difference_high: Number = None
    p: Number = None
    p_adjusted: Number = None
    confidence: Number = None

    @property
    def verdict(self) -> Verdict:
        """Whether it is better than ids alone."""
        return of_difference(
            self.difference, self.difference_low, self.difference_high, self.p_adjusted
        )


@dataclass(frozen=True)
class Stage:
    """A row of `timings.json`: wall time, and the most memory that the process had taken by then.

    Attributes:
        stage: Its name.
        seconds: Wall time.
        peak_mb: In MiB.
    """

    stage: Text
    seconds: Number = None
    peak_mb: Number = None


@dataclass(frozen=True)
class Step:
    """A point of a training curve in `curves.json`.

    Attributes:
        step: Steps of the optimiser so far.
        epoch: Passes over the data so far.
        seconds: Wall time so far.
        loss: Mean since the last point.
        metric: On validation.
        reward: Of lists that a generator samples, mean since the last point.
        discriminator_loss: Mean since the last point.
        distinct_items: Items on the lists of the validation cases.
        coverage: The same, as a share of the catalogue.
        over_optimisation: What the evaluator that gives the reward gained on validation cases since
            the start, less what another one gained that learnt from other cases.
    """

    step: Number = None
    epoch: Number = None
    seconds: Number = None
    loss: Number = None
    metric: Number = None
    reward: Number = None
    discriminator_loss: Number = None
    distinct_items: Number = None
    coverage: Number = None
    over_optimisation: Number = None

    @classmethod
    def of(cls, values: Mapping[str, float | None]) -> Step:
        """The point of what a tracker was given; figures of other names are not kept."""
        return cls(**{one.name: values.get(one.name) for one in fields(cls)})
