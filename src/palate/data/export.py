"""A `Dataset` -> files of any format that palate reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import polars as pl

from palate.data.writers.atomic import write_atomic
from palate.data.writers.delimited import write_delimited
from palate.data.writers.jsonlines import write_jsonlines
from palate.data.writers.parquet import write_parquet
from palate.errors import BadInput
from palate.tables import Dataset
from palate.tables.columns import ITEM, USER

Format = Literal["atomic", "parquet", "csv", "tsv", "jsonl"]

_WRITERS: Final[dict[str, tuple[str, Callable[[pl.DataFrame, Path], object]]]] = {
    "parquet": (".parquet", write_parquet),
    "csv": (".csv", write_delimited),
    "tsv": (".tsv", lambda frame, path: write_delimited(frame, path, "\t")),
    "jsonl": (".jsonl", write_jsonlines),
}
_ATOMIC: Final = {"interactions": ".inter", "items": ".item", "users": ".user"}


def export(dataset: Dataset, folder: Path, to: str, name: str = "") -> list[Path]:
    """Write a data set so that palate, or other tools, read it.

    `interactions`, and `items` and `users` where there are any, each a file with the columns
    `user_id`, `item_id`, `rating`, `timestamp`, what else the log has (`action`, `request_id`,
    `list_position`, `propensity`, its context) and the fields. Atomic files are for RecBole and its
    relatives.

    Args:
        dataset: What to write; nothing is left out.
        folder: Where; made if it is missing. Files of the same name are replaced, each in one step.
        to: "atomic", "parquet", "csv", "tsv" or "jsonl".
        name: Name of the atomic files; the folder's if empty. The others are called `interactions`
            and so on.

    Returns:
        The files that were written.

    Raises:
        BadInput: An unknown format.
    """
    if to != "atomic" and to not in _WRITERS:
        raise BadInput(
            f'there is no format "{to}"', where="to", allowed=", ".join(["atomic", *_WRITERS])
        )
    written = []
    for kind, frame in frames_of(dataset).items():
        if to == "atomic":
            path = folder / f"{name or folder.resolve().name}{_ATOMIC[kind]}"
            write_atomic(frame, path)
        else:
            ending, write = _WRITERS[to]
            path = folder / f"{kind}{ending}"
            write(frame, path)
        written.append(path)
    return written


def frames_of(dataset: Dataset) -> dict[str, pl.DataFrame]:
    """The tables of a data set with outside ids: "interactions", "items" and "users", those there
    are. A log of times finer than seconds comes in the order of time, any other one as it is.
    """
    log = dataset.interactions
    # times are written as whole seconds; among events of one second the order of the rows tells
    rows = log if log.order is None else log.take(log.in_time_order())
    frames = {"interactions": rows.frame()}
    fields = dataset.catalogue.fields
    if fields.width:
        ids = pl.Series(ITEM, dataset.catalogue.items.ids, dtype=pl.String)
        frames["items"] = pl.DataFrame([ids, *(c for c in fields.get_columns() if c.name != ITEM)])
    if dataset.users is not None and dataset.users.width:
        ids = pl.Series(USER, log.users.ids, dtype=pl.String)
        frames["users"] = pl.DataFrame(
            [ids, *(c for c in dataset.users.get_columns() if c.name != USER)]
        )
    return frames
