"""What a run found, in sentences: what features add, for whom, and which model is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from palate.evaluate.leaks import knowing
from palate.evaluate.slices import WHOLE
from palate.recipe.recipe import Recipe
from palate.recipe.references import LANGUAGE_MODEL
from palate.report import wording
from palate.report.chosen import best_model, features_weigh, reported_fusion
from palate.report.claims import CONTENT, Claims, beaten_by
from palate.runs.documents import Beaten, Earned, Figure, Summary
from palate.runs.rows import Comparison, Importance, MemberWeight, Score, Validated
from palate.tables.findings import Finding
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
    findings: Sequence[Finding] = (),
) -> Summary:
    """The headline, its details and its key figures; when and by what it was made is not in it yet.

    Args:
        recipe: What was run.
        leaderboard: Every model on every slice.
        comparisons: The paired tests.
        importance: What the run itself found out about each block.
        validation: How every model did on validation cases.
        weights: How much each member counts in each fusion.
        findings: What the leak check found, among others.
    """
    graph, best = recipe.graph, best_model(recipe, validation)
    fusion = reported_fusion(recipe, validation)
    weighs = features_weigh(graph, weights, fusion) if fusion else False
    metric = recipe.evaluate.primary
    leak = knowing(findings, graph.all_blocks(fusion)) if fusion else None
    claims = Claims(Variant(fusion or best), metric, leaderboard, comparisons, weighs, leak)
    earned = claims.earned(graph) if fusion else ()
    validated = bool(recipe.evaluate.best or validation)
    story = _Story(claims, best, earned, beaten_by(best, comparisons, graph), validated)
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
        headline=story.headline(reads_features=any(map(graph.all_blocks, recipe.models))),
        details=(
            *story.details(),
            *(f"Block {r.block}: {r.verdict}. {r.question}" for r in importance),
        ),
        validated=validated,
    )


def with_findings(summary: Summary, findings: Sequence[Finding]) -> Summary:
    """The summary with findings of severity error, the first of them at the head of the headline.

    Args:
        summary: Of a run whose data or split have these findings.
        findings: All of them, whatever their severity.
    """
    found = [f for f in findings if f.severity == "error"]
    if not found:
        return summary
    errors = tuple(
        f"{_sentence(f.message)}{f' Next: {f.advice}' if f.advice else ''}" for f in found
    )
    first = _sentence(found[0].message)
    n = len(found) - 1
    more = f" (And {n} more error{'s' if n > 1 else ''}.)" if n else ""
    headline = f"Not to be relied on: {first}{more} {summary.headline}"
    return replace(summary, errors=errors, headline=headline)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


@dataclass(frozen=True)
class _Story:
    """The claims, in words."""

    claims: Claims
    best: str
    earned: Sequence[Earned]
    beaten: tuple[Beaten, ...]
    validated: bool

    @property
    def metric(self) -> str:
        return self.claims.metric

    def headline(self, *, reads_features: bool) -> str:
        """The first sentences of the report, three at most: what the features did, then the model
        that beats the best one, where one clearly does.
        """
        return " ".join([*self._features(reads_features), *map(self._beats, self._first_beaten)])

    @property
    def _first_beaten(self) -> tuple[Beaten, ...]:
        return tuple(row for row in self.beaten[:1] if row.clear)

    @property
    def _whose(self) -> str:
        """Whose features these are is said where the best model has none that could be measured."""
        fusion = self.claims.fusion.name
        return "features" if fusion == self.best else f"features of {fusion}"

    def _beats(self, row: Beaten) -> str:
        mine = self.claims.value(Variant(self.best), WHOLE)
        theirs = self.claims.value(Variant(row.model), WHOLE)
        place = "best by validation" if self.validated else "model that this run reports"
        return (
            f"On the test {row.model} beats {self.best}, the {place}, by {self.metric}"
            f" {_shown(theirs)} against {_shown(mine)} ({_ends(row)}): {row.advice}."
        )

    def _features(self, reads_features: bool) -> list[str]:
        whole, fusion = self.claims.whole, self.claims.fusion.name
        if whole is None:
            shown = _shown(self.claims.value(Variant(self.best), WHOLE))
            tail = "no model is measured with and without" if reads_features else "no model uses"
            return [f"{self.best} reaches {self.metric} {shown}; {tail} features."]
        finding = self.claims.finding
        if finding == "no weight":
            where = "on the validation cases" if self.validated else "where its weights were chosen"
            return [f"No use was found for the features: {fusion} gave them no weight {where}."]
        if finding == "not evidence":
            return [f"Not evidence: {self._why_not()}"]
        if finding == "no evidence":
            return [
                f"No evidence that the {self._whose} help: {self.metric} {self._interval(whole)},"
                " over all test users."
            ]
        paying = self.claims.paying
        if finding == "gain in slices":
            return [
                f"The {self._whose} pay for {in_words(paying[0].slice)}: {self.metric}"
                f" {self._size(paying[0])}; over all test users there is no clear gain"
                f" ({self._interval(whole)})."
            ]
        return self._over_all(whole, paying)

    def _why_not(self) -> str:
        """Why a gain would be no evidence."""
        leak, loud = self.claims.leak, self.claims.loud
        if leak or loud is None:
            return f"{_sentence(leak.message)} {leak.advice}" if leak else ""
        return (
            f"{_named(loud.a_variant)} gains over {_named(loud.b_variant)} as well, so the gain"
            " cannot be put down to what the items say."
        )

    def _over_all(self, whole: Comparison, paying: Sequence[Comparison]) -> list[str]:
        """A clear gain or loss over all test users, and the slice that stands out."""
        gain = self.claims.finding == "gain"
        # what is gained over permuted texts is no more or less than what is gained over no texts
        alike = [row for row in paying if row.against_itself == whole.against_itself or not gain]
        link = ", most" if gain else "; they pay"
        most = [f"{link} for {in_words(r.slice)} ({self._size(r)})" for r in alike[:1]]
        sentence = (
            f"The {self._whose} {'raise' if gain else 'lower'} {self.metric} over all test users:"
            f" {self._size(whole)}{''.join(most)}."
        )
        return [sentence, *self._credit()] if gain else [sentence]

    def _credit(self) -> list[str]:
        """Which blocks earned a gain, each by its own comparison."""
        if not self.earned:
            return []
        clear = [row for row in self.earned if row.verdict == "keep"]
        single = [row for row in clear if len(row.blocks) == 1]
        if any(row.language_model for row in single):
            clear = single  # the language models together are no news then
        if not clear:
            return ["The blocks earn it together; none alone is shown to add to the others."]
        spoken = [row for row in self.earned if row.language_model]
        silent = spoken and not any(row.verdict == "keep" for row in spoken)
        tail = "; nothing shows that the language model adds to it" if silent else ""
        return [f"Earned by {_listed([_claimed(row) for row in clear])}{tail}."]

    def details(self) -> list[str]:
        """Every slice, every control and every block's own comparison, a sentence each."""
        claims = self.claims
        more = [
            f"{b.model} is {'clearly ahead' if b.clear else 'ahead, though not clearly,'} of"
            f" {self.best} on the test: {_number(b.difference)} of {self.metric}, {_ends(b)}:"
            f" {b.advice}."
            for b in self.beaten[len(self._first_beaten) :]
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
        same = f", {wording.SAME}" if row.is_same else ""
        return f"Control, {what}: {_share(row)} against {against}{same}; it should be near zero."

    def _earned_sentence(self, row: Earned) -> str:
        """What would be lost without some blocks, by the verdict of that comparison."""
        found, name = _NEEDED[row.verdict], _claimed(row)
        return (
            f"{name[0].upper()}{name[1:]} {found}: {self.metric} {_number(row.difference)} by it"
            f" beside the other blocks, {_ends(row)}."
        )

    def figures(self) -> tuple[Figure, ...]:
        """The key figures, in the order of the page."""
        claims, whole = self.claims, self.claims.whole
        names = dict.fromkeys([self.best, claims.fusion.name] if whole else [self.best])
        chosen = "the best by validation; " if self.validated else ""
        base = whole.b_variant if whole and whole.b_variant != Variant(self.best) else None
        beside = "" if base or not whole else "; what the features are measured against"
        notes = {self.best: f"{chosen}all test users{beside}"}
        figures = [
            Figure(
                f"{self.metric}, {name}",
                _shown(claims.value(Variant(name), WHOLE)),
                notes.get(name, "with features"),
            )
            for name in names
        ]
        if base:
            value = _shown(claims.value(base, WHOLE))
            note = "what the features are measured against"
            figures.append(Figure(f"{self.metric}, {_named(base)}", value, note))
        if whole:
            figures.append(Figure("Lift", _share(whole), f"{_between(whole)}{_against(whole)}"))
        for row in claims.paying[:1]:
            note = f"{_between(row)}{_against(row)}"
            figures.append(Figure(f"Lift, {in_words(row.slice)}", _share(row), note))
        if claims.controls:
            worst = max(claims.controls, key=lambda r: abs(r.difference or 0.0))
            figures.append(
                Figure("Largest control lift", _share(worst), CONTENT[worst.a_variant.kind])
            )
        return tuple(figures)

    def _size(self, row: Comparison) -> str:
        size = _share(row) if row.lift is not None else self._levels(row)
        return f"{size}{_against(row)}"

    def _interval(self, row: Comparison) -> str:
        reason = self.claims.judged(row).reason
        tail = f", {reason}" if reason else ""
        return f"{self._size(row)}, {_between(row)}{tail}"

    def _change(self, row: Comparison) -> str:
        start = self.claims.value(row.b_variant, row.slice)
        if row.is_same and start == 0 and wording.counts_hits(self.metric):
            return f"{wording.NO_HITS} by {self.metric}, neither with nor without"
        return f"{self.metric} {self._levels(row)}{_against(row)}, {_share(row)}, {_between(row)}"

    def _levels(self, row: Comparison) -> str:
        start = self.claims.value(row.b_variant, row.slice)
        if start is None:
            return _number(row.difference)
        return f"{start:.4f} to {start + (row.difference or 0.0):.4f}"


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
    if model.role == "control":
        return f"{model.of} with {CONTENT[model.kind]}"
    return wording.model_name(model)


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
    return "-" if x is None else f"{_rounded(x, 4):+.4f}"


def _percent(x: float | None) -> str:
    return "-" if x is None else f"{_rounded(100 * x, 1):+.1f} %"


def _rounded(x: float, digits: int) -> float:
    """Rounded, and zero without a minus.

    >>> _rounded(-0.00004, 4), _rounded(-0.05, 1)
    (0.0, -0.1)
    """
    return round(x, digits) + 0.0


def _share(row: Comparison) -> str:
    """In percent only where the base allows it; the row says whether it does."""
    return _percent(row.lift) if row.lift is not None else _number(row.difference)


def _against(row: Comparison) -> str:
    """Said where a lift is not over the model without features."""
    kind = row.b_variant.kind
    return f" against the same with {CONTENT[kind]}" if row.against_itself else ""


def _between(row: Comparison) -> str:
    """Its interval in words, in the unit of `_share`."""
    if row.is_same:
        return wording.SAME
    if row.lift is None or row.lift_low is None or row.lift_high is None:
        return _ends(row)
    return f"95 % interval{_corrected(row)} {_percent(row.lift_low)} to {_percent(row.lift_high)}"


def _ends(row: Comparison | Beaten | Earned) -> str:
    """The interval of a difference, in words."""
    if row.low is None or row.high is None:
        return wording.TOO_FEW
    ends = f"{_number(row.low)} to {_number(row.high)}"
    return f"95 % interval of the difference{_corrected(row)} {ends}"


def _corrected(row: Comparison | Beaten | Earned) -> str:
    """Said of an interval that is wider because others were looked at too."""
    many = row.n_compared or 1
    return f", corrected for {many} comparisons," if many > 1 else ""
