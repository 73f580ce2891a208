"""Distillation of a language model into a table: one vector a token, and a text is the mean of its
tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

from palate import config, store
from palate.adapt.tuning import TextVectors, Weights
from palate.arrays import Doubles, Floats, Ragged, Rows, Sparse, l2_normalised
from palate.errors import DamagedArtefact, Refused
from palate.gradient.origin import digest_of_texts
from palate.language_model import LanguageModel
from palate.part_state import PartState, nested, state_of
from palate.stages import Encoder, FitContext, Tunable
from palate.store import Artefact
from palate.tables import Block, Catalogue, Origin, Training

_TABLE = ("tokens", "rarity", "vectors")


@dataclass(frozen=True)
class DistilSettings:
    """Settings of `adapt.distil.v1`."""

    ridge: Annotated[float, Gt(0)] = 0.3
    """Pull of each token's vector towards what the language model says of the token alone."""


class Distil:
    """Replaces a (tuned) language model by a table of token vectors fitted to its vectors of this
    catalogue.

    A text becomes the mean of its tokens' vectors, each weighted by how rare the token is. The
    table starts from the teacher's vectors of single tokens and is moved, by ridge regression, to
    give the teacher's vectors of the training items. Encoding is then a sum of rows: thousands of
    times quicker than the teacher, for new texts too. What words mean together is lost.

    Args:
        settings: See `DistilSettings`.

    Cost: the teacher once over the distinct tokens and the texts of the training items, and a
    sparse least-squares problem with as many unknown rows as there are distinct tokens.

    Tulkens & van Dongen, Model2Vec: fast state-of-the-art static embeddings, 2024.
    """

    Settings = DistilSettings
    name: ClassVar[str] = "adapt.distil.v1"
    uses_behaviour: ClassVar[bool] = False

    def __init__(self, settings: DistilSettings | None = None) -> None:
        self.settings = settings or DistilSettings()

    def tune(
        self,
        encoder: Tunable,
        catalogue: Catalogue,
        training: Training,
        context: FitContext = FitContext(),
    ) -> Encoder:
        """Fit the table on the texts of the items that the training part knows.

        Raises:
            Refused: None of them has a text.
        """
        whole = encoder.texts(catalogue)
        known = np.unique(training.log.item)
        texts = [text for text in (whole[row] for row in known) if text is not None]
        if not texts:
            raise Refused(
                "no item of the training part has a text", next_step="leave this distillation out"
            )
        model = encoder.language_model()
        facts = {
            "settings": config.resolved(self.settings),
            "model": model.identity,
            "texts": digest_of_texts(texts),
        }
        place = store.cache_folder() / "tuned" / store.digest({"part": self.name, **facts})[:40]
        if store.read(place) is None:
            store.write(place, self._table(model, texts), {"part": self.name, **facts})
        return TokenTable(encoder, self.settings, place)

    def reopen(self, encoder: Tunable, folder: Path) -> Encoder:
        """The table without its rows, which its state holds, over the tokeniser of `folder`."""
        return TokenTable(encoder.with_model(folder), self.settings)

    def _table(self, model: LanguageModel, texts: list[str]) -> dict[str, Any]:
        tokens = model.tokens(texts)
        used, place = np.unique(tokens.values, return_inverse=True)
        counts = _bag(Ragged(place.ravel().astype(np.int32), tokens.offsets), len(used))
        rarity = np.log((1 + len(texts)) / (1 + np.asarray((counts > 0).sum(axis=0)).ravel())) + 1
        teacher = TextVectors(model, tokens, Weights(max_tokens=512), seed=0).all()
        alone = _of_single_tokens(model, used)
        table = fitted_table(
            _weighted(counts, rarity), teacher.astype(np.float64), alone, self.settings.ridge
        )
        return {
            "tokens": used.astype(np.int64),
            "rarity": rarity.astype(np.float32),
            "vectors": table,
        }


def fitted_table(X: Sparse, Y: Doubles, start: Doubles, ridge: float) -> Floats:
    """float32 [t, d], the T with least ||X T - Y||^2 + ridge ||T - start||^2, by conjugate
    gradients.

    Args:
        X: CSR [n, t], weights of the tokens in each text.
        Y: float64 [n, d], what the texts' vectors should be.
        start: float64 [t, d].
        ridge: > 0.
    """
    G = sparse.csr_matrix(X.T @ X + ridge * sparse.identity(X.shape[1]))
    R = X.T @ (Y - X @ start)
    moved = np.stack(
        [cg(G, R[:, column], rtol=1e-4, maxiter=200)[0] for column in range(Y.shape[1])], axis=1
    )
    return np.asarray(start + moved, np.float32)


