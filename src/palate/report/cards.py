"""Two documents of a run for people who have to answer for it: a model card and a data sheet."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from palate.evaluate.slices import WHOLE
from palate.report import wording
from palate.report.template import in_markdown, written
from palate.runs.documents import Data, Summary
from palate.runs.files import RunFiles
from palate.runs.rows import Score

MODEL_CARD: Final = "model_card.md"
DATA_SHEET: Final = "data_sheet.md"
NOT_STATED: Final = "*Not stated: `[card] {key}` in the recipe says it.*"


@dataclass(frozen=True)
class Cards:
    """The two documents, in Markdown.

    Attributes:
        model: After Mitchell et al., Model cards for model reporting, FAT* 2019.
        data: After Gebru et al., Datasheets for datasets, CACM 2021.
    """

    model: str
    data: str


@dataclass(frozen=True)
class _Result:
    """A metric of the best model on a slice, beside the simplest model's."""

    metric: str
    slice: str
    value: str
    interval: str
    users: str


def cards(files: RunFiles) -> Cards:
    """Write what a run's files say; what no file can know is the owner's to state, and is shown as
    not stated until then.

    Args:
        files: What `palate.runs.files.read` found.
    """
    recipe = tomllib.loads(files.recipe) if files.recipe else {}
    blocks = _table(recipe, "blocks")
    summary, data = files.summary or Summary(), files.data or Data()
    shown: dict[str, Any] = {
        "summary": summary,
        "data": data,
        "said": _Said(_table(recipe, "card")),
        "day": wording.day(summary.created),
        "made_of": _made_of(recipe, summary.best_model),
        "blocks": [(name, _table(blocks, name).get("part", "")) for name in blocks],
        "split": _table(recipe, "split").get("part", ""),
        "looked_for": _table(recipe, "protect").get("scrub", True),
        "seed": recipe.get("seed", 0),
        "results": _results(files.leaderboard or (), summary),
        "others": _others(files.leaderboard or (), summary),
        "personal": [f for f in data.findings if f.code.startswith("personal-")],
        "faults": [f for f in data.findings if f.severity != "note"],
        "count": wording.count,
        "percent": wording.percent,
    }
    return Cards(written("model_card.md.jinja", **shown), written("data_sheet.md.jinja", **shown))


def _table(settings: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A table inside; an empty one where there is none."""
    inside = settings.get(key, {})
    return inside if isinstance(inside, Mapping) else {}


def _made_of(recipe: Mapping[str, Any], model: str) -> str:
    """Its part, and the models that it adds up."""
    settings = _table(_table(recipe, "models"), model)
    members = ", ".join(settings.get("members", ()))
    part = settings.get("part", "")
    return f"{part}, which adds up {members}" if members else part


class _Said:
    """What the owner stated, by key; a sentence that it is missing in place of what is not."""

    def __init__(self, stated: Mapping[str, str]) -> None:
        self._stated = stated

    def __getitem__(self, key: str) -> str:
        text = self._stated.get(key, "")
        return in_markdown(text) if text else NOT_STATED.format(key=key)


def _results(rows: Sequence[Score], summary: Summary) -> list[_Result]:
    """The best model: all metrics over all users, and the primary one by slice."""
    own = [r for r in rows if r.kind == "model" and r.model == summary.best_model]
    whole = [r for r in own if r.slice == WHOLE]
    parts = [r for r in own if r.slice != WHOLE and r.metric == summary.primary]
    return [_result(r) for r in (*whole, *parts)]


def _others(rows: Sequence[Score], summary: Summary) -> list[tuple[str, str, str]]:
    """Every other model: name, the primary metric, its interval."""
    return [
        (row.model, (shown := _result(row)).value, shown.interval)
        for row in rows
        if row.kind == "model"
        and row.slice == WHOLE
        and row.metric == summary.primary
        and row.model != summary.best_model
    ]


def _result(row: Score) -> _Result:
    def number(x: float | None) -> str:
        return wording.NONE if x is None else f"{x:.4f}"

    interval = f"{number(row.low)} to {number(row.high)}" if row.low is not None else wording.NONE
    name = "all test users" if row.slice == WHOLE else wording.slice_name(row.slice)
    shown = wording.metric_name(row.metric)
    return _Result(shown, name, number(row.value), interval, wording.count(row.n_users))
