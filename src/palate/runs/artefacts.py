"""What a run leaves behind for later: feature blocks, fitted models, the log with its
vocabularies.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from palate import store
from palate.arrays import Matrix
from palate.errors import BadInput
from palate.fit.users import space_of
from palate.recipe import graph
from palate.recipe.recipe import Recipe, parse
from palate.recipe.users import block_of, users_of
from palate.registry import PartSpec
from palate.stages import Scorer, TwoSided, UserEncoder
from palate.store import Artefact
from palate.tables import (
    Block,
    Catalogue,
    Dataset,
    FeatureTable,
    Interactions,
    Origin,
    Split,
    Vocabulary,
)


def write_features(folder: Path, features: FeatureTable) -> None:
    """`features/BLOCK/`: the matrix (dense, or the three arrays of CSR), which items are present,
    the origin.
    """
    for name, block in features.blocks.items():
        facts = {
            "name": name,
            "width": block.width,
            "items": len(features.items),
            "columns": list(block.columns),
            "origin": block.origin.facts(),
            "key": block.origin.key(),
            "seconds": block.seconds,
        }
        store.write(
            folder / "features" / name,
            {**matrix_arrays(block.matrix), "present": block.present},
            facts,
        )


def matrix_arrays(X: Matrix) -> dict[str, NDArray[Any]]:
    """A matrix as named arrays: `matrix`, or `data`, `indices`, `indptr` and `shape` of CSR."""
    if isinstance(X, np.ndarray):
        return {"matrix": X}
    return {"data": X.data, "indices": X.indices, "indptr": X.indptr, "shape": np.asarray(X.shape)}


def read_features(folder: Path, names: Sequence[str], items: Vocabulary) -> FeatureTable:
    """The named blocks of a run, as they were when it ended.

    Raises:
        BadInput: The run directory does not hold one of them.
        DamagedArtefact: Its bytes are not what was written.
    """
    return FeatureTable(
        items, {name: _read_block(folder / "features" / name, name) for name in names}
    )


def _read_block(folder: Path, name: str) -> Block:
    artefact = store.read(folder)
    if artefact is None:
        raise BadInput(
            f'the run holds no block "{name}"', where=str(folder), next_step="run the recipe again"
        )
    a, facts = artefact.arrays, artefact.facts
    matrix: Matrix
    if "matrix" in a:
        matrix = np.asarray(a["matrix"], np.float32)
    else:
        shape = (int(a["shape"][0]), int(a["shape"][1]))
        matrix = sparse.csr_matrix(
            (a["data"], a["indices"], a["indptr"]), shape=shape, dtype=np.float32
        )
    told = facts["origin"]
    origin = Origin(
        told["part"],
        tuple(told["fields"]),
        told["settings"],
        told["weights"],
        told["data"],
        tuple(told["steps"]),
    )
    return Block(
        name,
        matrix,
        np.asarray(a["present"], np.bool_),
        origin,
        tuple(facts["columns"]),
        facts["seconds"],
    )


def write_models(folder: Path, recipe: Recipe, scorers: Mapping[str, Scorer]) -> None:
    """`models/NAME/`: what each scorer learnt, with the digest of every file."""
    for name, scorer in scorers.items():
        state = scorer.state()
        facts = {
            "part": recipe.models[name].name,
            "members": list(graph.members(recipe.models[name])),
            "facts": dict(state.facts),
        }
        store.write(folder / "models" / name, state.arrays, facts, "safetensors")


def read_model(folder: Path, models: Mapping[str, PartSpec], name: str) -> Scorer:
    """A fitted scorer, with its members, from a run directory.

    Raises:
        BadInput: The run directory does not hold it.
        DamagedArtefact: Its bytes are not what was written.
    """
    members = {member: read_model(folder, models, member) for member in graph.members(models[name])}
    artefact = store.read(folder / "models" / name)
    if artefact is None:
        raise BadInput(
            f'the run holds no model "{name}"',
            where=str(folder / "models"),
            next_step="run the recipe again",
        )
    scorer: Scorer = models[name].build()
    loaded = scorer.load(Artefact(artefact.arrays, artefact.facts["facts"]), members)
    if isinstance(loaded, TwoSided) and users_of(models[name]):
        return loaded.with_users(users_of_run(folder))
    return loaded


def write_users(folder: Path, users: Mapping[str, UserEncoder]) -> None:
    """`users/NAME/`: what each user encoder found out, besides the blocks and the catalogue, which
    lie there too.
    """
    for name, user in users.items():
        state = user.state()
        store.write(folder / "users" / name, state.arrays, {"facts": dict(state.facts)})


def users_of_run(folder: Path) -> dict[str, UserEncoder]:
    """The user encoders of a run directory; encoders of texts are built again from its recipe and
    catalogue.

    Raises:
        BadInput: The run does not hold them.
        DamagedArtefact: Their bytes are not what was written.
    """
    recipe = parse(tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8")), folder)
    log, catalogue = read_log(folder)
    names = list(dict.fromkeys(block_of(user, recipe.blocks) for user in recipe.users.values()))
    features = read_features(folder, names, log.items)
    counts = store.read(folder / "log")
    rows = (
        np.flatnonzero(counts.arrays["train_count"]).astype(np.int32)
        if counts
        else np.empty(0, np.int32)
    )
    found: dict[str, UserEncoder] = {}
    for name, user in recipe.users.items():
        artefact = store.read(folder / "users" / name)
        if artefact is None:
            raise BadInput(
                f'the run holds no user encoder "{name}"',
                where=str(folder),
                next_step="run it again",
            )
        state = Artefact(artefact.arrays, artefact.facts["facts"])
        found[name] = user.build().load(
            state, space_of(user, recipe.blocks, catalogue, features, rows)
        )
    return found


def write_log(folder: Path, data: Dataset, split: Split) -> None:
    """`log/`: vocabularies, the whole log (from which histories are made later) and the items'
    fields.
    """
    log = data.interactions
    arrays: dict[str, NDArray[Any]] = {"user": log.user, "item": log.item, "value": log.value}
    if log.time is not None:
        arrays["time"] = log.time
    arrays |= _text_arrays("users", log.users.ids) | _text_arrays("items", log.items.ids)
    arrays["train_count"] = split.train.item_counts()
    store.write(folder / "log", arrays, {"rows": len(log)})
    data.catalogue.fields.write_parquet(folder / "log" / "fields.parquet")


def read_log(folder: Path) -> tuple[Interactions, Catalogue]:
    """The whole log and the catalogue of a run.

    Raises:
        BadInput: This is not a run directory, or the run did not finish.
        DamagedArtefact: Its bytes are not what was written.
    """
    artefact = store.read(folder / "log")
    if artefact is None:
        raise BadInput(
            "there is no finished run here",
            where=str(folder),
            next_step="palate run RECIPE makes one",
        )
    a = artefact.arrays
    users, items = (Vocabulary(tuple(_texts(name, a))) for name in ("users", "items"))
    log = Interactions(users, items, a["user"], a["item"], a["value"], a.get("time"))
    return log, Catalogue(items, pl.read_parquet(folder / "log" / "fields.parquet"))


def _text_arrays(name: str, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    encoded = [t.encode("utf-8", "surrogatepass") for t in texts]
    ends = np.cumsum([len(e) for e in encoded], dtype=np.int64)
    return {f"{name}_text": np.frombuffer(b"".join(encoded), np.uint8), f"{name}_ends": ends}


def _texts(name: str, arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    text, ends = arrays[f"{name}_text"].tobytes(), arrays[f"{name}_ends"].tolist()
    return (
        [
            text[a:b].decode("utf-8", "surrogatepass")
            for a, b in zip([0, *ends[:-1]], ends, strict=True)
        ]
        if ends
        else []
    )
