"""The files of a run directory: each is written and read by one type; what is missing or damaged is
reported in a sentence, never a crash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from palate import store
from palate.errors import BadInput
from palate.runs import documents, rows
from palate.runs.attribute_rows import AttributeSummary
from palate.runs.choice_rows import Choice
from palate.runs.feature_rows import FeatureStudy
from palate.runs.fields import Text, plain_text
from palate.runs.importance_rows import ImportanceStudy
from palate.runs.manifest import complete, unfinished
from palate.runs.slate_rows import SlateStudy

T = TypeVar("T")


@dataclass(frozen=True)
class RunFile(Generic[T]):
    """One JSON file of a run directory.

    Attributes:
        name: Its name, a promise to tools that read it.
        kind: The type of what it holds.
        written_by: Who writes it, for the sentence that stands in its place where it is missing.
    """

    name: str
    kind: type[T]
    written_by: str

    @cached_property
    def adapter(self) -> TypeAdapter[T]:
        """Checks values of the type; made when it is first needed."""
        return TypeAdapter(self.kind)

    def parse(self, value: object) -> T:
        """Plain values as the type.

        Raises:
            BadInput: They do not fit; the message names the place.
        """
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "its top"
            raise BadInput(
                plain_text(f"{self.name} is not as expected at {place}: {first['msg']}"),
                where=self.name,
                next_step="run the recipe again with this version",
            ) from error

    def read(self, folder: Path) -> T:
        """What the file of a run holds.

        Raises:
            BadInput: It is not there, is no JSON, or was written by another version.
        """
        path = folder / self.name
        if not path.exists():
            raise BadInput(
                f"the run did not finish: {self.name} is missing",
                where=str(folder),
                next_step="run it again",
            )
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise BadInput(
                plain_text(f"{self.name} cannot be read: {error}"), where=str(path)
            ) from error
        return self.parse(content)

    def text(self, content: T) -> str:
        """The file that says it."""
        return json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False)

    def write(self, folder: Path, content: T) -> None:
        """Replace the file in one step; the files of a run are written through `RunWriter`."""
        store.write_text(folder / self.name, self.text(content))


def plain(value: Any) -> Any:
    """Rows as JSON has them: objects in the order of their fields, None for what is no number.

    >>> plain(rows.Stage("read", float("nan"), np.float64(3.5)))
    {'stage': 'read', 'seconds': None, 'peak_mb': 3.5}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


SUMMARY = RunFile("summary.json", documents.Summary, "the end of a run writes it")
DATA = RunFile("data.json", documents.Data, "reading the data writes it")
LEADERBOARD = RunFile("leaderboard.json", tuple[rows.Score, ...], "evaluating the models writes it")
COMPARISONS = RunFile(
    "comparisons.json", tuple[rows.Comparison, ...], "comparing models pair by pair writes it"
)
VALIDATION = RunFile(
    "validation.json",
    tuple[rows.Validated, ...],
    "ranking validation cases with every model writes it",
)
WEIGHTS = RunFile(
    "weights.json",
    tuple[rows.MemberWeight, ...],
    "a model that adds up the scores of others writes it",
)
RULES = RunFile("rules.json", tuple[rows.RuleWeight, ...], "a model that follows rules writes it")
IMPORTANCE = RunFile(
    "importance.json", tuple[rows.Importance, ...], "estimating importance writes it"
)
STUDY = RunFile("worth.json", ImportanceStudy, "palate importance RUN writes it")
FEATURES = RunFile("features.json", FeatureStudy, "palate features RUN writes it")
MAP = RunFile("map.json", documents.Map, "a run with at least one feature block writes it")
RECOMMENDATIONS = RunFile(
    "recommendations.json",
    documents.Recommendations,
    "explaining the lists of some users writes it",
)
FUSION = RunFile(
    "fusion.json", documents.Fusion, "a model that blends features with behaviour writes it"
)
TIMINGS = RunFile("timings.json", tuple[rows.Stage, ...], "the end of a run writes it")
ABLATION = RunFile("ablation.json", tuple[rows.Ablation, ...], "evaluate.ablation_table writes it")
CHOICE = RunFile("choice.json", Choice, "a recipe with a section [choose] writes it")
ATTRIBUTES = RunFile(
    "attributes.json", tuple[AttributeSummary, ...], "a block of attributes writes it"
)
SLATES = RunFile("slates.json", SlateStudy, "a recipe with a section [slate] writes it")
CURVES = RunFile(
    "curves.json",
    dict[Text, tuple[rows.Step, ...]],
    "a model that trains step by step writes it",
)
RECIPE, RECIPE_BY = "recipe.toml", "the start of a run writes it"


