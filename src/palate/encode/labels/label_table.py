"""Labels as a table that a person reads, and what stands out in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from palate.arrays import Doubles, Mask
from palate.encode.attributes.answer_table import BETWEEN, COLUMNS
from palate.encode.labels.given import KnownLabels
from palate.encode.labels.stored import LearntQuestions
from palate.errors import BadInput
from palate.tables import Finding
from palate.tables.questions import Question

GIVEN = "given"
"""The source of labels that somebody gave."""
_FEW = 100


@dataclass(frozen=True, eq=False)
class LabelledItems:
    """What is said of n items.

    Attributes:
        there: bool [n], whether they have a text.
        probabilities: float64 [n, n_options].
        may: bool [n, n_options], options that may hold.
        may_not: bool [n, n_options], options that may not.
        given: What somebody said of them.
    """

    there: Mask
    probabilities: Doubles
    may: Mask
    may_not: Mask
    given: KnownLabels


def label_table(
    ids: Sequence[str], question: Question, items: LabelledItems, source: str
) -> pl.DataFrame:
    """One row an item with text or a given label; see `palate.encode.attributes.answer_table`.

    Of `"label"` the value is the option that the prediction set holds alone; of `"labels"` those
    that hold for sure, none of them where none may hold. Otherwise it is unknown, and `may_be` has
    the options that are open.
    """
    rows = []
    for row, item in enumerate(ids):
        value: str | None
        may_be: str | None = None
        if items.given.known[row]:
            chosen = items.given.values[row] >= 0.5
            value, sure, who = _joined(question, chosen), 1.0, GIVEN
        elif items.there[row]:
            who = source
            value, sure, may_be = _said(question, items, row)
        else:
            continue
        found = {"value": value, "confidence": sure, "source": who, "may_be": may_be}
        about = {"attribute": question.name, "kind": question.kind}
        rows.append({"item_id": item, **about, **found})
    return pl.DataFrame([{c: one.get(c) for c in COLUMNS} for one in rows], schema=dict(COLUMNS))


def _said(
    question: Question, items: LabelledItems, row: int
) -> tuple[str | None, float, str | None]:
    """Value, confidence, and what may be where the value is open."""
    p, may, may_not = items.probabilities[row], items.may[row], items.may_not[row]
    if question.kind == "label":
        sure = float(p.max())
        decided = may.sum() == 1
    else:
        sure = float(np.maximum(p, 1 - p).min())
        decided = bool((may & ~may_not).any()) or not (may & may_not).any()
    holds = may if question.kind == "label" else may & ~may_not
    if decided:
        return _joined(question, holds), sure, None
    return None, sure, _joined(question, may)


def _joined(question: Question, chosen: Mask) -> str:
    return BETWEEN.join(o for o, c in zip(question.options, chosen, strict=True) if c)


def too_few(question: Question, n: int, where: str) -> BadInput:
    """The refusal of a question that nothing can be learnt of."""
    if len(question.options) < 2:
        return BadInput(
            f'the labels of "{question.name}" have fewer than two different values',
            where=where,
            allowed="labels of training items, in a file or a field",
            next_step=f'name the options: want.{question.name}.of = ["one", "another"]',
        )
    return BadInput(
        f'only {n} training items with text have a label of "{question.name}"',
        where=where,
        allowed="50 to 500 are useful, 8 the least",
        next_step="palate label asks for more; labels = a file, label_fields a field, or a teacher",
    )


def label_findings(learnt: LearntQuestions, block: str) -> tuple[Finding, ...]:
    """What a person should know of how labels were learnt."""
    found = []
    for question in learnt.questions:
        one, where = learnt.by_name[question.name], f"{block}, {question.name}"
        if one.n_labels < _FEW:
            found.append(
                Finding(
                    "few-labels",
                    "note",
                    f"{question.name}: learnt from {one.n_labels} labels",
                    where,
                    one.n_labels,
                    (),
                    "palate label asks for those that help most",
                )
            )
        if one.n_picked:
            found.append(
                Finding(
                    "labels-were-picked",
                    "warning",
                    f"{question.name}: {one.n_picked} of {one.n_labels} labels were picked"
                    " for being hard, and there are too few others; what prediction sets promise"
                    " holds for items that were drawn",
                    where,
                    one.n_picked,
                    (),
                    "palate label --held-out 50 draws some",
                )
            )
        if one.gain:
            helped = "helped" if one.added else "did not help, and was left"
            found.append(
                Finding(
                    "self-training",
                    "note",
                    f"{question.name}: being taught on its own surest answers {helped}: log loss on"
                    f" labels that it did not see {-one.gain:+.3f}",
                    where,
                    one.added,
                )
            )
    return tuple(found)
