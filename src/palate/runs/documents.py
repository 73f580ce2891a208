"""Files of a run directory that hold one thing each: summary, data, map, lists, fusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from palate.runs.fields import Number, Text, Texts
from palate.tables.verdict import Answer

FeatureFinding: TypeAlias = Literal[
    "no features",
    "no weight",
    "not evidence",
    "gain",
    "gain in slices",
    "no evidence",
    "loss",
]
"""What a run says of its features: no fusion reads any; its fusion gave them no weight; content
without meaning gains as well, or a block seems to know the test; they raise the metric over all
test users, or only for some; nothing was found; they lower it."""


@dataclass(frozen=True)
class Figure:
    """One key figure of the head of the page."""

    label: Text
    value: Text = ""
    note: Text = ""


@dataclass(frozen=True)
class PublishedFigure:
    """A figure that the protocol's source gives."""

    model: Text
    metric: Text
    value: Number
    source: Text = ""


@dataclass(frozen=True)
class Protocol:
    """Which published protocol the run follows; the name is empty where it follows none."""

    name: Text = ""
    description: Text = ""
    bars: tuple[PublishedFigure, ...] = ()


@dataclass(frozen=True)
class Beaten:
    """A model of the same run that is ahead of the best by validation, though it is simpler or
    reads no features.

    Attributes:
        model: Its name.
        difference: How far it is ahead on the test, in the primary metric.
        low: Lower end of the 95 % interval, paired over users, corrected like the p value.
        high: Upper end.
        p_adjusted: The p value, corrected for all pairs of models.
        clear: Whether it is clearly ahead; else it merely has the higher figure.
        advice: What to do, as the end of a sentence.
        n_compared: How many pairs of models there are.
    """

    model: Text
    difference: Number = None
    low: Number = None
    high: Number = None
    p_adjusted: Number = None
    clear: bool = False
    advice: Text = ""
    n_compared: Number = None


@dataclass(frozen=True)
class Earned:
    """What the fusion would lose without some of its blocks, fitted again and paired over users.

    Attributes:
        claim: A block by name, or all language models together.
        blocks: The blocks that are gone.
        language_model: Whether they are vectors of language models, all of them.
        difference: What is lost.
        low: Lower end of its 95 % interval, corrected like the p value.
        high: Upper end.
        p_adjusted: The p value, corrected for all such questions about the fusion.
        verdict: `keep` where these blocks earned something that the others cannot.
        n_compared: How many such questions there are.
    """

    claim: Text
    blocks: Texts = ()
    language_model: bool = False
    difference: Number = None
    low: Number = None
    high: Number = None
    p_adjusted: Number = None
    verdict: Answer = "no evidence"
    n_compared: Number = None


@dataclass(frozen=True)
class Summary:
    """`summary.json`: what the run says in words.

    Attributes:
        name: Name of the run.
        created: When it ended, ISO 8601.
        palate_version: What made it.
        repetitions: Seeds that figures are means over.
        protocol: The published protocol that it follows.
        primary: The metric of the headline.
        base_model: What the fusion is measured against over all test users: itself without
            features, its weights chosen again, or with permuted texts where nothing is left of it;
            empty where there is no fusion.
        best_model: The best model on the validation cases, whatever it is made of; without such
            cases the fusion of most blocks, or the last model.
        figures: Key figures, in the order of the page.
        headline: The first sentences; who is ahead of the best model stands first.
        details: The sentences under it.
        fusion: The model whose features the headline speaks of: the best one, or the best of those
            that have any; empty where no fusion reads features.
        features: What was found about the features.
        gains_in: The slices in which they pay, beyond their own controls.
        earned: Which blocks earned it.
        beaten_by: Simpler models, and models of behaviour alone, that are ahead of the best one on
            the test, the furthest first.
        errors: Findings of severity error, in sentences: what they speak of cannot be relied on.
        warnings: Models that seem broken, blocks that seem to know the test, and pictures that
            could not be drawn, in sentences.
        validated: Whether validation cases say which model is best.
    """

    name: Text = ""
    created: Text = ""
    palate_version: Text = ""
    repetitions: Number = None
    protocol: Protocol = field(default_factory=Protocol)
    primary: Text = ""
    base_model: Text = ""
    best_model: Text = ""
    figures: tuple[Figure, ...] = ()
    headline: Text = ""
    details: Texts = ()
    fusion: Text = ""
    features: FeatureFinding = "no features"
    gains_in: Texts = ()
    earned: tuple[Earned, ...] = ()
    beaten_by: tuple[Beaten, ...] = ()
    errors: Texts = ()
    warnings: Texts = ()
    validated: bool = True

    @property
    def reported(self) -> str:
        """The model that the headline speaks of: the fusion, or the best model without one."""
        return self.fusion or self.best_model


