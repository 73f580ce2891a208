"""Draw the page: arrange what the files say, fill the template, write the result in one step."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from palate import store
from palate.report import wording
from palate.report.atlas import Atlas, atlas
from palate.report.controls import Controls, Pairs, controls, pairs
from palate.report.costs import Costs, costs
from palate.report.dataset import Sheet, sheet
from palate.report.forest import Forest
from palate.report.formula import formula
from palate.report.importance import MethodSection, ablation, importance
from palate.report.importance_pictures import ImportanceView, importance_view
from palate.report.leaderboard import Leaderboard, leaderboard
from palate.report.lift import Lift, by_key, lift
from palate.report.lines import Curve, LineChart, curves, gate_chart
from palate.report.recommendations import Lists, lists
from palate.report.toml import coloured
from palate.report.tried import Tried, tried
from palate.runs.documents import Fusion, Summary
from palate.runs.files import RunFiles, plain, read

PAGE = "report.html"


@dataclass(frozen=True)
class Views:
    """What each section shows; None or empty where the section is left out."""

    lift: Lift | None
    leaderboard: Leaderboard | None
    pairs: Pairs | None
    controls: Controls | None
    importance: tuple[MethodSection, ...]
    ablation: tuple[Forest, ...]
    study: ImportanceView | None
    fusion: Fusion | None
    gate: LineChart | None
    map: Atlas | None
    lists: Lists | None
    data: Sheet | None
    tried: Tried | None
    curves: tuple[Curve, ...]
    costs: Costs | None
    recipe: Markup | None


def draw(run: Path, into: Path | None = None) -> Path:
    """Draw `report.html` from the files of a run directory.

    It reads nothing else, computes no result, and replaces an older page in one step, so it can be
    called at any time: after a run, after `palate importance`, or on a directory that was copied
    from another machine.

    Args:
        run: The run directory.
        into: Where to write it; None: the run directory.

    Returns:
        The path of the page.

    Raises:
        BadInput: `run` is not a folder, or its files are of two runs.
    """
    target = (into or run) / PAGE
    store.write_text(target, render(read(run)))
    return target


def render(files: RunFiles) -> str:
    """The page as text.

    Args:
        files: What `files.read` found.
    """
    script = Markup(_asset("report.js"))  # noqa: S704 - our own file
    views = views_of(files)
    page = _template().render(
        **{f.name: getattr(views, f.name) for f in fields(Views)},
        name=files.name,
        summary=files.summary or Summary(),
        absent=files.absent,
        unfinished=files.unfinished,
        created=wording.day(files.summary.created) if files.summary else "",
        style=Markup(_asset("report.css")),  # noqa: S704 - our own file
        script=script,
        # The page may run this one script and load nothing: even a title that broke out of its
        # place stays text.
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data_for_script=_for_script(views),
    )
    return page.lstrip()


def views_of(files: RunFiles) -> Views:
    """Arrange the files for the template."""
    summary = files.summary or Summary()
    scores = by_key(files.leaderboard)
    return Views(
        lift=lift(files.comparisons, scores, summary),
        leaderboard=leaderboard(files.leaderboard, summary),
        pairs=pairs(files.comparisons),
        controls=controls(files.comparisons, scores, summary),
        importance=importance(files.importance, brief=files.study is not None),
        ablation=ablation(files.ablation),
        study=importance_view(files.study),
        fusion=files.fusion,
        gate=gate_chart(files.fusion.gate) if files.fusion else None,
        map=atlas(files.map),
        lists=lists(files.recommendations),
        data=sheet(files.data),
        tried=tried(files.choice),
        curves=curves(files.curves),
        costs=costs(files.timings),
        recipe=coloured(files.recipe) if files.recipe else None,
    )


def embedded(value: object) -> Markup:
    r"""Rows, or any plain value, as JSON that may stand inside a `script` element: nothing in it
    can close the element.

    >>> embedded({"a": "</script>"})
    Markup('{"a":"\\u003c/script\\u003e"}')
    """
    text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - the letters that mean something to HTML are gone


@functools.cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(short=wording.short, prose=wording.prose, formula=formula, raw=_raw)
    return environment.from_string(_asset("report.html.jinja"))


def _raw(x: float | None) -> str:
    """A number to sort by; empty where there is none."""
    return "" if x is None else f"{x:.7g}"


def _for_script(views: Views) -> Markup:
    return embedded(
        {
            "leaderboard": views.leaderboard.data if views.leaderboard else None,
            "map": views.map.data if views.map else None,
        }
    )


def _asset(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")
