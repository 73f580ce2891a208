"""What the features are worth and for whom, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from palate.evaluate.slices import UNSEEN, WHOLE
from palate.recipe import graph
from palate.recipe.recipe import Recipe
from palate.runs.verdict import Row, verdict

TINY = 0.001
"""A figure below this is no base for a percentage."""

LOUD = 0.01
"""A control may gain less than this share before the headline is withdrawn."""


def summary(
    recipe: Recipe,
    leaderboard: Sequence[Row],
    comparisons: Sequence[Row],
    importance: Sequence[Row],
) -> dict[str, Any]:
    """The headline, its details and its key figures.

    Args:
        recipe: What was run.
        leaderboard: Rows as `results.leaderboard` gives them.
        comparisons: Rows as `results.comparisons` gives them.
        importance: Rows as `verdict.importance_rows` gives them.
    """
    model = graph.headline_model(recipe.models)
    fused = model in graph.fusions(recipe.models)
    story = _Story(model, recipe.evaluate.primary, leaderboard, comparisons)
    told = {
        "primary": story.metric,
        "base_model": graph.base_of(model, recipe.models) if fused else "",
        "best_model": model,
        "figures": story.figures(),
    }
    if story.whole is None:
        shown = _shown(story.value(model, WHOLE))
        return {
            **told,
            "headline": f"{model} reaches {story.metric} {shown}; no model uses features.",
            "details": [],
        }
    details = [story.slice_sentence(r) for r in story.lifts]
    details += [story.control_sentence(r) for r in story.controls]
    details += [f"Block {r['block']}: {r['verdict']}. {r['question']}" for r in importance]
    return {**told, "headline": story.headline(), "details": details}


@dataclass(frozen=True)
class _Story:
    """The rows that speak of one fusion."""

    model: str
    metric: str
    leaderboard: Sequence[Row]
    comparisons: Sequence[Row]

    def value(self, model: str, part: str) -> float | None:
        """The figure of a model on a slice; None if it has none."""
        wanted = (model, part, self.metric)
        found = (
            r["value"] for r in self.leaderboard if (r["model"], r["slice"], r["metric"]) == wanted
        )
        return next(found, None)

    @property
    def lifts(self) -> list[Row]:
        """The fusion against what it is measured against, slice by slice."""
        return [r for r in self.comparisons if r["purpose"] == "lift" and r["a"] == self.model]

    @property
    def whole(self) -> Row | None:
        """The same over all test users."""
        return next((r for r in self.lifts if r["slice"] == WHOLE), None)

    @property
    def controls(self) -> list[Row]:
        """Its controls over all test users."""
        mine = (
            r
            for r in self.comparisons
            if r["purpose"] == "control" and r["a"].startswith(f"{self.model}~")
        )
        return [r for r in mine if r["slice"] == WHOLE]

    def headline(self) -> str:
        """The first sentence of the report."""
        loud = [r for r in self.controls if self._loud(r)]
        if loud:
            return (
                f"Not evidence: {loud[0]['a']}, whose content means nothing, gains over"
                f" {loud[0]['b']} as well, so the gain cannot be put down to what the items say."
            )
        whole = self.whole or {}
        best = self._best()
        if verdict(whole) == "no evidence":
            if best is None:
                return (
                    f"No evidence that the features help: {self.metric} {self._size(whole)} over"
                    " all test users."
                )
            everyone = f"over all test users there is no clear gain ({self._size(whole)})"
            return (
                f"The features pay for {in_words(best['slice'])}: {self.metric} {self._size(best)};"
                f" {everyone}."
            )
        verb = "raise" if whole["difference"] > 0 else "lower"
        most = f", most for {in_words(best['slice'])} ({self._size(best)})" if best else ""
        return f"The features {verb} {self.metric} over all test users: {self._size(whole)}{most}."

    def slice_sentence(self, row: Row) -> str:
        """What the features do for one slice."""
        found = {"keep": "gain", "harmful": "loss", "no evidence": "no evidence of a gain"}[
            verdict(row)
        ]
        words = in_words(row["slice"])
        return (
            f"{words[0].upper()}{words[1:]}: {found}, {self._change(row)}, {row['n_users']:,}"
            " users."
        )

    def control_sentence(self, row: Row) -> str:
        """What content without meaning does."""
        what = (
            "permuted texts"
            if row["a"].endswith("~permuted")
            else "random vectors of the same width"
        )
        lift = _share(row["difference"], self._start(row))
        return f"Control, {what}: {lift} against {_named(row['b'])}; it should be near zero."

    def figures(self) -> list[dict[str, str]]:
        """The key figures, in the order of the page."""
        figures = [
            _figure(
                f"{self.metric}, {self.model}",
                _shown(self.value(self.model, WHOLE)),
                "all test users",
            )
        ]
        if self.whole:
            row, start = self.whole, self._start(self.whole)
            figures.append(
                _figure(
                    f"{self.metric}, {_named(row['b'])}",
                    _shown(start),
                    "what it is measured against",
                )
            )
            figures.append(
                _figure(
                    "Lift",
                    _share(row["difference"], start),
                    f"95 % interval {_between(row, start)}",
                )
            )
        best = self._best()
        if best:
            start = self._start(best)
            note = f"95 % interval {_between(best, start)}"
            figures.append(
                _figure(f"Lift, {in_words(best['slice'])}", _share(best["difference"], start), note)
            )
        if self.controls:
            worst = max(self.controls, key=lambda r: abs(float(r["difference"])))
            lift = _share(worst["difference"], self._start(worst))
            figures.append(_figure("Largest control lift", lift, worst["a"].partition("~")[2]))
        return figures

    def _start(self, row: Row) -> float:
        return self.value(row["b"], row["slice"]) or 0.0

    def _loud(self, row: Row) -> bool:
        return verdict(row) == "keep" and row["difference"] > LOUD * max(self._start(row), TINY)

    def _best(self) -> Row | None:
        """The slice that gains most, of those whose gain is clear."""
        clear = [r for r in self.lifts if r["slice"] != WHOLE and verdict(r) == "keep"]
        return max(clear, key=lambda r: float(r["difference"]), default=None)

    def _size(self, row: Row) -> str:
        start = self._start(row)
        return (
            _share(row["difference"], start)
            if start > TINY
            else f"{start:.4f} to {start + row['difference']:.4f}"
        )

    def _change(self, row: Row) -> str:
        start = self._start(row)
        against = " with permuted texts" if row["b"].endswith("~permuted") else ""
        size = f"{_share(row['difference'], start)}, 95 % interval {_between(row, start)}"
        return f"{self.metric} {start:.4f}{against} to {start + row['difference']:.4f}, {size}"


def in_words(name: str) -> str:
    """A slice as it is called in a sentence.

    >>> in_words("target 1-5"), in_words("target >20"), in_words("new users")
    ('items seen 1-5 times', 'items seen more than 20 times', 'new users')
    """
    if name == WHOLE:
        return "all test users"
    if name == UNSEEN:
        return "items never seen in training"
    if name.startswith("target "):
        return f"items seen {name.removeprefix('target ').replace('>', 'more than ')} times"
    return name.replace("users <=", "users with at most ")


def _named(model: str) -> str:
    """A model as it is called in a sentence.

    >>> _named("ranked~permuted"), _named("ease")
    ('ranked with permuted texts', 'ease')
    """
    name, _, control = model.partition("~")
    return f"{name} with permuted texts" if control == "permuted" else model


def _figure(label: str, value: str, note: str) -> dict[str, str]:
    return {"label": label, "value": value, "note": note}


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _share(difference: float, start: float) -> str:
    return f"{100 * difference / start:+.1f} %" if start > TINY else f"{difference:+.4f}"


def _between(row: Row, start: float) -> str:
    return f"{_share(row['low'], start)} to {_share(row['high'], start)}"
