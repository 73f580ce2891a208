"""Whether a recipe makes of files what is true of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from dirt.pair import Truth

from palate.data.assemble import read
from palate.data.clean import clean
from palate.errors import PalateError
from palate.recipe.recipe import load
from palate.tables import Dataset

FOUND = 0.97
"""Least share of the true events that the clean data must have."""
STRAY = 0.01
"""Most of its events that may be what must not count."""
ENGLISH = ("all-minilm", "minilm-l6", "bge-small-en", "e5-small-v2", "gte-small")
"""Parts of the names of encoders that know English alone."""


def faults(recipe: Path, truth: Truth) -> list[str]:
    """What is wrong with a recipe, in words; none: it is right."""
    settings = tomllib.loads(recipe.read_text(encoding="utf-8"))
    try:
        loaded = load(recipe)
        data = clean(read(loaded.data, loaded.base), loaded.clean)[0]
    except PalateError as error:
        return [f"the recipe does not read its files: {error.what}"]
    split = settings["split"]
    least = max(split.get("relevant_min", -np.inf), split.get("train_min", -np.inf))
    log = data.interactions
    if np.isfinite(least):  # what is below is neither learnt from nor asked for
        data = replace(data, interactions=log.take(np.flatnonzero(log.value >= np.float32(least))))
    found = [*_events(data, truth), *_texts(settings, data, truth)]
    if settings["split"]["part"] not in truth.split:
        found.append(f"{settings['split']['part']} does not suit")
    if truth.kinds and len(settings["data"].get("action_values", ())) < truth.kinds:
        found.append("kinds of events are not told apart")
    for key, allowed in truth.recipe.items():
        value = _value(settings, key)
        if value not in allowed:
            found.append(f"{key} is {value!r}")
    return found


def _value(settings: Mapping[str, Any], key: str) -> Any:
    value: Any = settings
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _events(data: Dataset, truth: Truth) -> list[str]:
    log = data.interactions
    users = [truth.fold(name) for name in log.users.ids]
    items = [truth.fold(name) for name in log.items.ids]
    met: dict[tuple[str, str], int | None] = {}
    counted: dict[tuple[str, str], int] = {}
    for row in range(len(log)):
        pair = (users[log.user[row]], items[log.item[row]])
        at = None if log.time is None else int(log.time[row])
        known = met.get(pair)
        met[pair] = at if known is None or at is None else min(at, known)
        counted[pair] = counted.get(pair, 0) + 1
    good = {(truth.fold(user), truth.fold(item)): at for (user, item), at in truth.good.items()}
    bad = {(truth.fold(user), truth.fold(item)) for user, item in truth.not_good}
    found = []
    share = sum(pair in met for pair in good) / len(good)
    if share < FOUND:
        found.append(f"{share:.0%} of the true events are found")
    strays = sum(counted[pair] for pair in met if pair in bad)
    if strays > STRAY * len(log):
        found.append(f"{strays / len(log):.0%} of the events must not count")
    if truth.most is not None and len(log) > truth.most:
        found.append(f"{len(log)} events, {truth.most} at most")
    if truth.n_users is not None and log.n_users > truth.n_users:
        found.append(f"{log.n_users} users, {truth.n_users} at most")
    return found + _times(met, good, truth)


def _times(
    met: Mapping[tuple[str, str], int | None],
    good: Mapping[tuple[str, str], int | None],
    truth: Truth,
) -> list[str]:
    both = [(met[pair], at) for pair, at in good.items() if pair in met]
    told = [(own, at) for own, at in both if own is not None and at is not None]
    if any(at is not None for _, at in both) and not told:
        return ["no times are read"]
    off = np.array([own - at for own, at in told]) if told else np.zeros(1)
    # a zone that nobody names moves all alike; what differs by more than a day's change is no zone
    far = float(np.abs(off).max())
    return [f"times are off by up to {far:,.0f} s"] if far > truth.slack else []


def _texts(settings: Mapping[str, Any], data: Dataset, truth: Truth) -> list[str]:
    if not truth.names:
        return []
    catalogue = data.catalogue
    rows = {truth.fold(name): row for row, name in enumerate(catalogue.items.ids)}
    blocks = [b for b in settings.get("blocks", {}).values() if b["part"].startswith("text.")]
    if not blocks:
        return ["no block reads texts"]
    found = []
    best = 0
    for block in blocks:
        texts = catalogue.texts(tuple(block.get("fields", ())))
        met = [rows.get(truth.fold(item)) for item in truth.names]
        right = sum(
            row is not None and name.lower() in (texts[row] or "").lower()
            for row, name in zip(met, truth.names.values(), strict=True)
        )
        best = max(best, right)
        model = str(block.get("model", "all-MiniLM-L6-v2")).lower()
        english = block["part"] == "text.transformer.v1" and any(w in model for w in ENGLISH)
        # where no model of many languages is at hand, one that hardly knows Latin letters with
        # accents may read them, if that is said with the name of a better one
        said = any("multilingual" in reason for reason in settings["reasons"])
        if truth.multilingual and english and not said:
            found.append(f"{model} knows English alone")
    if best < FOUND * len(truth.names):
        found.append(f"the names of {best} of {len(truth.names)} items are read")
    return found
