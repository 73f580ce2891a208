"""A log as named arrays, for the folder of a run; a column that a log does not have is no array."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from palate.tables import Coded, Interactions, Vocabulary


def arrays_of(log: Interactions) -> dict[str, NDArray[Any]]:
    """The log's columns and vocabularies; see `log_of` for the way back.

    Returns:
        `user`, `item`, `value`; of `time`, `order`, `position`, `propensity` what there is; for
        users, items, actions and requests their names as `NAME_text` and `NAME_ends`, and for the
        latter two the codes; `context`, the bytes of a Parquet file.
    """
    arrays: dict[str, NDArray[Any]] = {"user": log.user, "item": log.item, "value": log.value}
    optional = {
        "time": log.time,
        "order": log.order,
        "position": log.position,
        "propensity": log.propensity,
    }
    arrays |= {name: column for name, column in optional.items() if column is not None}
    for name, coded in (("action", log.action), ("request", log.request)):
        if coded is not None:
            arrays |= {name: coded.codes} | text_arrays(name, coded.names)
    if log.context is not None:
        buffer = io.BytesIO()
        log.context.write_parquet(buffer)
        # inside the artefact, so that damage to it is noticed like damage to every other column
        arrays["context"] = np.frombuffer(buffer.getvalue(), np.uint8)
    return arrays | text_arrays("users", log.users.ids) | text_arrays("items", log.items.ids)


def log_of(arrays: Mapping[str, NDArray[Any]]) -> Interactions:
    """The log that `arrays_of` wrote; folders of older runs have fewer columns."""
    users, items = (Vocabulary(tuple(texts(name, arrays))) for name in ("users", "items"))
    context = arrays.get("context")
    return Interactions(
        users,
        items,
        arrays["user"],
        arrays["item"],
        arrays["value"],
        arrays.get("time"),
        _coded("action", arrays),
        _coded("request", arrays),
        arrays.get("position"),
        arrays.get("propensity"),
        None if context is None else pl.read_parquet(io.BytesIO(context.tobytes())),
        arrays.get("order"),
    )


def text_arrays(name: str, words: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Texts as one array of their bytes and one of where each ends."""
    encoded = [w.encode("utf-8", "surrogatepass") for w in words]
    ends = np.cumsum([len(e) for e in encoded], dtype=np.int64)
    return {f"{name}_text": np.frombuffer(b"".join(encoded), np.uint8), f"{name}_ends": ends}


def texts(name: str, arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    """The texts that `text_arrays` wrote."""
    text, ends = arrays[f"{name}_text"].tobytes(), arrays[f"{name}_ends"].tolist()
    starts = [0, *ends][: len(ends)]
    if text.isascii():  # a byte is a letter
        every = text.decode("ascii")
        return [every[a:b] for a, b in zip(starts, ends, strict=True)]
    return [text[a:b].decode("utf-8", "surrogatepass") for a, b in zip(starts, ends, strict=True)]


def _coded(name: str, arrays: Mapping[str, NDArray[Any]]) -> Coded | None:
    return Coded(arrays[name], tuple(texts(name, arrays))) if name in arrays else None
