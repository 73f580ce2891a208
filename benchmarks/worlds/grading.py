"""Whether what a run says of its features is what is true of its world."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from worlds.world import Truth

LEAKS = ("column-knows-targets", "column-knows-users", "targets-in-train")
"""Findings that warn of a leak."""
SLICES = {
    "items never seen in training": "target 0",
    "items seen 1-5 times": "target 1-5",
    "items seen 6-20 times": "target 6-20",
    "items seen more than 20 times": "target >20",
    "users with at most 5 events": "users <=5 events",
    "new users": "new users",
}
"""Slices as a headline calls them."""


@dataclass(frozen=True)
class Said:
    """What a run says.

    Attributes:
        gain: Who gains by the features.
        slices: Slices that gain, the one that gains most first.
        credited: Blocks that are said to have earned it; None where nobody looks.
        fused: All blocks of the model that the headline speaks of.
        warned: Whether it warns of columns that know the test.
    """

    gain: Literal["everybody", "some", "no one"]
    slices: tuple[str, ...] = ()
    credited: tuple[str, ...] | None = None
    fused: tuple[str, ...] = ()
    warned: bool = False

    def __str__(self) -> str:
        parts = {"everybody": "gain", "some": "gain in slices", "no one": "no gain"}[self.gain]
        if self.gain != "no one":
            parts += f" ({', '.join(self.slices)})" if self.slices else ""
            parts += f", by {' and '.join(self.credited)}" if self.credited else ""
        elif self.slices or self.credited:
            parts += f", yet {', '.join((*self.slices, *(self.credited or ())))}"
        return parts + (", leak" if self.warned else "")


def said(summary: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Said:
    """What a run says in the fields of its `summary.json`.

    Args:
        summary: The file.
        findings: `findings` of the `data.json` beside it.
    """
    gain = {"gain": "everybody", "gain in slices": "some"}.get(summary["features"], "no one")
    earned = summary["earned"]
    credited = [b for row in earned if row["verdict"] == "keep" for b in row["blocks"]]
    fused = dict.fromkeys(block for row in earned for block in row["blocks"])
    return Said(
        gain,  # type: ignore[arg-type]
        tuple(summary["gains_in"]),
        tuple(dict.fromkeys(credited)),
        tuple(fused),
        _warned(findings),
    )


def said_in_words(headline: str, findings: Sequence[Mapping[str, Any]]) -> Said:
    """The same of a version that has only the headline's words; no blocks are named in it.

    Args:
        headline: Of `summary.json`.
        findings: `findings` of the `data.json` beside it.
    """
    known = "|".join(map(re.escape, SLICES))
    named = [SLICES[found] for found in re.findall(rf"(?:pay|most) for ({known})", headline)]
    raised = re.search(r"features( of \S+)? raise ", headline) is not None
    paid = re.search(r"features( of \S+)? pay for ", headline) is not None
    gain: Literal["everybody", "some", "no one"] = (
        "everybody" if raised else "some" if paid else "no one"
    )
    return Said(gain, tuple(named) if gain != "no one" else (), None, (), _warned(findings))


def wrong(truth: Truth, found: Said) -> str:
    """Why what is said is wrong; empty where it is right.

    Nobody is helped: no gain is claimed, no slice named, no block credited. All are helped: a gain
    is claimed, at least in a slice. Some are helped: the gain is placed where it is, and nowhere
    else. Where a gain is claimed, none but the blocks that carry it is credited; that no block is
    credited is right only where all of them carry it. Of a leak the run warns, or claims nothing.
    """
    if truth.helped == "leak":
        return "" if found.warned or found.gain == "no one" else "praises a leak"
    if truth.helped == "no one":
        if found.gain != "no one":
            return "sees a gain where there is none"
        return "credits what helps nobody" if found.slices or found.credited else ""
    if found.gain == "no one":
        return "does not see the gain"
    return _wrong_slices(truth, found) or _wrong_blocks(truth, found)


def _wrong_slices(truth: Truth, found: Said) -> str:
    if truth.helped != "some":
        return ""
    elsewhere = [s for s in found.slices if s not in (*truth.slices, *truth.unknown)]
    if not any(s in truth.slices for s in found.slices):
        return "does not say who gains"
    return f"sees a gain for {', '.join(elsewhere)}" if elsewhere else ""


def _wrong_blocks(truth: Truth, found: Said) -> str:
    if found.credited is None:
        return ""
    others = [block for block in found.credited if block not in truth.blocks]
    if others:
        return f"credits {', '.join(others)}"
    if found.gain == "everybody" and not found.credited:
        idle = [block for block in found.fused if block not in truth.blocks]
        return f"does not tell who earned it from {', '.join(idle)}" if idle else ""
    return ""


def _warned(findings: Sequence[Mapping[str, Any]]) -> bool:
    return any(finding["code"] in LEAKS for finding in findings)
