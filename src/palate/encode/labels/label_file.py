"""Labels that somebody gave, one line of JSON each: the file that `palate label` writes and
`labels.semi_supervised.v1` reads.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from palate import config
from palate.errors import BadInput, BadRecipe

DRAWN = "random"
"""`GivenLabel.chosen` of items that were drawn, and not picked."""


@dataclass(frozen=True)
class GivenLabel:
    """One label. A later one of the same item and question takes its place.

    Attributes:
        item: Outside id of the item.
        question: What was asked.
        values: The options that hold; none of them where it is empty.
        by: Who says so: `"person"`, or the name of a part.
        chosen: Why this item: `"random"`, or the strategy that picked it.
        held_out: Whether it is for measuring: until then nothing is learnt from it.
        skipped: Whether the one who was asked cannot tell.
        seconds: How long it took.
        at: When it was given, seconds since 1970.
    """

    item: str
    question: str
    values: tuple[str, ...] = ()
    by: str = "person"
    chosen: str = DRAWN
    held_out: bool = False
    skipped: bool = False
    seconds: float = 0.0
    at: float = 0.0


def read_labels(path: Path, missing_ok: bool = False) -> tuple[GivenLabel, ...]:
    """The labels of a file, the latest of each item and question, in the order of their first.

    A last line without an end is one that was being written when somebody pulled the plug: it is
    left out.

    Args:
        path: The file.
        missing_ok: Whether a file that is not there holds no labels.

    Raises:
        BadInput: It is not there, or a line is no label.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as cause:
        if missing_ok:
            return ()
        raise BadInput(
            "there is no such file of labels",
            where=str(path),
            next_step="palate label writes one",
        ) from cause
    except OSError as cause:
        raise BadInput(f"the labels cannot be read: {cause.strerror}", where=str(path)) from cause
    found: dict[tuple[str, str], GivenLabel] = {}
    for number, line in enumerate(_whole(data).splitlines(), start=1):
        if line.strip():
            label = _label(line, f"{path}, line {number}")
            found[label.item, label.question] = label
    return tuple(found.values())


def append_labels(path: Path, labels: Iterable[GivenLabel]) -> None:
    """Add labels; they are on the disk when this returns.

    Raises:
        BadInput: The file cannot be written.
    """
    lines = "".join(json.dumps(_plain(one), ensure_ascii=False) + "\n" for one in labels)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            _cut_torn_line(file)
            file.write(lines.encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as cause:
        raise BadInput(
            f"the labels cannot be written: {cause.strerror}", where=str(path)
        ) from cause


def of_question(labels: Sequence[GivenLabel], question: str) -> dict[str, GivenLabel]:
    """Item -> its label, of those that are one."""
    return {one.item: one for one in labels if one.question == question and not one.skipped}


def _cut_torn_line(file: Any) -> None:
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    data = file.read()
    whole = len(_whole(data))
    if whole < end:
        file.truncate(whole)
    file.seek(0, os.SEEK_END)


def _whole(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _label(line: bytes, where: str) -> GivenLabel:
    try:
        plain = json.loads(line)
    except ValueError as cause:
        raise BadInput("this is no JSON", where=where, allowed="one label a line") from cause
    if not isinstance(plain, dict):
        raise BadInput("this is no label", where=where, allowed='{"item": ..., "question": ...}')
    try:
        return config.parse(GivenLabel, plain, where)
    except BadRecipe as cause:
        raise BadInput(cause.what, where=cause.where, allowed=cause.allowed) from cause


def _plain(label: GivenLabel) -> dict[str, Any]:
    empty = asdict(GivenLabel("", ""))
    return {
        k: v
        for k, v in asdict(label).items()
        if k in ("item", "question", "values") or v != empty[k]
    }
