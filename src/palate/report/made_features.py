"""Features that operators make: which were tried, and which were kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from palate.report import wording
from palate.runs.feature_rows import FeatureStudy, FeatureTry

_STEPS: Mapping[str, str] = MappingProxyType(
    {"alone": "alone", "together": "with others", "confirmed": "confirming"}
)


@dataclass(frozen=True)
class TryRow:
    """One try in words; `raw` is what the column sorts by."""

    feature: str
    step: str
    gain: str
    raw: float
    p: str
    outcome: str
    kept: bool


@dataclass(frozen=True)
class MadeFeatures:
    """The table and what stands above it."""

    summary: str
    caption: str
    metric: str
    rows: tuple[TryRow, ...]
    left_out: str


def made_features(study: FeatureStudy | None) -> MadeFeatures | None:
    """Arrange `features.json`; None where no features were tried."""
    if study is None:
        return None
    caption = (
        "Each feature against itself with its values dealt out again among the items, in the second"
        f' stage "{study.model}", on validation cases that its trees were not grown on: alone and'
        " with those that helped before on one half of the users, confirmed on the other half. No"
        " test case was looked at."
    )
    left = f"Not tried, for want of time: {', '.join(study.left_out)}." if study.left_out else ""
    metric = wording.metric_name(study.metric)
    return MadeFeatures(study.sentence, caption, metric, tuple(map(_row, study.tries)), left)


def _row(one: FeatureTry) -> TryRow:
    gain = wording.value(one.gain)
    if one.error is not None:
        gain += f" \u00b1 {wording.value(one.error)}"
    went_on = "kept" if one.step == "confirmed" else "tried further"
    return TryRow(
        one.feature,
        _STEPS[one.step],
        gain,
        one.gain if one.gain is not None else 0.0,
        wording.NONE if one.p is None else wording.p_value(one.p),
        went_on if one.kept else "no clear gain",
        one.kept and one.step == "confirmed",
    )
