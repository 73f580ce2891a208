"""Meta-paths: walks from the history over people and entities to the candidate, each kind weighed
on validation cases.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from scipy import sparse

from palate.arrays import Doubles, Longs, Sparse, inverse
from palate.capabilities import Described, Narrowed, Reads
from palate.errors import BadInput, BadRecipe, Refused
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import ItemItem, popularity_prior
from palate.model.path_sum import PathSum, thin
from palate.model.rp3beta import Rp3beta, Rp3betaSettings
from palate.model.shortlist import sample, shortlist
from palate.model.similarity import Similarity, Thin, padded_square, stored
from palate.model.sparse_products import product
from palate.model.strongest import strongest_unsorted
from palate.model.weighing import Weighing
from palate.stages import NewItems
from palate.tables import Block, FeatureTable, Training

PEOPLE = "people"
"""Name of the path from an item over a person to another item."""
_GRID = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class MetaPathsSettings:
    """Blocks of entities, walks, and the search for weights."""

    blocks: tuple[str, ...] = ()
    """Blocks of entities (`graph.neighbours.v1`) or other marks, one for each relation that is to
    have weights of its own; empty: all blocks of the recipe. Numbers below 0 count as 0."""
    neighbours: Annotated[int, Ge(1)] = 200
    """Ends of each path that are kept for an item, the most likely ones."""
    alpha: Annotated[float, Ge(0)] = 0.5
    """Power of the chances of a step over people, as in `model.rp3beta.v1`."""
    beta: Annotated[float, Ge(0)] = 0.3
    """Divides what people lead to by its popularity to this power."""
    evidence: Annotated[float, Ge(0)] = 2.0
    """Standard errors by which another path must raise the validation NDCG; 0 takes whatever looks
    best."""
    n_validation: Annotated[int, Ge(2)] = 3_000
    """Most validation cases that weights are chosen on."""
    k: Annotated[int, Ge(1)] = 10
    """Depth of the NDCG that chooses."""
    seed: int = 0
    """Of the draw of these cases."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""


