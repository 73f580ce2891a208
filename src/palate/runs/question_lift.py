"""What each question to the items' texts is worth in a run, and what it takes: which of them the
next batch may leave out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
import tomli_w

from palate.errors import BadInput
from palate.recipe.recipe import load
from palate.runs import files
from palate.runs.attributes import Chosen, attributes_of
from palate.runs.rows import Importance
from palate.tables.block_question import CONDITIONAL, DROPPED, PERMUTED

ITEMS = 1000
"""Items that a price is for."""
_FIRST = (DROPPED, CONDITIONAL, PERMUTED)
"""Which answer about a question counts where there are several: the first that is there."""


@dataclass(frozen=True)
class QuestionLift:
    """One question.

    Attributes:
        block: The block of attributes.
        attribute: The question.
        metric: Of the lift, e.g. `ndcg@10`; empty where nothing was estimated.
        value: What the question adds to it; None where nothing was estimated.
        low: Lower end of its 95 % interval or a wider one, corrected for the other questions.
        high: Upper end.
        ms: Milliseconds that answering took, an item; a share of those answered together.
        cost: Of 1,000 items, in the currency of the provider's prices.
        verdict: `drop` where the lower end is at or below 0.
    """

    block: str
    attribute: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    ms: float
    cost: float
    verdict: Literal["keep", "drop", "not estimated"]

    def per(self, unit: float) -> tuple[float, float, float] | None:
        """Lift and its interval for each millisecond (`ms`), or each coin that 1,000 items cost
        (`cost`); None where it is not estimated or takes nothing.
        """
        if self.value is None or self.low is None or self.high is None or unit <= 0:
            return None
        return self.value / unit, self.low / unit, self.high / unit


def question_lifts(run: Path, block: str = "") -> tuple[QuestionLift, ...]:
    """Every question of the run's blocks of attributes.

    Args:
        run: A run directory, in which `palate importance RUN --fields` estimated the questions.
        block: One block; empty: all.

    Raises:
        BadInput: It is no complete run, it has no attributes, or nothing was estimated of any.
    """
    table = attributes_of(run, Chosen(block))
    spent = table.group_by("block", "attribute", maintain_order=True).agg(
        pl.col("seconds").mean().fill_null(0.0), pl.col("cost").mean().fill_null(0.0)
    )
    found = files.read(run).importance or ()
    alone = spent["block"].value_counts()
    of_one = set(alone.filter(pl.col("count") == 1)["block"].to_list())
    lifts = tuple(
        _lift(b, a, _answer(found, (f"{b}/{a}", b) if b in of_one else (f"{b}/{a}",)), s, c)
        for b, a, s, c in spent.iter_rows()
    )
    if all(lift.value is None for lift in lifts):
        raise BadInput(
            "nothing is known of what the questions are worth",
            where=str(run),
            next_step=f"palate importance {run} --fields estimates it",
        )
    return lifts


def next_batch(run: Path, lifts: Sequence[QuestionLift]) -> str:
    """The blocks of attributes as TOML, without the questions that are to be dropped; a block that
    has none left is left out, with a comment.
    """
    recipe = load(run / "recipe.toml")
    notes, blocks = [], {}
    for name in dict.fromkeys(lift.block for lift in lifts):
        dropped = [x.attribute for x in lifts if x.block == name and x.verdict == "drop"]
        table = dict(recipe.blocks[name].resolved())
        want = {n: w for n, w in table.get("want", {}).items() if n not in dropped}
        if dropped:
            notes.append(f"# {name}: without {', '.join(dropped)}")
        if want:
            blocks[name] = {**table, "want": want}
        elif dropped:
            notes.append(f"# {name}: no question is left")
    return "\n".join([*notes, tomli_w.dumps({"blocks": blocks})])


def _answer(found: Sequence[Importance], names: Sequence[str]) -> Importance | None:
    mine = {row.method: row for name in names for row in found if row.block == name}
    return next((mine[method] for method in _FIRST if method in mine), None)


def _lift(
    block: str, attribute: str, row: Importance | None, seconds: float, cost: float
) -> QuestionLift:
    taken = seconds * 1000, cost * ITEMS
    if row is None or row.low is None:
        return QuestionLift(block, attribute, "", None, None, None, *taken, "not estimated")
    kept: Literal["keep", "drop"] = "keep" if row.low > 0 else "drop"
    return QuestionLift(block, attribute, row.metric, row.value, row.low, row.high, *taken, kept)