class TokenTable:
    """Encodes texts by a table of token vectors; made by `Distil`.

    Args:
        encoder: Whose texts and tokeniser are used.
        settings: Those of `Distil`.
        place: Folder of the artefact with tokens, rarity and vectors; None: `load` brings them.
    """

    name: ClassVar[str] = Distil.name

    def __init__(
        self, encoder: Tunable, settings: DistilSettings, place: Path | None = None
    ) -> None:
        self.settings = settings
        self._encoder, self._place = encoder, place

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Nothing is learnt any more."""
        return self

    def state(self) -> Artefact:
        """The table, and the state of the encoder whose texts and tokeniser it uses."""
        table = self._table
        arrays, facts = nested("encoder", self._encoder.state())
        arrays = {**arrays, **{name: table.arrays[name] for name in _TABLE}}
        return state_of(self, arrays, {**facts, "table": table.facts["table"]})

    def load(self, state: Artefact) -> Self:
        """Take up the table.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self._encoder.load(kept.inside("encoder"))
        tokens = kept.array("tokens", np.int64, None)
        rarity = kept.array("rarity", np.float32, len(tokens))
        vectors = kept.array("vectors", np.float32, len(tokens), None)
        arrays: dict[str, NDArray[Any]] = {"tokens": tokens, "rarity": rarity, "vectors": vectors}
        self._table = Artefact(arrays, {"table": kept.fact("table", str)})
        return self

    def save_model(self, folder: Path) -> None:
        """Write the language model, of which the tokeniser is used."""
        self._encoder.save_model(folder)

    def encode(self, catalogue: Catalogue) -> Block:
        """Dense float32 [n_items, d], rows of length 1; an item without text is absent."""
        texts = self._encoder.texts(catalogue)
        present = np.array([text is not None for text in texts], np.bool_)
        matrix = self.vectors([text or "" for text in texts])
        matrix[~present] = 0.0
        origin = Origin(
            "adapt.distil.v1", weights=self._table.facts["table"], data=digest_of_texts(texts)
        )
        return Block("text.distilled", matrix, present, origin)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """float32 [n, d], of length 1; zeros for a text of unknown tokens alone."""
        table = self._table
        known, tokens = table.arrays["tokens"], self._model.tokens(texts)
        place = np.minimum(np.searchsorted(known, tokens.values), len(known) - 1)
        found = known[place] == tokens.values
        rows = tokens.row_of_value()[found]
        counts = _counted(rows, place[found], (len(texts), len(known)))
        X = _weighted(counts, np.asarray(table.arrays["rarity"]))
        return np.array(
            l2_normalised(np.asarray(X @ table.arrays["vectors"], np.float32)), np.float32
        )

    @cached_property
    def _model(self) -> LanguageModel:
        return self._encoder.language_model()

    @cached_property
    def _table(self) -> Artefact:
        if self._place is None:
            raise Refused("TokenTable has not been loaded", next_step="call load(state) first")
        table = store.read(self._place)
        if table is None:
            raise DamagedArtefact(
                "the table is gone", where=str(self._place), next_step="run again to make it"
            )
        return Artefact(table.arrays, {"table": self._place.name})


def _of_single_tokens(model: LanguageModel, tokens: Any) -> Doubles:
    """float64 [t, d], what the model says of each token standing alone, special tokens around it as
    everywhere.
    """
    around = model.tokens([""]).values
    half = len(around) - len(around) // 2
    rows = [np.concatenate([around[:half], [token], around[half:]]) for token in tokens]
    tokens = Ragged.of([row.astype(np.int32) for row in rows])
    return TextVectors(model, tokens, Weights(), seed=0).all().astype(np.float64)


def _bag(tokens: Ragged, n_tokens: int) -> Sparse:
    return _counted(tokens.row_of_value(), tokens.values, (len(tokens), n_tokens))


def _counted(row: Any, column: Any, shape: tuple[int, int]) -> Sparse:
    return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)


def _weighted(counts: Sparse, rarity: Any) -> Sparse:
    """The counts times the rarity, each row summing to 1."""
    X = sparse.csr_matrix(counts @ sparse.diags(np.asarray(rarity, np.float64)))
    total = np.asarray(X.sum(axis=1)).ravel()
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(total, 1e-12)) @ X)