class MetaPaths(ItemItem[MetaPathsSettings], Narrowed, Described):
    """Score = weighed sum of the chances that walks of several kinds, from an item of the history,
    end at the candidate.

    Over one graph of people, items and entities: item - person - item; and for each block item -
    entity - item, item - person - item - entity - item, and item - entity - item - person - item.
    Each kind is a path of its own, whose weight is chosen on validation cases as `model.blend.v1`
    chooses its members': added only where it clearly helps. An item without events is reached over
    entities. Beside texts put it into a `model.blend.v1`; without blocks of entities this is
    `model.rp3beta.v1`.

    Args:
        settings: See `MetaPathsSettings`.

    Attributes:
        paths_: Path -> weight, of those that were taken; empty after `load`.

    Cost: products of sparse matrices with `neighbours` numbers a row, one for each path; one
    scoring of the validation cases by each path.

    Paper: X. Yu et al., Personalized entity recommendation: a heterogeneous information network
        approach, WSDM 2014.
    """

    does: ClassVar[str] = (
        "items that walks over people and over what is known of items lead to; each kind of walk"
        " has a weight that was chosen on validation cases."
    )
    Settings = MetaPathsSettings
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "scored"
    paths_: dict[str, float]

    @classmethod
    def reads(cls, settings: MetaPathsSettings) -> Reads:
        """Its blocks."""
        return Reads(blocks=settings.blocks, every_block=not settings.blocks, spares_blocks=True)

    @classmethod
    def narrowed(cls, settings: MetaPathsSettings, left: Reads) -> MetaPathsSettings:
        """The settings with what is left named."""
        return replace(settings, blocks=left.blocks)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], the paths by their weights.

        Raises:
            BadRecipe: There is no block.
            Refused: There are no validation cases.
        """
        s = self.settings
        if not len(training.validation):
            raise Refused(
                "paths are weighed on validation cases",
                next_step="choose a split that keeps a validation part",
            )
        walks = Rp3betaSettings(alpha=s.alpha, beta=s.beta, neighbours=s.neighbours)
        people = thin(stored(Rp3beta(walks).learn(training)))
        paths = self._paths(training.features, people, training.log.n_items)
        weights = self._weighed(training, paths)
        self.paths_ = {n: w for n, w in zip(paths, weights.tolist(), strict=True) if w}
        return PathSum(_summed(paths, weights), people, weights)

    def extended(self, known: Similarity, features: FeatureTable) -> Similarity:
        """B with walks from and to the new items; between those that were there nothing changes.

        Raises:
            BadInput: It was stored with other blocks.
        """
        if not isinstance(known, PathSum):
            raise BadInput(
                "this model was stored without its walks over people",
                where="similarity",
                next_step="fit it again",
            )
        n, n_items = known.n_items, len(features.items)
        people = padded_square(known.people, n_items)
        paths = self._paths(features, people, n)
        if len(paths) != len(known.weights):
            raise BadInput(
                f"{len(paths)} paths over these blocks, and {len(known.weights)} weights",
                where="blocks",
                next_step="name the blocks that it was fitted with",
            )
        B = _summed(paths, known.weights)
        row = np.repeat(np.arange(n_items), np.diff(B.indptr))
        B.data[(row < n) & (B.indices < n)] = 0
        whole = thin(sparse.csr_matrix(B + padded_square(known.B, n_items)))
        return PathSum(whole, people, known.weights)

    def _paths(self, features: FeatureTable, people: Sparse, n_known: int) -> dict[str, Sparse]:
        """Name -> float32 CSR [n_items, n_items], the likeliest ends of each kind of walk.

        Args:
            features: Blocks of all items.
            people: [n_items, n_items], the walk over people.
            n_known: Items of the training part, the first ones; entities are as frequent as they
                are among them.
        """
        names = self.settings.blocks or tuple(features.blocks)
        if not names:
            raise BadRecipe(
                "this model needs a block of entities",
                where="blocks",
                next_step='add one of "graph.neighbours.v1"',
            )
        k = self.settings.neighbours
        paths = {PEOPLE: people}
        for name in names:
            over = _shared(features.block(name), k, n_known)
            paths[name] = over
            paths[f"{name}, {name}"] = _then(over, over, k)
            paths[f"{PEOPLE}, {name}"] = _then(people, over, k)
            paths[f"{name}, {PEOPLE}"] = _then(over, people, k)
        return paths

    def _weighed(self, training: Training, paths: Mapping[str, Sparse]) -> Doubles:
        """float64 [n_paths], of each path's numbers."""
        s = self.settings
        counts = training.log.item_counts()
        alone = [self._over(B, counts) for B in paths.values()]
        cases = sample(training.validation, s.n_validation, s.seed)
        listed = shortlist(alone, cases, 300)
        weighing = Weighing(tuple(paths), listed, counts.astype(np.float64), _GRID, s.k, s.evidence)
        form = weighing.search(gate=False, prior=False)
        found = [form.weights[name] / form.scales[name] for name in paths]
        return np.asarray(found, np.float64)

    def _over(self, B: Sparse, counts: Longs) -> MetaPaths:
        """This model over one path alone."""
        one = copy.copy(self)
        one.similarity_, one.prior_ = Thin(B), popularity_prior(counts)
        return one


def _shared(block: Block, k: int, n_known: int) -> Sparse:
    """float32 CSR [n_items, n_items], chances that a walk goes from an item over one of its
    entities to another item, the k likeliest.
    """
    E = sparse.csr_matrix(block.finite(), dtype=np.float64)
    E.data = np.maximum(E.data, 0)
    n_entities = np.asarray(E[:n_known].sum(axis=0), np.float64).ravel()
    # both ends alike: by chances alone items of many entities would be the end of most walks
    n_own = np.asarray(E.sum(axis=1), np.float64).ravel()
    E = sparse.csr_matrix(sparse.diags(np.sqrt(inverse(n_own))) @ E)
    back = sparse.csr_matrix((E @ sparse.diags(inverse(n_entities))).T)
    return _then(E, back, k)


def _then(first: Sparse, second: Sparse, k: int) -> Sparse:
    """float32 CSR: the k likeliest ends of one walk after another; not where it began."""

    def ends(made: Sparse, rows: Longs) -> Sparse:
        made.data[made.indices == np.repeat(rows, np.diff(made.indptr))] = 0
        return strongest_unsorted(made, k)

    made = product(sparse.csr_matrix(first), sparse.csr_matrix(second), ends)
    return thin(sparse.csr_matrix(made))


def _summed(paths: Mapping[str, Sparse], weights: Doubles) -> Sparse:
    """float32 CSR, all paths by their weights."""
    weighed = [B * np.float32(w) for B, w in zip(paths.values(), weights, strict=True) if w]
    return thin(sparse.csr_matrix(sum(weighed[1:], start=weighed[0])))
