"""What a run leaves behind for later: feature blocks, fitted models, the log with its
vocabularies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from palate import store
from palate.arrays import Longs, Matrix
from palate.encode.fitted import FittedBlock
from palate.errors import BadInput
from palate.fit.fitted import save_parts
from palate.recipe.recipe import Recipe
from palate.registry import PartSpec
from palate.runs.log_columns import arrays_of, log_of
from palate.runs.writer import RunWriter
from palate.stages import ItemSpace, Scorer, UserEncoder
from palate.store import Artefact
from palate.tables import (
    Block,
    Catalogue,
    Dataset,
    Interactions,
    Origin,
    Split,
)
from palate.tables.dataset import IdTypes

PEOPLE: Final = "people.parquet"
"""Fields of the users, in the folder `log`."""


def write_features(writer: RunWriter, blocks: Mapping[str, FittedBlock]) -> None:
    """`features/BLOCK/`: the matrix (dense, or the three arrays of CSR), which items are present,
    the origin; tables for people, where its encoder tells them; and in folders below it the fitted
    parts that made it (`palate.fit.fitted`).
    """
    for name, fitted in blocks.items():
        block = fitted.block
        facts = {
            "name": name,
            "width": block.width,
            "items": len(block.present),
            "columns": list(block.columns),
            "origin": block.origin.facts(),
            "key": block.origin.key(),
            "seconds": block.seconds,
        }
        with writer.folder_of("features", name) as place:
            store.write(place, {**matrix_arrays(block.matrix), "present": block.present}, facts)
            save_parts(fitted, place)
            for table, rows in fitted.tables().items():
                rows.write_parquet(place / f"{table}.parquet")


def matrix_arrays(X: Matrix) -> dict[str, NDArray[Any]]:
    """A matrix as named arrays: `matrix`, or `data`, `indices`, `indptr` and `shape` of CSR."""
    if isinstance(X, np.ndarray):
        return {"matrix": X}
    return {"data": X.data, "indices": X.indices, "indptr": X.indptr, "shape": np.asarray(X.shape)}


def read_block(folder: Path, name: str) -> Block:
    """A block of a run, as it was when it ended.

    Raises:
        BadInput: The run directory does not hold it.
        DamagedArtefact: Its bytes are not what was written.
    """
    artefact = _found(folder, "features", name, "block")
    a, facts = artefact.arrays, artefact.facts
    matrix: Matrix
    if "matrix" in a:
        matrix = np.asarray(a["matrix"], np.float32)
    else:
        shape = (int(a["shape"][0]), int(a["shape"][1]))
        matrix = sparse.csr_matrix(
            (a["data"], a["indices"], a["indptr"]), shape=shape, dtype=np.float32
        )
    record = facts["origin"]
    origin = Origin(
        record["part"],
        tuple(record["fields"]),
        record["settings"],
        record["weights"],
        record["data"],
        tuple(record["steps"]),
    )
    return Block(
        name,
        matrix,
        np.asarray(a["present"], np.bool_),
        origin,
        tuple(facts["columns"]),
        facts["seconds"],
    )


def write_models(writer: RunWriter, recipe: Recipe, scorers: Mapping[str, Scorer]) -> None:
    """`models/NAME/`: what each scorer learnt, with the digest of every file."""
    for name, scorer in scorers.items():
        state = scorer.state()
        facts = {
            "part": recipe.models[name].name,
            "members": list(recipe.graph.members(name)),
            "facts": dict(state.facts),
        }
        with writer.folder_of("models", name) as place:
            store.write(place, state.arrays, facts, "safetensors")


def read_model(
    folder: Path, model: PartSpec[Scorer], name: str, members: Mapping[str, Scorer]
) -> Scorer:
    """A fitted scorer from a run directory.

    Args:
        folder: The run directory.
        model: The part, as the recipe names it.
        name: What the recipe calls the model.
        members: The loaded models that it is made of.

    Raises:
        BadInput: The run directory does not hold it.
        DamagedArtefact: Its bytes are not what was written.
    """
    artefact = _found(folder, "models", name, "model")
    return model.build().load(Artefact(artefact.arrays, artefact.facts["facts"]), members)


def write_users(writer: RunWriter, users: Mapping[str, UserEncoder]) -> None:
    """`users/NAME/`: what each user encoder found out, besides the blocks and the catalogue, which
    lie there too.
    """
    for name, user in users.items():
        state = user.state()
        with writer.folder_of("users", name) as place:
            store.write(place, state.arrays, {"facts": dict(state.facts)})


def read_user(
    folder: Path, user: PartSpec[UserEncoder], name: str, space: ItemSpace
) -> UserEncoder:
    """A fitted user encoder from a run directory.

    Args:
        folder: The run directory.
        user: The part, as the recipe names it.
        name: What the recipe calls it.
        space: The block that it is about.

    Raises:
        BadInput: The run directory does not hold it.
        DamagedArtefact: Its bytes are not what was written.
    """
    artefact = _found(folder, "users", name, "user encoder")
    return user.build().load(Artefact(artefact.arrays, artefact.facts["facts"]), space)


def _found(folder: Path, kind: str, name: str, called: str) -> Artefact:
    artefact = store.read(folder / kind / name)
    if artefact is None:
        raise BadInput(
            f'the run holds no {called} "{name}"',
            where=str(folder / kind),
            next_step="run the recipe again",
        )
    return artefact


def write_log(writer: RunWriter, data: Dataset, split: Split) -> None:
    """`log/`: vocabularies, the whole log (from which histories are made later), the items' fields,
    and those of users where there are any.
    """
    with writer.folder_of("log") as place:
        put_log(place, data.interactions, split.train.item_counts(), data.id_types)
        data.catalogue.fields.write_parquet(place / "fields.parquet")
        if data.users is not None:
            data.users.write_parquet(place / PEOPLE)


def put_log(place: Path, log: Interactions, train_count: Longs, id_types: IdTypes) -> None:
    """The log as an artefact in the folder `place`.

    Args:
        place: Where; an artefact that was there is replaced in one step.
        log: All events, with the vocabularies.
        train_count: int64 [n_items], how often the training part holds each item.
        id_types: What ids were in the source.
    """
    arrays = arrays_of(log)
    arrays["train_count"] = train_count
    store.write(place, arrays, {"rows": len(log), "id_types": asdict(id_types)})


@dataclass(frozen=True, eq=False)
class KeptLog:
    """What `log/` holds.

    Attributes:
        log: All events, with the vocabularies.
        catalogue: The items' fields.
        train_count: int64 [n_items], how often the training part holds each item.
        id_types: What ids were in the source; text in runs of older versions.
        people: Fields of the users that models read, one row each; None where none does.
    """

    log: Interactions
    catalogue: Catalogue
    train_count: Longs
    id_types: IdTypes
    people: pl.DataFrame | None = None


def read_log(folder: Path) -> KeptLog:
    """The whole log and the catalogue of a run.

    Raises:
        BadInput: This is not a run directory, or the run did not finish.
        DamagedArtefact: Its bytes are not what was written.
    """
    artefact = store.read(folder / "log")
    if artefact is None:
        raise BadInput("the run holds no log", where=str(folder), next_step="run the recipe again")
    log, people = log_of(artefact.arrays), folder / "log" / PEOPLE
    return KeptLog(
        log,
        Catalogue(log.items, pl.read_parquet(folder / "log" / "fields.parquet")),
        np.asarray(artefact.arrays["train_count"], np.int64),
        IdTypes(**artefact.facts.get("id_types", {})),
        pl.read_parquet(people) if people.is_file() else None,
    )
