"""Forgetting users and items: their ids, events, content and lists leave the files of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from palate import store
from palate.arrays import Longs, Mask, Rows
from palate.capabilities import KeepsEvents, KeepsIds
from palate.errors import BadInput
from palate.registry import PartSpec, part_class
from palate.runs import artefacts
from palate.runs.manifest import (
    Forgotten,
    RunManifest,
    complete,
    entries,
    write_manifest,
)
from palate.runs.open import OpenedRun, open_run
from palate.runs.writer import replacing
from palate.store import Artefact
from palate.tables import Catalogue, Interactions

PAGE = "report.html"
STUDY = "worth.json"


@dataclass(frozen=True)
class Erasure:
    """What a call of `forget` did.

    Attributes:
        events: Events that left the log.
        files: Files that were written again or removed.
        influence: Models and blocks that learnt from what is forgotten and were not made again.
        left: Files in which the text of an id still stands, as a word. For a short id such as "288"
            that may be another number; for any other it has to be looked at.
    """

    events: int
    files: tuple[str, ...]
    influence: tuple[str, ...]
    left: tuple[str, ...]


def forget(
    folder: Path,
    users: Collection[str] = (),
    items: Collection[str] = (),
    redraw: Callable[[Path, Path], object] | None = None,
) -> Erasure:
    """Take users and items out of a finished run.

    Gone afterwards: their events, ids and request contexts in the log; an item's content and its
    rows of features; their lists, histories and points in `recommendations.json` and `map.json`;
    all examples of the data checks, which quote rows of the data; the study `worth.json`, which
    quotes people (it can be made again); the page, unless `redraw` draws it; all events that models
    keep for updates, so that these models can no longer be updated, only fitted again. Rows stay
    where they are: a nameless row that nothing leads to stands in place of an id, and an item whose
    row is nameless is never recommended by `palate.Run`.

    **What models and blocks learnt from them stays in them** and can, in principle, be read out of
    them (a co-occurrence matrix holds pairs of items of one history as they are). `run.json` names
    each of them under `forgotten.influence`; only fitting again without them removes it. Metrics
    stay what was measured then. Copies of the folder, the original data, free space of the disk and
    the row cache are not touched; for the cache see `RowCache.forget_contents`.

    Studies of the run split its log again; where the split of one user depends on the others (as
    with random ratios), they refuse from now on, because training and test would be mixed.

    Who is cut off calls it again with the same ids: it ends with the same files.

    Args:
        folder: A complete run directory.
        users: Ids of users.
        items: Ids of items.
        redraw: Draws the page of the first folder into the second one; None: it is removed.

    Raises:
        BadInput: There is no complete run, or an id is not one of its log (and no earlier call was
            cut off).
    """
    run = open_run(folder)
    _check(run, users, items)
    gone = _Gone.of(run, users, items)
    keepers = _keepers(run)
    names = tuple(name for name in run.manifest.files if _rewritten(name, keepers))
    marked = replace(run.manifest, replacing=names, forgotten=_forgotten(run, gone))
    write_manifest(folder, marked)
    kept_log = artefacts.read_log(folder)
    log = kept_log.log
    _forget_in_tables(folder, gone)
    _forget_features(run, gone)
    _forget_events(run, keepers)
    kept = ~gone.events(log)
    counts = _train_counts(run, gone, kept_log.train_count)
    put = (_nameless(log, kept, gone), counts, kept_log.id_types)
    artefacts.put_log(folder / "log", *put)
    _put_fields(folder, kept_log.catalogue, gone)
    if kept_log.people is not None:
        _put_people(folder, kept_log.people, gone)
    for name in (STUDY, PAGE):
        (folder / name).unlink(missing_ok=True)
    _finish(folder, marked)
    if redraw is not None:
        with replacing(folder, (PAGE,)) as place:
            redraw(folder, place)
    left = tuple(_still_named(folder, (*users, *items)))
    return Erasure(int((~kept).sum()), names, marked.forgotten.influence, left)


@dataclass(frozen=True, eq=False)
class _Gone:
    """Who goes: by id for what quotes ids, by row for arrays. The rows are those of earlier calls
    too, so that one that was cut off after the names had gone is finished by the next.
    """

    users: frozenset[str]
    items: frozenset[str]
    user_rows: Rows
    item_rows: Rows

    @classmethod
    def of(cls, run: OpenedRun, users: Collection[str], items: Collection[str]) -> _Gone:
        log, before = run.data.interactions, run.manifest.forgotten
        return cls(
            frozenset(users),
            frozenset(items),
            _every(log.users.rows(sorted(users)), before.user_rows),
            _every(log.items.rows(sorted(items)), before.item_rows),
        )

    def events(self, log: Interactions) -> Mask:
        """bool [n_rows], true for the events that go."""
        return np.isin(log.user, self.user_rows) | np.isin(log.item, self.item_rows)

    def item_mask(self, n_items: int) -> Mask:
        """bool [n_items], true for the items that go."""
        mask = np.zeros(n_items, np.bool_)
        mask[self.item_rows] = True
        return mask


def _check(run: OpenedRun, users: Collection[str], items: Collection[str]) -> None:
    for what, ids in (("users", users), ("items", items)):
        if isinstance(ids, str):
            raise BadInput(
                f"{what} is one text", where=what, allowed="a list of ids", next_step=f'["{ids}"]'
            )
    log = run.data.interactions
    if not run.manifest.replacing:  # else an earlier call may have taken the names away already
        log.users.known_rows(sorted(users), "user")
        log.items.known_rows(sorted(items), "item")


def _forgotten(run: OpenedRun, gone: _Gone) -> Forgotten:
    """What the manifest says from the first moment on. Every model counts, and every block that
    learns from behaviour (where items go, every block); how much they made of it is not asked.
    """
    before, recipe = run.manifest.forgotten, run.recipe
    blocks = [n for n, block in recipe.blocks.items() if gone.items or block.uses_behaviour]
    influence = tuple(sorted({*before.influence, *recipe.models, *blocks}))
    return Forgotten(tuple(gone.user_rows.tolist()), tuple(gone.item_rows.tolist()), influence)


def _every(rows: Rows, before: Sequence[int]) -> Rows:
    return np.union1d(rows[rows >= 0], np.array(before, np.int32)).astype(np.int32)


def _keepers(run: OpenedRun) -> tuple[str, ...]:
    """Models whose state holds events one by one."""
    models = run.recipe.models
    return tuple(n for n, spec in models.items() if issubclass(part_class(spec.name), KeepsEvents))


def _rewritten(name: str, keepers: Sequence[str]) -> bool:
    parts = name.split("/")
    if parts[0] == "models":
        return parts[1] in keepers
    return parts[0] in ("log", "features") or name in (
        "recommendations.json",
        "map.json",
        "attributes.json",
        "data.json",
        STUDY,
        PAGE,
    )


def _forget_in_tables(folder: Path, gone: _Gone) -> None:
    for name in ("recommendations.json", "map.json", "attributes.json"):
        path = folder / name
        if path.is_file():
            _put_json(path, _without(json.loads(path.read_text(encoding="utf-8")), gone))
    path = folder / "data.json"
    if path.is_file():
        about = json.loads(path.read_text(encoding="utf-8"))
        about["findings"] = [{**f, "examples": []} for f in about.get("findings", ())]
        _put_json(path, about)


def _without(value: Any, gone: _Gone) -> Any:
    """Plain values without the entries of a list that are of a user or an item that goes."""
    if isinstance(value, dict):
        return {key: _without(inner, gone) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    return [
        _without(entry, gone)
        for entry in value
        if not isinstance(entry, dict)
        or (entry.get("user") not in gone.users and entry.get("id") not in gone.items)
    ]


def _forget_features(run: OpenedRun, gone: _Gone) -> None:
    if not len(gone.item_rows):
        return
    for name in run.recipe.blocks:
        place = run.folder / "features" / name
        artefact = store.read(place)
        if artefact is None:
            continue
        block = artefacts.read_block(run.folder, name)
        mask = gone.item_mask(len(block.present))
        matrix = artefacts.matrix_arrays(_zeroed(block.matrix, mask))
        arrays = {**artefact.arrays, **matrix, "present": block.present & ~mask}
        store.write(place, arrays, artefact.facts)
        _forget_rows(place, gone)
        _forget_ids(place / "encoder", run.recipe.blocks[name].encoder, gone)


def _forget_rows(place: Path, gone: _Gone) -> None:
    """Take the items out of the tables for people that lie beside a block."""
    for path in place.glob("*.parquet"):
        rows = pl.read_parquet(path)
        kept = rows.filter(~pl.col("item_id").is_in(list(gone.items)))
        store.write_file(path, kept.write_parquet)


def _forget_ids(place: Path, spec: PartSpec[Any], gone: _Gone) -> None:
    """Take the ids out of the state of an encoder that keeps some."""
    state = store.read(place)
    if state is not None and issubclass(part_class(spec.name), KeepsIds):
        without = spec.build().without_ids(state, gone.items)
        store.write(place, without.arrays, without.facts)


def _forget_events(run: OpenedRun, keepers: Sequence[str]) -> None:
    """Take the events out of the states of models: of everybody, since what was counted from them
    would not fit those that are left.
    """
    for name in keepers:
        place = run.folder / "models" / name
        state = store.read(place)
        model = run.recipe.models[name].build()
        if state is not None and isinstance(model, KeepsEvents):
            without = model.without_events(Artefact(state.arrays, state.facts["facts"]))
            store.write(
                place, without.arrays, {**state.facts, "facts": dict(without.facts)}, "safetensors"
            )


def _zeroed(matrix: Any, rows: Mask) -> Any:
    kept = matrix.copy()
    if isinstance(kept, np.ndarray):
        kept[rows] = 0
        return kept
    kept.data[np.repeat(rows, np.diff(kept.indptr))] = 0
    kept.eliminate_zeros()
    return kept


def _train_counts(run: OpenedRun, gone: _Gone, counts: Longs) -> Longs:
    """int64 [n_items], how often the training part holds each item without the events that go."""
    try:
        train = run.split.train
    except BadInput:  # an earlier call changed what the log splits into
        return counts
    return train.take(~gone.events(train)).item_counts()


def _nameless(log: Interactions, kept: Mask, gone: _Gone) -> Interactions:
    """The events that stay, with a nameless row for each id that goes."""
    left = log.take(kept)
    return replace(
        left,
        users=log.users.nameless(gone.users, "user"),
        items=log.items.nameless(gone.items, "item"),
        # Names of requests may be as personal as those of people.
        action=None if left.action is None else left.action.used(),
        request=None if left.request is None else left.request.used(),
    )


def _put_fields(folder: Path, catalogue: Catalogue, gone: _Gone) -> None:
    fields = _emptied(catalogue.fields, gone.item_rows)
    store.write_file(folder / "log" / "fields.parquet", fields.write_parquet)


def _put_people(folder: Path, people: pl.DataFrame, gone: _Gone) -> None:
    emptied = _emptied(people, gone.user_rows)
    store.write_file(folder / "log" / artefacts.PEOPLE, emptied.write_parquet)


def _emptied(fields: pl.DataFrame, rows: Rows) -> pl.DataFrame:
    """The table with nothing in some of its rows."""
    if not len(rows) or not fields.width:
        return fields
    mask = pl.lit(pl.Series(np.isin(np.arange(fields.height), rows)))
    return fields.with_columns(
        pl.when(mask).then(None).otherwise(pl.col(c)).alias(c) for c in fields.columns
    )


def _put_json(path: Path, content: Any) -> None:
    store.write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))


def _finish(folder: Path, marked: RunManifest) -> None:
    """The manifest with the files as they are now."""
    rewritten = tuple(n for n in marked.replacing if (folder / n).is_file())
    files = {n: e for n, e in marked.files.items() if n not in marked.replacing}
    files |= entries(folder, rewritten)
    write_manifest(folder, replace(marked, files=dict(sorted(files.items())), replacing=()))
    complete(folder)


def _still_named(folder: Path, ids: Sequence[str]) -> Iterator[str]:
    """Files of the folder, palate's or not, in which one of the ids stands as a word."""
    if not ids:
        return
    words = b"|".join(re.escape(i.encode("utf-8", "surrogatepass")) for i in ids)
    pattern = re.compile(b"(?<![0-9A-Za-z_])(?:" + words + b")(?![0-9A-Za-z_])")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and pattern.search(path.read_bytes()):
            yield path.relative_to(folder).as_posix()
