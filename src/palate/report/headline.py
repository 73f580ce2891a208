"""What a run found, in sentences: which model is best, what features add, and for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from palate.evaluate.slices import WHOLE
from palate.recipe.recipe import Recipe
from palate.recipe.references import LANGUAGE_MODEL
from palate.report.chosen import best_model, features_weigh, reported_fusion
from palate.report.claims import CONTENT, Claims, beaten_by
from palate.runs.documents import Beaten, Earned, Figure, Summary
from palate.runs.rows import Comparison, Importance, MemberWeight, Score, Validated
from palate.tables.slice_names import slice_called
from palate.tables.variant import Variant
from palate.tables.verdict import Answer

_FOUND: Mapping[Answer, str] = MappingProxyType(
    {"keep": "gain", "harmful": "loss", "no evidence": "no evidence of a gain"}
)

_NEEDED: Mapping[Answer, str] = MappingProxyType(
    {"keep": "is needed", "harmful": "does harm", "no evidence": "is not shown to add anything"}
)


def summary(
    recipe: Recipe,
    leaderboard: Sequence[Score],
    comparisons: Sequence[Comparison],
    importance: Sequence[Importance],
    validation: Sequence[Validated] = (),
    weights: Sequence[MemberWeight] = (),
) -> Summary:
    """The headline, its details and its key figures; when and by what it was made is not in it yet.

    Args:
        recipe: What was run.
        leaderboard: Every model on every slice.
        comparisons: The paired tests.
        importance: What the run itself found out about each block.
        validation: How every model did on validation cases.
        weights: How much each member counts in each fusion.
    """
    graph, best = recipe.graph, best_model(recipe, validation)
    fusion = reported_fusion(recipe, validation)
    weighs = features_weigh(graph, weights, fusion) if fusion else False
    metric = recipe.evaluate.primary
    claims = Claims(Variant(fusion or best), metric, leaderboard, comparisons, weighs)
    earned = claims.earned(graph) if fusion else ()
    story = _Story(claims, best, earned, beaten_by(best, comparisons, graph))
    return Summary(
        primary=metric,
        best_model=best,
        fusion=fusion,
        base_model=claims.whole.b_variant.name if claims.whole else "",
        features=claims.finding,
        gains_in=tuple(r.slice for r in claims.paying),
        earned=earned,
        beaten_by=story.beaten,
        figures=story.figures(),
        headline=story.headline(reads_features=bool(graph.all_blocks(best))),
        details=(
            *story.details(),
            *(f"Block {r.block}: {r.verdict}. {r.question}" for r in importance),
        ),
    )


@dataclass(frozen=True)
class _Story:
    """The claims, in words."""

    claims: Claims
    best: str
    earned: Sequence[Earned]
    beaten: tuple[Beaten, ...]

    @property
    def metric(self) -> str:
        return self.claims.metric

    def headline(self, *, reads_features: bool) -> str:
        """The first sentences of the report; who is ahead of the best model stands first."""
        first = [self._ahead(self.beaten[0])] if self.beaten else []
        return " ".join([*first, self._features(reads_features), *self._which()])

    def _which(self) -> list[str]:
        """Whose features these are, where the best model has none that could be measured."""
        whole, fusion = self.claims.whole, self.claims.fusion.name
        if whole is None or fusion == self.best:
            return []
        return [f"(The features of {fusion}, measured against {_named(whole.b_variant)}.)"]

    def _ahead(self, row: Beaten) -> str:
        mine = self.claims.value(Variant(self.best), WHOLE)
        theirs = self.claims.value(Variant(row.model), WHOLE)
        figures = f"{self.metric} {_shown(theirs)} against {_shown(mine)}"
        between = f"95 % interval of the difference {_number(row.low)} to {_number(row.high)}"
        if row.clear:
            verb = f"{row.model} beats {self.best}, the best by validation"
            return f"{verb}: {figures}, {between}. {row.advice}"
        verb = f"{row.model} is ahead of {self.best}, the best by validation, though not clearly"
        return f"{verb}: {figures}, {between}. {row.advice}"

    def _features(self, reads_features: bool) -> str:
        whole, fusion = self.claims.whole, self.claims.fusion.name
        if whole is None:
            shown = _shown(self.claims.value(Variant(self.best), WHOLE))
            tail = "no model is measured with and without" if reads_features else "no model uses"
            return f"{self.best} reaches {self.metric} {shown}; {tail} features."
        finding, loud = self.claims.finding, self.claims.loud
        if finding == "no weight":
            return f"The features add nothing: {fusion} gave them no weight."
        if loud and finding == "not evidence":
            return (
                f"Not evidence: {loud.a}, whose content means nothing, gains over {loud.b} as well,"
                " so the gain cannot be put down to what the items say."
            )
        paying = self.claims.paying
        if finding == "gain in slices":
            return (
                f"The features pay for {in_words(paying[0].slice)}: {self.metric}"
                f" {self._size(paying[0])}; over all test users there is no clear gain"
                f" ({self._interval(whole)})."
            )
        if finding == "no evidence":
            return (
                f"No evidence that the features help: {self.metric} {self._interval(whole)}, over"
                " all test users."
            )
        verb = "raise" if finding == "gain" else "lower"
        most = f", most for {in_words(paying[0].slice)} ({self._size(paying[0])})" if paying else ""
        if finding == "loss":
            most = f"; they pay for {in_words(paying[0].slice)}" if paying else ""
        sentence = (
            f"The features {verb} {self.metric} over all test users: {self._size(whole)}{most}."
        )
        return f"{sentence} {self._credit()}".strip() if finding == "gain" else sentence

    def _credit(self) -> str:
        """Which blocks earned a gain, each by its own comparison."""
        if not self.earned:
            return ""
        clear = [row for row in self.earned if row.verdict == "keep"]
        single = [row for row in clear if len(row.blocks) == 1]
        if any(row.language_model for row in single):
            clear = single  # the language models together are no news then
        if not clear:
            return "The blocks earn it together; none alone is needed (they say much the same)."
        sentence = f"Earned by {_listed([_claimed(row) for row in clear])}."
        spoken = [row for row in self.earned if row.language_model]
        silent = spoken and not any(row.verdict == "keep" for row in spoken)
        return (
            f"{sentence} Nothing shows that the language model adds to it." if silent else sentence
        )

    def details(self) -> list[str]:
        """Every slice, every control and every block's own comparison, a sentence each."""
        claims = self.claims
        more = [
            f"{b.model} is {'clearly ' if b.clear else ''}ahead of {self.best} on the test:"
            f" {_number(b.difference)} of {self.metric}, 95 % interval {_number(b.low)} to"
            f" {_number(b.high)}."
            for b in self.beaten[1:]
        ]
        slices = [self.slice_sentence(r) for r in claims.lifts]
        controls = [self.control_sentence(r) for r in claims.controls]
        # of one block the comparison is the lift, which is there already
        blocks = self.earned if len(self.earned) > 1 else ()
        return [*slices, *controls, *map(self._earned_sentence, blocks), *more]

    def slice_sentence(self, row: Comparison) -> str:
        """What the features do for one slice."""
        judged, words = self.claims.judged(row), in_words(row.slice)
        reason = f" ({judged.reason})" if judged.reason else ""
        return (
            f"{words[0].upper()}{words[1:]}: {_FOUND[judged.answer]}{reason},"
            f" {self._change(row)}, {row.n_users:,} users."
        )

    def control_sentence(self, row: Comparison) -> str:
        """What content without meaning does."""
        what, against = CONTENT[row.a_variant.kind], _named(row.b_variant)
        return f"Control, {what}: {_share(row)} against {against}; it should be near zero."

    def _earned_sentence(self, row: Earned) -> str:
        """What would be lost without some blocks, by the verdict of that comparison."""
        found, name = _NEEDED[row.verdict], _claimed(row)
        reason = f", {row.reason}" if row.reason else ""
        return (
            f"{name[0].upper()}{name[1:]} {found}: {self.metric} {_number(row.difference)} by it"
            f" beside the other blocks, 95 % interval {_number(row.low)} to {_number(row.high)}"
            f"{reason}."
        )

    def figures(self) -> tuple[Figure, ...]:
        """The key figures, in the order of the page."""
        claims, whole = self.claims, self.claims.whole
        names = dict.fromkeys([self.best, claims.fusion.name] if whole else [self.best])
        notes = {self.best: "the best by validation; all test users"}
        figures = [
            Figure(
                f"{self.metric}, {name}",
                _shown(claims.value(Variant(name), WHOLE)),
                notes.get(name, "with features"),
            )
            for name in names
        ]
        if whole:
            figures += [
                Figure(
                    f"{self.metric}, {_named(whole.b_variant)}",
                    _shown(claims.value(whole.b_variant, WHOLE)),
                    "what the features are measured against",
                ),
                Figure("Lift", _share(whole), f"95 % interval {_between(whole)}"),
            ]
        for row in claims.paying[:1]:
            note = f"95 % interval {_between(row)}"
            figures.append(Figure(f"Lift, {in_words(row.slice)}", _share(row), note))
        if claims.controls:
            worst = max(claims.controls, key=lambda r: abs(r.difference or 0.0))
            figures.append(Figure("Largest control lift", _share(worst), worst.a_variant.kind))
        return tuple(figures)

    def _size(self, row: Comparison) -> str:
        return _share(row) if row.lift is not None else self._levels(row)

    def _interval(self, row: Comparison) -> str:
        reason = self.claims.judged(row).reason
        tail = f", {reason}" if reason else ""
        return f"{self._size(row)}, 95 % interval {_between(row)}{tail}"

    def _change(self, row: Comparison) -> str:
        against = f" with {CONTENT['permuted']}" if row.against_itself else ""
        return (
            f"{self.metric} {self._levels(row, against)}, {_share(row)},"
            f" 95 % interval {_between(row)}"
        )

    def _levels(self, row: Comparison, against: str = "") -> str:
        start = self.claims.value(row.b_variant, row.slice)
        if start is None:
            return _number(row.difference)
        return f"{start:.4f}{against} to {start + (row.difference or 0.0):.4f}"


