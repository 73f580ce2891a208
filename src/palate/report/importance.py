"""Importance of each block, method by method, and what happens when blocks are combined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palate.report import wording
from palate.report.forest import TONES, Entry, Forest, Look, forest
from palate.report.importance_pictures import METHODS
from palate.runs.rows import Ablation, Importance
from palate.tables.block_question import DROPPED
from palate.tables.verdict import LEVEL

_METHODS = {"add": "Added", DROPPED: "Taken out, and the rest fitted again"}


@dataclass(frozen=True)
class MethodSection:
    """One question and its answers.

    Attributes:
        title: Method and metric.
        question: What the numbers answer.
        how: How it was answered, in plain words; empty where the question says it.
        forest: The drawn rows, the most important block first.
    """

    title: str
    question: str
    forest: Forest
    how: str = ""


def importance(
    rows: Sequence[Importance] | None, *, brief: bool = False
) -> tuple[MethodSection, ...]:
    """One table for each question, method and metric; `brief` leaves out what a table above them
    says.
    """
    groups: dict[tuple[str, str, str], list[Importance]] = {}
    for row in rows or ():
        groups.setdefault((row.method, row.metric, row.question), []).append(row)
    return tuple(_section(*key, group, brief=brief) for key, group in groups.items())


def ablation(rows: Sequence[Ablation] | None) -> tuple[Forest, ...]:
    """One table for each metric, best first."""
    groups: dict[str, list[Ablation]] = {}
    for row in rows or ():
        groups.setdefault(row.metric, []).append(row)
    return tuple(_ablated(metric, group) for metric, group in groups.items())


def _section(
    method: str, metric: str, question: str, rows: Sequence[Importance], *, brief: bool
) -> MethodSection:
    name = wording.metric_name(metric)
    ordered = sorted(rows, key=lambda r: -(r.value if r.value is not None else float("-inf")))
    costs = not brief and any(r.seconds is not None or r.bytes is not None for r in ordered)
    entries = [
        Entry(
            label=r.block,
            value=r.value,
            low=r.low,
            high=r.high,
            origin=0.0,
            tone=TONES[r.verdict if r.verdict == "no evidence" else r.found.answer],
            figure=wording.value(r.value, True),
            interval=wording.value_interval(r.low, r.high, True),
            tip=(
                f"{r.block}: {wording.value(r.value, True)}"
                f" {wording.value_interval(r.low, r.high, True)}"
            ),
            extras=(
                *(() if brief else (r.verdict,)),
                wording.p_value(r.p),
                *((_cost(r),) if costs else ()),
            ),
        )
        for r in ordered
    ]
    extra_heads = (*(() if brief else ("Verdict",)), "p", *(("Cost",) if costs else ()))
    caption = f"Change of {name} by each block, with 95 % intervals"
    if any((r.confidence or 0.0) > 1 - LEVEL for r in rows):
        caption += ", corrected for the number of blocks"
    drawn = forest(entries, ("Block", name, "Gain by it"), caption, Look(36, 0.0), extra_heads)
    title = _METHODS.get(method, method[:1].upper() + method[1:].replace("_", " "))
    title = f"{title} \N{MIDDLE DOT} {name}" if title else name
    if method in METHODS:
        plain, how = METHODS[method]
        return MethodSection(plain, title, drawn, how)
    return MethodSection(title, question, drawn)


def _ablated(metric: str, rows: Sequence[Ablation]) -> Forest:
    name = wording.metric_name(metric)
    ordered = sorted(rows, key=lambda r: -(r.value if r.value is not None else float("-inf")))
    compared = any(r.difference is not None for r in rows)
    entries = [
        Entry(
            label=", ".join(r.blocks) or "no blocks",
            note=r.operator,
            value=r.value,
            low=r.low,
            high=r.high,
            figure=wording.value(r.value),
            interval=wording.value_interval(r.low, r.high),
            tip=(
                f"{r.operator}: {', '.join(r.blocks)}\n{wording.value(r.value)}"
                f" {wording.value_interval(r.low, r.high)}"
            ),
            extras=_against_ids(r) if compared else (),
            tone=TONES[r.verdict.answer] if compared else "plain",
        )
        for r in ordered
    ]
    caption = f"{name} of each way to combine the blocks, with 95 % intervals"
    caption += "; those of differences are corrected for their number" if compared else ""
    heads = ("Against ids only", "p") if compared else ()
    return forest(entries, ("Blocks", name, name), caption, Look(34), heads)


def _against_ids(row: Ablation) -> tuple[str, str]:
    if row.difference is None:
        return (wording.NONE, wording.NONE)
    interval = wording.value_interval(row.difference_low, row.difference_high, True)
    return (
        f"{wording.value(row.difference, True)} {interval}".strip(),
        wording.p_value(row.p_adjusted),
    )


def _cost(row: Importance) -> str:
    parts = [wording.duration(row.seconds)] if row.seconds is not None else []
    parts += [wording.size(row.bytes)] if row.bytes is not None else []
    return ", ".join(parts) or wording.NONE
