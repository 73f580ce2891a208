"""The structured fields of the items as one block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import polars as pl
from annotated_types import Ge, Gt
from scipy import sparse

from palate import config
from palate.arrays import Mask, Matrix, Rows, dense
from palate.capabilities import ReadsFields
from palate.encode.content import digest_of, digest_of_rows
from palate.encode.tabular.kinds import Kind, kind_of, separator_of
from palate.encode.tabular.learnt import Indicators, Learnt, Scaled, labels_of
from palate.encode.tabular.quantities import Number, Timestamp, Writing
from palate.encode.tabular.saved import packed, unpacked
from palate.errors import BadRecipe
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables import Block, Catalogue, Origin
from palate.tables.catalogue import as_text


@dataclass(frozen=True)
class FieldsSettings:
    """Settings of `structured.fields.v1`."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every field whose kind can be guessed."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Kinds of fields that are guessed wrongly, by name, e.g. `{year = "category"}`."""

    separator: str | None = None
    """What parts several labels that stand in one text; by default whichever of "|", ";" and ","
    does."""

    min_items: Annotated[int, Ge(1)] = 2
    """A category or label gets a column of its own if so many training items have it."""

    max_values: Annotated[int, Ge(1)] = 1000
    """Most categories or labels of one field, the most frequent ones."""

    robust: bool = False
    """Scale numbers by median and quartiles in place of mean and standard deviation."""

    clip: Annotated[float, Gt(0)] = 5.0
    """Scaled numbers beyond so many spreads are brought back to it."""

    form: Literal["auto", "dense", "sparse"] = "auto"
    """How the block is kept; by default sparse where indicators outnumber quantities."""


class Fields(ReadsFields):
    """Numbers, categories, labels, dates and the look of texts, scaled and counted from the
    training items alone.

    Numbers: a gap is filled with the training median and flagged. Categories and labels: one column
    for each value that enough training items have, one for all others. Dates: age, season, hour.
    Texts: length, words, capitals, digits; for their meaning use `text.tfidf.v1` or
    `text.transformer.v1`. An item of which no field is known is absent. Identifiers, addresses and
    vectors are left out unless `kinds` says what they are.

    Args:
        settings: See `FieldsSettings`.

    Cost: linear in the number of values; about a second for 100,000 items of ten fields.

    >>> from palate.tables import Vocabulary
    >>> fields = pl.DataFrame({"price": [1.0, 3.0, None], "kind": ["x", "x", "y"]})
    >>> shop = Catalogue(Vocabulary.of("abc"), fields)
    >>> block = Fields().fit(shop, np.array([0, 1], np.int32)).encode(shop)
    >>> block.columns, block.matrix.tolist()
    (('price', 'kind=x'), [[-1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    """

    Settings = FieldsSettings
    name: ClassVar[str] = "structured.fields.v1"

    def __init__(self, settings: FieldsSettings = FieldsSettings()) -> None:
        self.settings = settings

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Learn scales, categories and labels from the items `rows` alone.

        Raises:
            BadRecipe: There is no such field, or nothing to learn from.
        """
        trained = catalogue.fields[np.unique(rows)]
        self.kinds_ = _kinds(catalogue, trained, self.settings)
        self.learnt_ = {
            name: self._learn(trained[name], kind) for name, kind in self.kinds_.items()
        }
        self.fitted_on_ = digest(
            {"values": _digest(trained, tuple(self.kinds_)), "rows": digest_of_rows(rows)}
        )
        return self

    def encode(self, catalogue: Catalogue) -> Block:
        """float32 [n_items, d], dense or sparse, columns named after field and value."""
        fields = tuple(fitted(self, "kinds_"))
        parts = [self.learnt_[f].encode(catalogue.column(f)) for f in fields]
        columns = tuple(c for f in fields for c in self.learnt_[f].columns)
        present = _present(catalogue, self.kinds_)
        mask = sparse.diags(present.astype(np.float32))
        matrix = sparse.csr_matrix(
            mask @ sparse.hstack([sparse.csr_matrix(p) for p in parts]), dtype=np.float32
        )
        matrix.eliminate_zeros()
        origin = Origin(
            part=self.name,
            fields=fields,
            settings=config.resolved(self.settings),
            data=digest(
                {"values": _digest(catalogue.fields, fields), "fitted_on": self.fitted_on_}
            ),
        )
        return Block("structured.fields", self._formed(matrix), present, origin, columns)

    def state(self) -> Artefact:
        """The fields and their kinds, categories and labels, and the scales of numbers.

        Raises:
            Refused: The encoder has not been fitted.
        """
        arrays, facts = packed(fitted(self, "learnt_"))
        # as pairs, for a table of facts comes back in another order
        facts = {**facts, "kinds": list(self.kinds_.items()), "fitted_on": self.fitted_on_}
        return state_of(self, arrays, facts, elsewhere=("fields", "kinds"))

    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self.kinds_ = dict(kept.fact("kinds", tuple[tuple[str, Kind], ...]))
        self.fitted_on_ = kept.fact("fitted_on", str)
        self.learnt_ = unpacked(kept)
        if set(self.learnt_) != set(self.kinds_):
            raise kept.damaged("its fields and what was learnt of them are not the same")
        return self

    def _learn(self, column: pl.Series, kind: Kind) -> Learnt:
        s = self.settings
        if kind in ("category", "labels"):
            return Indicators.learn(
                column, self._separator(column, kind), s.min_items, s.max_values
            )
        if kind == "date":
            return Scaled.learn(column, Timestamp.learn(column), s.robust, s.clip)
        return Scaled.learn(
            column,
            Writing(column.name) if kind == "text" else Number(column.name),
            s.robust,
            s.clip,
        )

    def _separator(self, column: pl.Series, kind: Kind) -> str:
        if kind != "labels" or column.dtype != pl.String:
            return ""
        return separator_of(column) if self.settings.separator is None else self.settings.separator

    def _formed(self, matrix: sparse.csr_matrix) -> Matrix:
        quantities = sum(
            len(part.columns) for part in self.learnt_.values() if isinstance(part, Scaled)
        )
        wide = matrix.shape[1] > 64 and matrix.shape[1] > 4 * quantities
        keep_sparse = self.settings.form == "sparse" or (self.settings.form == "auto" and wide)
        return matrix if keep_sparse else dense(matrix)


def _kinds(
    catalogue: Catalogue, trained: pl.DataFrame, settings: FieldsSettings
) -> dict[str, Kind]:
    for name in (*settings.fields, *settings.kinds):
        catalogue.column(name, "fields")
    named = (
        (*settings.fields, *(f for f in settings.kinds if f not in settings.fields))
        if settings.fields
        else ()
    )
    found = {
        f: settings.kinds.get(f) or kind_of(trained[f]) for f in named or catalogue.fields.columns
    }
    unknown = [f for f in named if found[f] is None]
    kinds = {f: kind for f, kind in found.items() if kind is not None}
    if unknown or not kinds:
        what = (
            f'the kind of "{unknown[0]}" cannot be guessed'
            if unknown
            else "no field has a kind that can be guessed"
        )
        raise BadRecipe(
            f"{what} from the training items",
            where="fields",
            allowed="number, category, labels, date, text",
            next_step="say what it is: kinds = {" + (unknown or ["field"])[0] + ' = "category"}',
        )
    return kinds


def _present(catalogue: Catalogue, kinds: Mapping[str, Kind]) -> Mask:
    present = np.zeros(len(catalogue), np.bool_)
    for name, kind in kinds.items():
        column = catalogue.column(name)
        if kind == "labels":
            present |= np.fromiter((bool(v) for v in labels_of(column, "")), np.bool_, len(column))
        else:
            present |= as_text(column).is_not_null().to_numpy() & _is_finite(column)
    return present


def _is_finite(column: pl.Series) -> Mask:
    if not column.dtype.is_float():
        return np.ones(len(column), np.bool_)
    return column.is_finite().fill_null(False).to_numpy()


def _digest(frame: pl.DataFrame, fields: tuple[str, ...]) -> str:
    return digest(
        {
            name: [str(frame[name].dtype), digest_of(as_text(frame[name]).to_list())]
            for name in fields
        }
    )