@dataclass(frozen=True)
class RunFiles:
    """Everything that the page is drawn from; None where there is no file.

    Attributes:
        name: The name of the run directory.
        absent: File name -> a sentence why its content is not in the page.
        unfinished: Why these are not the files of one complete run, in a sentence; empty where
            they are.
    """

    name: str
    summary: documents.Summary | None = None
    data: documents.Data | None = None
    leaderboard: tuple[rows.Score, ...] | None = None
    comparisons: tuple[rows.Comparison, ...] | None = None
    importance: tuple[rows.Importance, ...] | None = None
    study: ImportanceStudy | None = None
    features: FeatureStudy | None = None
    ablation: tuple[rows.Ablation, ...] | None = None
    map: documents.Map | None = None
    recommendations: documents.Recommendations | None = None
    fusion: documents.Fusion | None = None
    timings: tuple[rows.Stage, ...] | None = None
    curves: Mapping[str, tuple[rows.Step, ...]] | None = None
    choice: Choice | None = None
    validation: tuple[rows.Validated, ...] | None = None
    attributes: tuple[AttributeSummary, ...] | None = None
    rules: tuple[rows.RuleWeight, ...] | None = None
    slates: SlateStudy | None = None
    recipe: str | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    unfinished: str = ""


def read(run: Path) -> RunFiles:
    """Read what there is.

    Args:
        run: A run directory.

    Of a complete run only files that it wrote are read; one that somebody put beside them is of
    another run.

    Raises:
        BadInput: `run` is not a folder, or a file of a complete run is not the one that it wrote.
    """
    if not run.is_dir():
        raise BadInput(
            "there is no run directory",
            where=str(run),
            next_step="make one with: palate run RECIPE, or palate demo",
        )
    absent: dict[str, str] = {}
    why = unfinished(run)
    manifest = None if why else complete(run)

    def load(file: RunFile[T]) -> T | None:
        """What the file holds, or None and a sentence in `absent`."""
        strange = manifest is not None and file.name not in manifest.files
        if strange or not (run / file.name).exists():
            absent[file.name] = _missing(file.name, file.written_by)
            return None
        try:
            return file.read(run)
        except BadInput as damage:
            absent[file.name] = f"{damage.what}."
            return None

    return RunFiles(
        run.resolve().name,
        load(SUMMARY),
        load(DATA),
        load(LEADERBOARD),
        load(COMPARISONS),
        load(IMPORTANCE),
        load(STUDY),
        load(FEATURES),
        load(ABLATION),
        load(MAP),
        load(RECOMMENDATIONS),
        load(FUSION),
        load(TIMINGS),
        load(CURVES),
        load(CHOICE),
        load(VALIDATION),
        load(ATTRIBUTES),
        load(RULES),
        load(SLATES),
        _recipe(run / RECIPE, absent),
        absent,
        plain_text(why),
    )


def _recipe(path: Path, absent: dict[str, str]) -> str | None:
    if not path.exists():
        absent[path.name] = _missing(path.name, RECIPE_BY)
        return None
    try:
        return plain_text(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        absent[path.name] = plain_text(f"{path.name} cannot be read: {error}.")
        return None


def _missing(name: str, written_by: str) -> str:
    return f"{name} is not in the run directory: {written_by}."