@dataclass(frozen=True)
class Counts:
    """How big the data are.

    Attributes:
        first: Day of the first event, or its rank where times are no clock; None without times.
        last: The same of the last one.
        time: "clock" (seconds), "rank" or "none".
    """

    users: Number = None
    items: Number = None
    interactions: Number = None
    items_without_events: Number = None
    density: Number = None
    events_per_user_median: Number = None
    events_per_user_max: Number = None
    events_per_item_median: Number = None
    events_per_item_max: Number = None
    first: int | Text | None = None
    last: int | Text | None = None
    time: Text = ""


@dataclass(frozen=True)
class Coverage:
    """How much of the catalogue has text in a field; `share` in 0..1."""

    field: Text
    share: Number = None
    median_words: Number = None


@dataclass(frozen=True)
class FieldFacts:
    """What a field of the catalogue holds; `share` of the items in 0..1 have it."""

    field: Text
    kind: Text = ""
    share: Number = None
    median_words: Number = None
    n_distinct: Number = None


@dataclass(frozen=True)
class Fault:
    """One finding of the data checks."""

    code: Text
    severity: Text = "note"
    message: Text = ""
    where: Text = ""
    count: Number = None
    examples: Texts = ()
    advice: Text = ""


@dataclass(frozen=True)
class SplitSummary:
    """How the interactions were split: the part that did it, and events of each share."""

    part: Text = ""
    train: Number = None
    validation: Number = None
    test: Number = None
    withheld: Number = None
    notes: Texts = ()


@dataclass(frozen=True)
class Data:
    """`data.json`: counts, text coverage, findings, digests of the inputs.

    Attributes:
        counts: How big they are.
        values: Value of an event -> how often, under `counts`; or `min`, `median` and `max`.
        actions: Action -> events with it; empty where the log has no actions.
        text: One row a field with prose.
        fields: One row for every field.
        user_fields: Names of what is known of the users.
        name: Name of the data set.
        cleaning: What the cleaning changed, in sentences.
        guesses: What was guessed about columns, in sentences.
        findings: What the checks found.
        split: How the log was split.
        sources: File -> digest.
    """

    counts: Counts = field(default_factory=Counts)
    values: Mapping[Text, Number | Mapping[Text, Number]] = field(default_factory=dict)
    actions: Mapping[Text, Number] = field(default_factory=dict)
    text: tuple[Coverage, ...] = ()
    fields: tuple[FieldFacts, ...] = ()
    user_fields: Texts = ()
    name: Text = ""
    cleaning: Texts = ()
    guesses: Texts = ()
    findings: tuple[Fault, ...] = ()
    split: SplitSummary | None = None
    sources: dict[Text, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """An item of the map."""

    id: Text
    title: Text = ""
    x: Number = None
    y: Number = None
    count: Number = None
    label: Text = ""


@dataclass(frozen=True)
class Map:
    """`map.json`: the catalogue in two dimensions.

    Attributes:
        block: The block whose space this is.
        method: How it was brought to two dimensions.
        label: What the labels are, e.g. "genre".
        points: One an item.
        note: Why there are none, in a sentence; empty where there are some.
    """

    block: Text = ""
    method: Text = ""
    label: Text = ""
    points: tuple[Point, ...] = ()
    note: Text = ""


@dataclass(frozen=True)
class Item:
    """An item by name."""

    id: Text
    title: Text = ""


@dataclass(frozen=True)
class Term:
    """A summand of a score: what one member of a fusion adds."""

    name: Text
    value: Number = None


@dataclass(frozen=True)
class Reason:
    """An item of the history that a recommendation rests on; `share` in 0..1."""

    id: Text
    title: Text = ""
    value: Number = None
    share: Number = None


@dataclass(frozen=True)
class Recommended:
    """One item of a list."""

    id: Text
    title: Text = ""
    score: Number = None
    rank: int = 0
    hit: bool = False
    train_count: Number = None
    terms: tuple[Term, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class UserList:
    """What one user was shown, had before (newest first) and chose next."""

    user: Text
    history: tuple[Item, ...] = ()
    targets: tuple[Item, ...] = ()
    items: tuple[Recommended, ...] = ()


@dataclass(frozen=True)
class Recommendations:
    """`recommendations.json`: whose lists, what that model is made of, and the lists."""

    model: Text = ""
    members: Texts = ()
    users: tuple[UserList, ...] = ()


@dataclass(frozen=True)
class Coefficient:
    """A weight of the fusion."""

    name: Text
    value: Number = None
    note: Text = ""


@dataclass(frozen=True)
class Gate:
    """How much the text weighs for an item seen `count` times."""

    count: Number = None
    weight: Number = None


@dataclass(frozen=True)
class Fusion:
    """`fusion.json`: the fusion of the headline as numbers that can be read."""

    formula: Text = ""
    coefficients: tuple[Coefficient, ...] = ()
    gate: tuple[Gate, ...] = ()
