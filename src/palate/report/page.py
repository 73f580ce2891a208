"""Draw the page: arrange what the files say, fill the template, write the result in one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from markupsafe import Markup, escape

from palate import store
from palate.report import wording
from palate.report.atlas import Atlas, atlas
from palate.report.attributes import ShownAttribute, attributes
from palate.report.controls import Controls, Pairs, controls, pairs
from palate.report.costs import Costs, costs
from palate.report.dataset import Sheet, sheet
from palate.report.forest import Forest
from palate.report.importance import MethodSection, ablation, importance
from palate.report.importance_pictures import ImportanceView, importance_view
from palate.report.leaderboard import Leaderboard, leaderboard
from palate.report.lift import Lift, by_key, lift
from palate.report.lines import Curve, LineChart, curves, gate_chart
from palate.report.made_features import MadeFeatures, made_features
from palate.report.model_terms import model_terms
from palate.report.pictures import Pictures
from palate.report.recommendations import Lists, lists
from palate.report.rules import RuleRow, rules
from palate.report.slates import SlateView, slates
from palate.report.template import filled
from palate.report.terms import Term, board_terms, head_terms, why_best
from palate.report.toml import coloured
from palate.report.tried import Tried, tried
from palate.runs.documents import Fusion, Summary
from palate.runs.files import RunFiles, read
from palate.runs.manifest import unfinished
from palate.runs.writer import replacing
from palate.translation import ENGLISH, in_language

PAGE = "report.html"
T = TypeVar("T")


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
    attributes: tuple[ShownAttribute, ...]
    tried: Tried | None
    rules: tuple[RuleRow, ...]
    made: MadeFeatures | None
    slates: SlateView | None
    curves: tuple[Curve, ...]
    costs: Costs | None
    recipe: Markup | None
    undrawn: tuple[str, ...] = ()


def draw(run: Path, into: Path | None = None, language: str = ENGLISH) -> Path:
    """Draw `report.html` from the files of a run directory.

    It reads nothing else, computes no result, and replaces an older page in one step, so it can be
    called at any time: after a run, after `palate importance`, or on a directory that was copied
    from another machine.

    Args:
        run: The run directory.
        into: Where to write it; None: the run directory.
        language: Of the page; names, ids and code stay as they are.

    Returns:
        The path of the page.

    Raises:
        BadInput: `run` is not a folder, or its files are of two runs; or palate does not speak the
            language.
    """
    text = render(read(run), language)
    if into is None and not unfinished(run):
        # the run knows its page by digest, so it has to know the new one
        with replacing(run, (PAGE,)) as place:
            store.write_text(place / PAGE, text)
    else:
        store.write_text((into or run) / PAGE, text)
    return (into or run) / PAGE


def render(files: RunFiles, language: str = ENGLISH) -> str:
    """The page as text; see `page_of`."""
    return in_language(page_of(files).text, language)


@dataclass(frozen=True)
class Page:
    """A drawn page.

    Attributes:
        text: The page.
        warnings: What of it could not be drawn, in sentences.
    """

    text: str
    warnings: tuple[str, ...] = ()


def page_of(files: RunFiles) -> Page:
    """The page; where it cannot be drawn at all, one with the headline alone.

    Args:
        files: What `files.read` found.
    """
    pictures = Pictures()
    views = views_of(files, pictures)
    text = pictures.draw("the page", lambda: _page(files, views), "")
    return Page(text or _bare(files, list(pictures.reasons.values())[-1]), tuple(pictures.warned))


def _bare(files: RunFiles, why: str) -> str:
    """What is left of a page that could not be drawn."""
    head = files.summary.headline if files.summary else ""
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        f"<title>{escape(files.name)}</title><h1>{escape(head)}</h1><p>{escape(why)}"
        " The results lie in the files beside this page.</p></html>\n"
    )


def _page(files: RunFiles, views: Views) -> str:
    summary = files.summary or Summary()
    known = head_terms(summary)
    return filled(
        "report.html.jinja",
        {
            "leaderboard": views.leaderboard.data if views.leaderboard else None,
            "map": views.map.data if views.map else None,
        },
        **{f.name: getattr(views, f.name) for f in fields(Views)},
        name=files.name,
        title=f"{summary.name or files.name} \N{EN DASH} palate report",
        version=summary.palate_version,
        summary=summary,
        absent=files.absent,
        unfinished=files.unfinished,
        terms=known,
        board_terms=_board_terms(views, known),
        model_terms=model_terms(files.recipe),
        created=wording.day(files.summary.created) if files.summary else "",
    )


def _board_terms(views: Views, known: Sequence[Term]) -> tuple[Term, ...]:
    if views.leaderboard is None:
        return ()
    return board_terms((s.kind for s in views.leaderboard.standings), known)


def views_of(files: RunFiles, pictures: Pictures | None = None) -> Views:
    """Arrange the files for the template; a section that fails is left out, and the page says so.

    Args:
        files: What `files.read` found.
        pictures: Keeps what could not be drawn.
    """
    summary = files.summary or Summary()
    scores = by_key(files.leaderboard)
    pictures = pictures or Pictures()

    def part(name: str, build: Callable[[], T], instead: T) -> T:
        return pictures.draw(f"the section {name}", build, instead)

    brief = files.study is not None
    views = Views(
        lift=part("Gain", lambda: lift(files.comparisons, scores, summary), None),
        leaderboard=part(
            "Leaderboard",
            lambda: leaderboard(files.leaderboard, summary, why_best(summary, files.validation)),
            None,
        ),
        pairs=part("Pairs", lambda: pairs(files.comparisons), None),
        controls=part("Controls", lambda: controls(files.comparisons, scores, summary), None),
        importance=part("Blocks", lambda: importance(files.importance, brief=brief), ()),
        ablation=part("Ablation", lambda: ablation(files.ablation), ()),
        study=part("Importance", lambda: importance_view(files.study), None),
        fusion=files.fusion,
        gate=part("Gate", lambda: gate_chart(files.fusion.gate) if files.fusion else None, None),
        map=part("Map", lambda: atlas(files.map), None),
        lists=part("Recommendations", lambda: lists(files.recommendations), None),
        data=part("Data", lambda: sheet(files.data), None),
        attributes=part("Attributes", lambda: attributes(files.attributes), ()),
        tried=part("Tried", lambda: tried(files.choice), None),
        rules=part("Rules", lambda: rules(files.rules), ()),
        made=part("Features", lambda: made_features(files.features), None),
        slates=part("Slates", lambda: slates(files.slates), None),
        curves=part("Training", lambda: curves(files.curves), ()),
        costs=part("Cost", lambda: costs(files.timings), None),
        recipe=part("Recipe", lambda: coloured(files.recipe) if files.recipe else None, None),
    )
    notes = (files.map.note,) if files.map and files.map.note else ()
    return replace(views, undrawn=(*notes, *pictures.reasons.values()))