def in_words(name: str) -> str:
    """A slice as it is called in a sentence.

    >>> in_words("target 1-5"), in_words("target >20"), in_words("new users")
    ('items seen 1-5 times', 'items seen more than 20 times', 'new users')
    """
    known = slice_called(name)
    if known is None:
        return name
    if known.kind == "frequency" and not known.unseen:
        return f"items seen {known.times.replace('>', 'more than ')} times"
    return {
        "all": "all test users",
        "frequency": "items never seen in training",
        "short histories": f"users with at most {known.high} events",
    }.get(known.kind, name)


def _named(model: Variant) -> str:
    """A model as it is called in a sentence.

    >>> _named(Variant("ranked", "permuted")), _named(Variant("all", "counterpart"))
    ('ranked with permuted texts', 'all without features')
    """
    if model.kind == "permuted":
        return f"{model.of} with {CONTENT[model.kind]}"
    return f"{model.of} without features" if model.kind == "counterpart" else model.name


def _claimed(row: Earned) -> str:
    blocks = f"block{'s' if len(row.blocks) > 1 else ''} {_listed(row.blocks)}"
    if row.claim == LANGUAGE_MODEL or row.language_model:
        return f"the language model ({blocks})"
    return blocks


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _number(x: float | None) -> str:
    return "-" if x is None else f"{x:+.4f}"


def _percent(x: float | None) -> str:
    return "-" if x is None else f"{100 * x:+.1f} %"


def _share(row: Comparison) -> str:
    """In percent only where the base allows it; the row says whether it does."""
    return _percent(row.lift) if row.lift is not None else _number(row.difference)


def _between(row: Comparison) -> str:
    if row.lift is None or row.lift_low is None or row.lift_high is None:
        return f"{_number(row.low)} to {_number(row.high)}"
    return f"{_percent(row.lift_low)} to {_percent(row.lift_high)}"
