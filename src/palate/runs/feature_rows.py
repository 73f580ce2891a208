"""What `features.json` says: operators that were tried, and those that were kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from palate.runs.fields import Number, Text, Texts


@dataclass(frozen=True)
class FeatureTry:
    """One operator that was tried.

    Attributes:
        feature: The operator with its block and field.
        step: `alone` and `together` with those before it, on one half of the validation users;
            `confirmed` on the other half.
        gain: NDCG over the same operator of values that were dealt out again.
        error: Standard error of that.
        p: Chance of such a gain where there is none, corrected; None before it is confirmed.
        kept: Whether it went on to the next step, or into the recipe.
        seconds: What the try took.
    """

    feature: Text
    step: Literal["alone", "together", "confirmed"]
    gain: Number = None
    error: Number = None
    p: Number = None
    kept: bool = False
    seconds: Number = None


@dataclass(frozen=True)
class FeatureStudy:
    """All that `palate features` found.

    Attributes:
        model: The ranker that the operators are for.
        metric: What the gains are of.
        explored: Cases of the half on which operators were tried.
        confirmed: Cases of the half on which they were confirmed.
        tries: In order.
        kept: The operators to keep.
        left_out: Operators for which there was no time.
        sentence: The same in words.
        seconds: What all of it took.
        proposed_by: Who said what to try first; empty: no one.
        proposed: What that was.
    """

    model: Text
    metric: Text
    explored: int = 0
    confirmed: int = 0
    tries: tuple[FeatureTry, ...] = ()
    kept: Texts = ()
    left_out: Texts = ()
    sentence: Text = ""
    seconds: Number = None
    proposed_by: Text = ""
    proposed: Texts = ()
