"""Vectors that somebody else computed, as a block."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import polars as pl
from annotated_types import Ge

from palate import config, store
from palate.arrays import Floats, Longs, Mask, Rows
from palate.capabilities import KeepsIds, ReadsFiles
from palate.encode.content import digest_of
from palate.encode.vectors.formats import VectorFormat, read_vectors
from palate.encode.vectors.ids import read_ids
from palate.encode.vectors.mmrec import numbers_of
from palate.encode.vectors.npy import IDS
from palate.encode.vectors.table import Vectors, Wanted, as_floats, checked
from palate.errors import BadInput
from palate.part_state import PartState, fitted, state_of, texts
from palate.store import Artefact
from palate.tables import Block, Catalogue, Finding, Origin, Vocabulary
from palate.tables.id_spelling import Spelling, alike, apart


@dataclass(frozen=True)
class VectorsFileSettings:
    """Settings of `vectors.file.v1`."""

    path: str
    """The file, or the folder of single files; in a recipe relative to the recipe."""

    ids: str = ""
    """File with the id of each row (`.txt`, `.json`, `.csv`, `.npy`); empty where the vectors' own
    file holds them."""

    rows: Literal["auto", "catalogue", "numbers"] = "auto"
    """What rows without ids mean: the catalogue's order, or ids that are row numbers from 0; auto
    refuses to guess."""

    format: VectorFormat = "auto"
    """Format of the file; by default what its ending says."""

    column: str = ""
    """Column (Parquet, CSV, atomic) or tensor (safetensors) of the vectors; empty: the only one
    there is."""

    id_column: str = ""
    """Column of the ids, in the file or in `ids`; empty: whichever is called like one, else the
    first."""

    same_ids: tuple[Spelling, ...] = ()
    """Differences in writing that do not tell the file's ids apart, as in `[data] same_ids`:
    "leading-zeros" reads 001 as 1."""

    width: Annotated[int, Ge(1)] | None = None
    """Numbers that each vector must have; by default whatever the file has."""

    zeros: Literal["absent", "present"] = "absent"
    """What a vector of zeros means where the file has no marks of presence: a missing one, or a
    vector."""


class VectorsFile(ReadsFiles, KeepsIds):
    r"""A block read from a file: .npy, Parquet, CSV, RecBole's atomic files, safetensors, or a .npy
    for each item.

    For vectors that were made elsewhere (an image network, another library's features, an earlier
    `palate encode`); to encode content here, use the encoders of text, image and structured fields.
    Items that the file does not know are absent; ids that are no items are counted in the block's
    findings. Nothing is learnt from them.

    Args:
        settings: See `VectorsFileSettings`.

    Attributes:
        missing_: Items of the catalogue without a vector, as of the last `encode`.
        extra_: Rows of the file whose id is no item of the catalogue.

    Cost: one pass over the file to check it. A `.npy` is memory-mapped, and is the block itself,
    without a copy, where its rows are float32 in the catalogue's order.

    >>> import tempfile, polars as pl
    >>> folder = Path(tempfile.mkdtemp())
    >>> np.save(folder / "image_feat.npy", np.eye(3, dtype=np.float32))
    >>> _ = (folder / "names.txt").write_text("c\na\nz\n")
    >>> path, ids = str(folder / "image_feat.npy"), str(folder / "names.txt")
    >>> part = VectorsFile(VectorsFileSettings(path, ids=ids))
    >>> shop = Catalogue(Vocabulary.of("abc"), pl.DataFrame())
    >>> block = part.fit(shop, np.arange(3, dtype=np.int32)).encode(shop)
    >>> block.matrix.tolist(), block.present.tolist(), part.extra_
    ([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [True, False, True], 1)
    """

    Settings = VectorsFileSettings
    name: ClassVar[str] = "vectors.file.v1"
    reads_files: ClassVar[tuple[str, ...]] = ("path", "ids")

    def __init__(self, settings: VectorsFileSettings) -> None:
        self.settings = settings

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Open and check the file; nothing is learnt, neither from `rows` nor from other items.

        Raises:
            BadInput: The file is missing or broken, its rows do not fit, or it is not plain whose
                they are.
        """
        self._open(catalogue.items)
        if len(catalogue) and not any(name in self.row_of_ for name in catalogue.items.ids):
            raise BadInput(
                f'none of its ids is an item: "{next(iter(self.row_of_))}" ...'
                + _spelled_apart(self.row_of_, catalogue.items.ids),
                where=self.vectors_.name,
                allowed=f"ids such as {', '.join(catalogue.items.ids[:3])}",
                next_step=(
                    "name the right column or file of ids (id_column, ids), or what does not tell"
                    " ids apart (same_ids)"
                ),
            )
        return self

    def encode(self, catalogue: Catalogue) -> Block:
        """Dense float32 [n_items, d]."""
        fitted(self, "digest_")
        rows = np.fromiter(
            (self.row_of_.get(name, -1) for name in catalogue.items.ids), np.int64, len(catalogue)
        )
        matrix, present = _taken(self.vectors_, rows, self.settings.zeros == "present")
        self.missing_, self.extra_ = (
            int((rows < 0).sum()),
            len(self.row_of_) - int((rows >= 0).sum()),
        )
        data = store.digest({"file": self.digest_, "items": digest_of(catalogue.items.ids)})
        origin = Origin(self.name, (), config.resolved(self.settings), self.digest_, data)
        return Block("vectors.file", matrix, present, origin, findings=self._findings(catalogue))

    def state(self) -> Artefact:
        """The digest of the file, and the ids of its rows where only the catalogue gave them.

        Raises:
            Refused: The encoder has not been fitted.
        """
        facts = {"digest": fitted(self, "digest_")}
        ids = () if self.own_ids_ else tuple(self.row_of_)
        return state_of(self, texts("ids", ids), facts, elsewhere=("path", "ids"))

    def without_ids(self, state: Artefact, ids: Collection[str]) -> Artefact:
        """The state with a name that leads nowhere in place of each of these ids."""
        known = Vocabulary(PartState.of(self, state).texts("ids"))
        return Artefact(
            {**state.arrays, **texts("ids", known.nameless(ids, "item").ids)}, state.facts
        )

    def load(self, state: Artefact) -> Self:
        """Open the file again, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or the file is not the one
                that it was fitted with.
        """
        kept = PartState.of(self, state)
        path, ids = _expanded(self.settings.path), kept.texts("ids")
        if kept.fact("digest", str) != self._digest(path):
            raise BadInput(
                "the file of vectors is not the one that this encoder was fitted with",
                where=str(path),
                next_step="put that file back, or fit again with this one",
            )
        self._open(Vocabulary(ids))
        return self

    def _open(self, items: Vocabulary) -> None:
        path = _expanded(self.settings.path)
        wanted = Wanted(self.settings.column, self._own_id_column())
        found = read_vectors(path, self.settings.format, wanted)
        digests = self._given_ids(found, path)
        self.own_ids_ = digests is not None
        if digests is not None and self.settings.same_ids:
            digests = alike(pl.Series(digests, dtype=pl.String), self.settings.same_ids).to_list()
        if digests is None:
            digests = _by_order(len(found.matrix), items, self.settings.rows, path)
        self.vectors_ = checked(replace(found, ids=digests), self.settings.width)
        self.row_of_ = {name: row for row, name in enumerate(digests)}
        self.digest_ = self._digest(path)

    def _own_id_column(self) -> str:
        return "" if self.settings.ids else self.settings.id_column

    def _given_ids(self, found: Vectors, path: Path) -> list[str] | None:
        """The id of each row, where the file or one beside it says so."""
        n = len(found.matrix)
        if self.settings.ids:
            return read_ids(_expanded(self.settings.ids), n, self.settings.id_column)
        if found.ids is not None:
            return list(found.ids)
        if self.settings.rows == "auto" and (path.parent / IDS).is_file():
            return read_ids(path.parent / IDS, n, "")
        return None

    def _digest(self, path: Path) -> str:
        files = sorted(path.glob("*.npy")) if path.is_dir() else [path]
        beside = [_expanded(self.settings.ids)] if self.settings.ids else [path.parent / IDS]
        digests = {f.name: store.digest_file(f) for f in (*files, *beside) if f.is_file()}
        return store.digest(digests)

    def _findings(self, catalogue: Catalogue) -> tuple[Finding, ...]:
        found, where, n_items = [], self.vectors_.name, len(catalogue)
        if self.missing_:
            what = f"{self.missing_} of {n_items} items have no vector and are absent"
            found.append(Finding("items-without-vector", "note", what, where, self.missing_))
        if self.extra_:
            what = f"{self.extra_} of {len(self.row_of_)} ids are no items and are left out"
            found.append(Finding("vectors-of-no-item", "note", what, where, self.extra_))
        why = _spelled_apart(self.row_of_, catalogue.items.ids) if self.extra_ else ""
        if why:
            advice = (
                "read the ids alike by same_ids of this block and of [data], or write them alike in"
                " the file of vectors and in the catalogue"
            )
            found.append(Finding("spelled-apart", "warning", why[2:], where, 1, (), advice))
        return tuple(found)


def _spelled_apart(ids: Collection[str], items: Collection[str]) -> str:
    """Why ids are no items that only are written otherwise, as the end of a sentence; or empty."""
    found = apart(pl.Series(list(ids), dtype=pl.String), pl.Series(list(items), dtype=pl.String))
    if found is None:
        return ""
    (ours, theirs), n = found.pairs[0], len(found.pairs)
    return f'; {n:,} ids differ from those of items in {found.words}: "{ours}" and "{theirs}"'


def _by_order(n: int, items: Vocabulary, rows: str, path: Path) -> list[str]:
    """The ids of rows that nothing names."""
    numbers = numbers_of(items)
    fits = numbers is not None and (not len(numbers) or int(numbers.max()) < n)
    in_order = fits and numbers is not None and np.array_equal(numbers, np.arange(n))
    if rows == "numbers" or (rows == "auto" and in_order):
        if not fits:
            raise BadInput(
                f"the items' ids are not the numbers of {n} rows",
                where=str(path),
                allowed=f"ids from 0 to {n - 1}",
                next_step="name the file that says whose row each is: ids = ...",
            )
        return [str(i) for i in range(n)]
    if rows == "auto" and fits:
        raise BadInput(
            "it is not plain whose row each row is: the items' ids are numbers of rows, in another"
            " order",
            where=str(path),
            allowed=(
                'rows = "numbers" (row n is the item with the id n), rows = "catalogue", or a file'
                " of ids"
            ),
            next_step='add rows = "numbers" for MMRec\'s features',
        )
    if n != len(items):
        raise BadInput(
            f"{n} rows of vectors for {len(items)} items",
            where=str(path),
            allowed=f"{len(items)} rows in the catalogue's order, or a file of ids",
            next_step="name the file that says whose row each is: ids = ...",
        )
    return list(items.ids)


def _taken(vectors: Vectors, rows: Longs, zeros_count: bool) -> tuple[Floats, Mask]:
    """The rows of the items; -1 gives zeros and false."""
    X, known = vectors.matrix, rows >= 0
    whole = len(rows) == len(X) and np.array_equal(rows, np.arange(len(X)))
    marks = vectors.present
    if whole and X.dtype == np.float32 and X.flags.c_contiguous and (marks is None or marks.all()):
        matrix: Floats = X
    else:
        matrix = np.zeros((len(rows), X.shape[1]), np.float32)
        given = known if marks is None else known & marks[rows]
        matrix[given] = as_floats(X[rows[given]])
    if marks is not None:
        return matrix, known & marks[rows]
    return matrix, known if zeros_count else known & np.asarray(matrix.any(axis=1))


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()
