"""What the features add and for whom, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from palate.evaluate.slices import WHOLE
from palate.recipe.recipe import Recipe
from palate.recipe.references import base_of
from palate.runs.documents import Figure, Summary
from palate.runs.rows import Comparison, Importance, Score
from palate.tables.slice_names import slice_called
from palate.tables.variant import Kind, Variant
from palate.tables.verdict import TINY, Answer, Verdict, of_control

_FOUND: Mapping[Answer, str] = MappingProxyType(
    {"keep": "gain", "harmful": "loss", "no evidence": "no evidence of a gain"}
)
_CONTENT: Mapping[Kind, str] = MappingProxyType(
    {"permuted": "permuted texts", "random": "random vectors of the same width"}
)


def summary(
    recipe: Recipe,
    leaderboard: Sequence[Score],
    comparisons: Sequence[Comparison],
    importance: Sequence[Importance],
) -> Summary:
    """The headline, its details and its key figures; when and by what it was made is not in it yet.

    Args:
        recipe: What was run.
        leaderboard: Every model on every slice.
        comparisons: The paired tests.
        importance: What the run itself found out about each block.
    """
    model = recipe.graph.headline()
    base = base_of(recipe.graph, model) if model in recipe.graph.fusions() else None
    story = _Story(Variant(model), recipe.evaluate.primary, leaderboard, comparisons)
    facts = Summary(
        primary=story.metric,
        base_model=base.name if base else "",
        best_model=model,
        figures=story.figures(),
    )
    if story.whole is None:
        shown = _shown(story.value(story.model, WHOLE))
        headline = f"{model} reaches {story.metric} {shown}; no model uses features."
        return replace(facts, headline=headline)
    details = [story.slice_sentence(r) for r in story.lifts]
    details += [story.control_sentence(r) for r in story.controls]
    details += [f"Block {r.block}: {r.verdict}. {r.question}" for r in importance]
    return replace(facts, headline=story.headline(story.whole), details=tuple(details))


@dataclass(frozen=True)
class _Story:
    """The rows that speak of one fusion."""

    model: Variant
    metric: str
    leaderboard: Sequence[Score]
    comparisons: Sequence[Comparison]

    def value(self, model: Variant, part: str) -> float | None:
        """The figure of a model on a slice; None if it has none."""
        wanted = (model, part, self.metric)
        found = (r.value for r in self.leaderboard if (r.variant, r.slice, r.metric) == wanted)
        return next(found, None)

    @property
    def lifts(self) -> list[Comparison]:
        """The fusion against what it is measured against, slice by slice."""
        return [r for r in self.comparisons if r.purpose == "lift" and r.a_variant == self.model]

    @property
    def whole(self) -> Comparison | None:
        """The same over all test users."""
        return next((r for r in self.lifts if r.slice == WHOLE), None)

    @property
    def controls(self) -> list[Comparison]:
        """Its controls over all test users."""
        return [
            r
            for r in self.comparisons
            if r.purpose == "control" and r.a_variant.of == self.model.of and r.slice == WHOLE
        ]

    def headline(self, whole: Comparison) -> str:
        """The first sentence of the report."""
        loud = [r for r in self.controls if self.control(r).answer == "keep"]
        if loud:
            return (
                f"Not evidence: {loud[0].a}, whose content means nothing, gains over"
                f" {loud[0].b} as well, so the gain cannot be put down to what the items say."
            )
        best = self._best()
        if whole.verdict.answer == "no evidence":
            if best is None:
                return (
                    f"No evidence that the features help: {self.metric} {self._size(whole)} over"
                    " all test users."
                )
            everyone = f"over all test users there is no clear gain ({self._size(whole)})"
            return (
                f"The features pay for {in_words(best.slice)}: {self.metric} {self._size(best)};"
                f" {everyone}."
            )
        verb = "raise" if whole.verdict.answer == "keep" else "lower"
        most = f", most for {in_words(best.slice)} ({self._size(best)})" if best else ""
        return f"The features {verb} {self.metric} over all test users: {self._size(whole)}{most}."

    def control(self, row: Comparison) -> Verdict:
        """Whether a control gains, against what it is compared with."""
        return of_control(row.verdict, self._start(row))

    def slice_sentence(self, row: Comparison) -> str:
        """What the features do for one slice."""
        found, words = _FOUND[row.verdict.answer], in_words(row.slice)
        return (
            f"{words[0].upper()}{words[1:]}: {found}, {self._change(row)}, {row.n_users:,} users."
        )

    def control_sentence(self, row: Comparison) -> str:
        """What content without meaning does."""
        lift = _share(row.difference, self._start(row))
        what, against = _CONTENT[row.a_variant.kind], _named(row.b_variant)
        return f"Control, {what}: {lift} against {against}; it should be near zero."

    def figures(self) -> tuple[Figure, ...]:
        """The key figures, in the order of the page."""
        figures = [
            Figure(
                f"{self.metric}, {self.model.name}",
                _shown(self.value(self.model, WHOLE)),
                "all test users",
            )
        ]
        if self.whole:
            row, start = self.whole, self._start(self.whole)
            figures.append(
                Figure(
                    f"{self.metric}, {_named(row.b_variant)}",
                    _shown(start),
                    "what it is measured against",
                )
            )
            figures.append(
                Figure(
                    "Lift",
                    _share(row.difference, start),
                    f"95 % interval {_between(row, start)}",
                )
            )
        best = self._best()
        if best:
            start = self._start(best)
            note = f"95 % interval {_between(best, start)}"
            figures.append(
                Figure(f"Lift, {in_words(best.slice)}", _share(best.difference, start), note)
            )
        if self.controls:
            worst = max(self.controls, key=lambda r: abs(r.difference or 0.0))
            lift = _share(worst.difference, self._start(worst))
            figures.append(Figure("Largest control lift", lift, worst.a_variant.kind))
        return tuple(figures)

    def _start(self, row: Comparison) -> float:
        return self.value(row.b_variant, row.slice) or 0.0

    def _best(self) -> Comparison | None:
        """The slice that gains most, of those whose gain is clear."""
        clear = [r for r in self.lifts if r.slice != WHOLE and r.verdict.answer == "keep"]
        return max(clear, key=lambda r: r.difference or 0.0, default=None)

    def _size(self, row: Comparison) -> str:
        start = self._start(row)
        return _share(row.difference, start) if start > TINY else _levels(row, start)

    def _change(self, row: Comparison) -> str:
        start = self._start(row)
        against = f" with {_CONTENT['permuted']}" if row.against_itself else ""
        size = f"{_share(row.difference, start)}, 95 % interval {_between(row, start)}"
        return f"{self.metric} {_levels(row, start, against)}, {size}"


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

    >>> _named(Variant("ranked", "permuted")), _named(Variant("ease"))
    ('ranked with permuted texts', 'ease')
    """
    if model.kind == "permuted":
        return f"{model.of} with {_CONTENT[model.kind]}"
    return model.name


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _share(difference: float | None, start: float) -> str:
    change = difference or 0.0
    return f"{100 * change / start:+.1f} %" if start > TINY else f"{change:+.4f}"


def _between(row: Comparison, start: float) -> str:
    return f"{_share(row.low, start)} to {_share(row.high, start)}"


def _levels(row: Comparison, start: float, against: str = "") -> str:
    return f"{start:.4f}{against} to {start + (row.difference or 0.0):.4f}"
