"""Read the files of a run directory; what is missing or damaged is told in a sentence, never a
crash.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from palate.errors import BadInput
from palate.runs import rows
from palate.runs.importance_rows import ImportanceStudy
from palate.runs.manifest import unfinished

T = TypeVar("T")

# What each file would have shown, for the sentence that stands in its place.
_WRITTEN_BY = {
    "summary.json": "the end of a run writes it",
    "data.json": "reading the data writes it",
    "leaderboard.json": "evaluating the models writes it",
    "comparisons.json": "comparing models pair by pair writes it",
    "importance.json": "asking what each block is worth writes it",
    "worth.json": "palate importance RUN writes it",
    "map.json": "a run with at least one feature block writes it",
    "recommendations.json": "explaining the lists of some users writes it",
    "fusion.json": "a model that blends features with behaviour writes it",
    "timings.json": "the end of a run writes it",
    "ablation.json": "evaluate.ablation_table writes it",
    "curves.json": "a model that trains step by step writes it",
    "recipe.toml": "the start of a run writes it",
}


@dataclass
class RunFiles:
    """Everything that the page is drawn from; None where there is no file.

    Attributes:
        name: The name of the run directory.
        absent: File name -> a sentence why its content is not in the page.
        unfinished: Why these are not the files of one complete run, in a sentence; empty where
            they are.
    """

    name: str
    summary: rows.Summary | None = None
    data: rows.Data | None = None
    leaderboard: tuple[rows.Score, ...] | None = None
    comparisons: tuple[rows.Comparison, ...] | None = None
    importance: tuple[rows.Importance, ...] | None = None
    study: ImportanceStudy | None = None
    ablation: tuple[rows.Ablation, ...] | None = None
    map: rows.Map | None = None
    recommendations: rows.Recommendations | None = None
    fusion: rows.Fusion | None = None
    timings: tuple[rows.Stage, ...] | None = None
    curves: dict[rows.Text, tuple[rows.Step, ...]] | None = None
    recipe: str | None = None
    absent: dict[str, str] = field(default_factory=dict)
    unfinished: str = ""


def read(run: Path) -> RunFiles:
    """Read what there is.

    Args:
        run: A run directory.

    Raises:
        BadInput: `run` is not a folder.
    """
    if not run.is_dir():
        raise BadInput(
            "there is no run directory",
            where=str(run),
            next_step="make one with: palate run RECIPE, or palate demo",
        )
    files = RunFiles(run.resolve().name, unfinished=rows.plain_text(unfinished(run)))

    def load(name: str, kind: TypeAdapter[T]) -> T | None:
        """The file's rows, or None and a sentence in `absent`."""
        return _load(run / name, lambda text: kind.validate_python(json.loads(text)), files.absent)

    files.summary = load("summary.json", TypeAdapter(rows.Summary))
    files.data = load("data.json", TypeAdapter(rows.Data))
    files.leaderboard = load("leaderboard.json", TypeAdapter(tuple[rows.Score, ...]))
    files.comparisons = load("comparisons.json", TypeAdapter(tuple[rows.Comparison, ...]))
    files.importance = load("importance.json", TypeAdapter(tuple[rows.Importance, ...]))
    files.study = load("worth.json", TypeAdapter(ImportanceStudy))
    files.ablation = load("ablation.json", TypeAdapter(tuple[rows.Ablation, ...]))
    files.map = load("map.json", TypeAdapter(rows.Map))
    files.recommendations = load("recommendations.json", TypeAdapter(rows.Recommendations))
    files.fusion = load("fusion.json", TypeAdapter(rows.Fusion))
    files.timings = load("timings.json", TypeAdapter(tuple[rows.Stage, ...]))
    files.curves = load("curves.json", TypeAdapter(dict[rows.Text, tuple[rows.Step, ...]]))
    files.recipe = _load(run / "recipe.toml", rows.plain_text, files.absent)
    return files


def _load(path: Path, parse: Callable[[str], T], absent: dict[str, str]) -> T | None:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        absent[path.name] = f"{path.name} is not in the run directory: {_WRITTEN_BY[path.name]}."
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        absent[path.name] = rows.plain_text(
            f"{path.name} is not as expected at {place or 'its top'}: {first['msg']}."
        )
    except (OSError, ValueError, RecursionError) as error:
        absent[path.name] = rows.plain_text(f"{path.name} cannot be read: {error}.")
    return None
