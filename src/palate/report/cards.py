"""Two documents of a run for people who have to answer for it: a model card and a data sheet."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from palate.evaluate.slices import WHOLE
from palate.report import wording
from palate.report.template import written
from palate.runs.documents import Data, Fault, Summary
from palate.runs.files import RunFiles
from palate.runs.rows import Score

MODEL_CARD: Final = "model_card.md"
DATA_SHEET: Final = "data_sheet.md"


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
    """A metric of a model on a slice."""

    model: str
    metric: str
    slice: str
    value: str
    interval: str
    users: str


@dataclass(frozen=True)
class _Facts:
    """What both documents are written from.

    Attributes:
        stated: What the owner says, by key of `[card]`.
        made_of: The part of the best model, and the models that it adds up.
        blocks: Blocks of features: name, part.
        results: The best model: all metrics over all users, and the primary one by slice.
        others: Every other model, the primary metric over all users.
        personal: What was found of personal data.
        faults: What else the checks found, but notes.
        looked_for: Whether personal data were looked for.
    """

    summary: Summary
    data: Data
    day: str
    stated: Mapping[str, object]
    made_of: str
    blocks: Sequence[tuple[str, str]]
    split: str
    seed: str
    results: Sequence[_Result]
    others: Sequence[_Result]
    personal: Sequence[Fault]
    faults: Sequence[Fault]
    looked_for: bool


def cards(files: RunFiles) -> Cards:
    """Write what a run's files say; what no file can know is the owner's to state, and is shown as
    not stated until then.

    Args:
        files: What `palate.runs.files.read` found.
    """
    facts = vars(_facts(files))
    words = {"count": wording.count, "percent": wording.percent}
    return Cards(
        written("model_card.jinja", **facts, **words), written("data_sheet.jinja", **facts, **words)
    )


def _facts(files: RunFiles) -> _Facts:
    recipe: Mapping[str, object] = tomllib.loads(files.recipe) if files.recipe else {}
    summary, data = files.summary or Summary(), files.data or Data()
    blocks = _table(recipe, "blocks")
    rows = [r for r in files.leaderboard or () if r.kind == "model"]
    return _Facts(
        summary,
        data,
        wording.day(summary.created),
        _table(recipe, "card"),
        _made_of(_table(_table(recipe, "models"), summary.best_model)),
        [(name, _text(_table(blocks, name), "part")) for name in blocks],
        _text(_table(recipe, "split"), "part"),
        _text(recipe, "seed"),
        _of_best(rows, summary),
        _of_others(rows, summary),
        [f for f in data.findings if f.code.startswith("personal-")],
        [f for f in data.findings if f.severity != "note"],
        bool(_table(recipe, "protect").get("scrub", True)),
    )


def _of_best(rows: Sequence[Score], summary: Summary) -> list[_Result]:
    own = [r for r in rows if r.model == summary.best_model]
    whole = [r for r in own if r.slice == WHOLE]
    parts = [r for r in own if r.slice != WHOLE and r.metric == summary.primary]
    return [_result(r) for r in (*whole, *parts)]


def _of_others(rows: Sequence[Score], summary: Summary) -> list[_Result]:
    return [
        _result(r)
        for r in rows
        if r.slice == WHOLE and r.metric == summary.primary and r.model != summary.best_model
    ]


def _result(row: Score) -> _Result:
    interval = f"{_number(row.low)} to {_number(row.high)}" if row.low is not None else wording.NONE
    return _Result(
        row.model,
        wording.metric_name(row.metric),
        "all test users" if row.slice == WHOLE else wording.slice_name(row.slice),
        _number(row.value),
        interval,
        wording.count(row.n_users),
    )


def _number(x: float | None) -> str:
    return wording.NONE if x is None else f"{x:.4f}"


def _table(settings: Mapping[str, object], key: str) -> Mapping[str, object]:
    """A table inside; an empty one where there is none."""
    inside = settings.get(key)
    return inside if isinstance(inside, Mapping) else {}


def _text(settings: Mapping[str, object], key: str) -> str:
    return str(settings.get(key, ""))


def _made_of(settings: Mapping[str, object]) -> str:
    members = settings.get("members")
    part = _text(settings, "part")
    if isinstance(members, Sequence) and not isinstance(members, str):
        return f"{part}: {', '.join(map(str, members))}"
    return part
