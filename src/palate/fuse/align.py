"""One space for several kinds of content, in which an image and a text of the same item lie close
together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles, Floats, Longs, Mask, Matrix, l2_normalised
from palate.capabilities import Reads, Related
from palate.errors import BadRecipe, Refused, nearest
from palate.fuse.base import check_fitted, fused_block, named_widths
from palate.fuse.sides import Directions, Sides, directions_packed, directions_unpacked
from palate.part_state import PartState, fitted, several, state_of
from palate.stages import FitContext
from palate.store import Artefact
from palate.tables import Block, Training

ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class AlignSettings:
    """Settings of `fuse.align.v1`."""

    of: tuple[str, ...] = ()
    """Blocks to bring into one space; empty: all blocks of the recipe that encoders make."""
    inputs: Annotated[int, Ge(1)] = 128
    """Widest directions of each block that take part; no more than a fifth of the items it is
    learnt on."""
    dims: Annotated[int, Ge(1)] = 64
    """Columns of the common space."""
    ridge: Annotated[float, Gt(0)] = 0.1
    """Added to the variance of every direction, as a share of their mean: keeps directions of mere
    noise quiet."""


class Align(Related):
    """Maps every block into one space by canonical correlations, and an item to the mean of its
    maps.

    The maps are those under which the blocks of the same item agree best, over the training items
    that have all of them; each direction counts by how well they agree. An item with a text alone
    then stands near images of its kind, and `nearest` finds images by text. No behaviour is used.
    What only one block knows is lost here; where the blocks should add to each other use
    `fuse.weighted.v1`.

    Args:
        settings: See `AlignSettings`.

    Attributes:
        agreement_: float64 [dims], how well the blocks agree along each column, 1 for perfectly.

    Cost: n (sum of inputs)^2 multiplications and an eigenproblem of that size.

    Kettenring, Canonical analysis of several sets of variables, Biometrika 1971.
    """

    Settings = AlignSettings
    name: ClassVar[str] = "fuse.align.v1"
    agreement_: Doubles
    names_: tuple[str, ...]
    widths_: tuple[int, ...]

    def __init__(self, settings: AlignSettings | None = None) -> None:
        self.settings = settings or AlignSettings()

    @classmethod
    def reads(cls, settings: AlignSettings) -> Reads:
        """The blocks that `of` names."""
        return Reads(blocks=settings.of, every_block=not settings.of)

    def fit(
        self, blocks: Mapping[str, Block], training: Training, context: FitContext = FitContext()
    ) -> Self:
        """Learn the maps from the training items that have every block.

        Raises:
            Refused: Fewer than three such items.
            BadRecipe: No blocks.
            BadInput: Blocks of different items, or with NaN or infinite numbers.
        """
        sides = Sides.of(blocks)
        rows = np.unique(training.log.item).astype(np.int32)
        rows = rows[sides.present[rows].all(axis=1)]
        if len(rows) < 3:
            raise Refused(
                f"only {len(rows)} training items have all of {', '.join(sides.names)}",
                next_step="fuse by fuse.weighted.v1, which needs no item with all blocks",
            )
        # with more directions than that for the items there are, blocks agree by chance
        width = min(self.settings.inputs, max(len(rows) // 5, 1))
        self.directions_ = [Directions.of(X, rows, width, context.seed) for X in sides.matrices]
        everywhere = np.ones(len(rows), np.bool_)
        inputs = [
            d(X[rows], everywhere) for d, X in zip(self.directions_, sides.matrices, strict=True)
        ]
        quiet = [_quietened(d.variance, self.settings.ridge) for d in self.directions_]
        scaled = [np.asarray(Z * q, np.float64) for Z, q in zip(inputs, quiet, strict=True)]
        maps, self.agreement_ = _canonical(scaled, self.settings.dims)
        # C-contiguous, as they come back from a file: products with them are then the same
        self.maps_ = [
            np.ascontiguousarray(q[:, None] * M) for q, M in zip(quiet, maps, strict=True)
        ]
        self.names_, self.widths_ = sides.names, sides.widths
        return self

    def state(self) -> Artefact:
        """The directions of each block, its map, and how well the blocks agree.

        Raises:
            Refused: The fuser has not been fitted.
        """
        blocks = list(zip(fitted(self, "names_"), self.widths_, strict=True))
        arrays = {
            **directions_packed(self.directions_),
            **several("maps", self.maps_, np.float64, 2),
            "agreement": self.agreement_,
        }
        return state_of(self, arrays, {"blocks": blocks})

    def load(self, state: Artefact) -> Self:
        """Take up the maps, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        names, self.widths_ = named_widths(kept)
        self.agreement_ = kept.array("agreement", np.float64, None)
        self.directions_ = directions_unpacked(kept, self.widths_)
        self.maps_ = kept.arrays("maps", np.float64, 2)
        dims = len(self.agreement_)
        if [M.shape for M in self.maps_] != [(len(d.variance), dims) for d in self.directions_]:
            raise kept.damaged("its maps are not those of these blocks")
        self.names_ = names
        return self

    def fuse(self, blocks: Mapping[str, Block]) -> Block:
        """Dense float32 [n_items, dims], rows of length one: the mean over the blocks that an item
        has.
        """
        projected, present = self._projected(blocks)
        matrix = l2_normalised(np.asarray(np.sum(projected, axis=0), np.float32))
        learnt = hashlib.sha256(b"".join(M.tobytes() for M in self.maps_)).hexdigest()
        return fused_block(
            self.name, self.settings, blocks, matrix, np.asarray(present.any(axis=1)), learnt
        )

    def project(self, blocks: Mapping[str, Block]) -> dict[str, Floats]:
        """Block -> float32 [n_items, dims] in the common space, rows of length one (absent items
        zero).
        """
        return dict(zip(blocks, self._projected(blocks)[0], strict=True))

    def nearest(self, blocks: Mapping[str, Block], source: str, target: str, k: int = 10) -> Longs:
        """Items whose `target` block lies nearest to each item's `source` block.

        Args:
            blocks: The blocks that it was fitted on, of any items.
            source: The block of the query, e.g. `"text.a"`.
            target: What is looked for, e.g. `"image.b"`.
            k: How many.

        Returns:
            int64 [n_items, k], the nearest first; -1 where the item has no source, or fewer
            items than k have a target.

        Raises:
            BadRecipe: There is no such block.
        """
        for name in (source, target):
            if name not in blocks:
                allowed, hint = ", ".join(blocks), nearest(name, blocks)
                raise BadRecipe(
                    f'there is no block "{name}"', where="nearest", allowed=allowed, next_step=hint
                )
        projected = self.project(blocks)
        there = np.flatnonzero(blocks[target].present)
        found = np.full((len(projected[source]), k), -1, np.int64)
        for start in range(0, len(found), ROWS_AT_ONCE):
            scores = projected[source][start : start + ROWS_AT_ONCE] @ projected[target][there].T
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            found[start : start + ROWS_AT_ONCE, : order.shape[1]] = there[order]
        found[~blocks[source].present] = -1
        return found

    def _projected(self, blocks: Mapping[str, Block]) -> tuple[list[Floats], Mask]:
        check_fitted(self, blocks)
        sides = Sides.of(blocks)
        parts: list[Floats] = []
        for directions, M, X, there in zip(
            self.directions_, self.maps_, sides.matrices, sides.present.T, strict=True
        ):
            moved: Matrix = l2_normalised(np.asarray(directions(X, there) @ M, np.float32))
            parts.append(np.asarray(moved))
        return parts, sides.present


def _quietened(variance: Doubles, ridge: float) -> Doubles:
    """float64 [r], what a direction of that variance is multiplied by once its own variance is
    one.
    """
    return np.asarray(np.sqrt(variance / (variance + ridge * variance.mean())), np.float64)


def _canonical(inputs: list[Doubles], dims: int) -> tuple[list[Doubles], Doubles]:
    """Maps of blocks [n, r_b] of white columns into columns along which they agree, and how well
    they do.

    The covariance of white blocks side by side has an eigenvalue of their number for a direction in
    which all agree perfectly, and of one where they have nothing to do with each other.
    """
    Z = np.hstack(inputs)
    # for two blocks these are the classical canonical correlations; an eigenproblem of all blocks
    # side by side takes any number of them
    values, vectors = np.linalg.eigh(Z.T @ Z / len(Z))
    top = np.argsort(-values)[:dims]
    agreement = (
        np.clip((values[top] - 1) / (len(inputs) - 1), 0, 1)
        if len(inputs) > 1
        else np.ones(len(top))
    )
    ends = np.cumsum([part.shape[1] for part in inputs])[:-1]
    return np.split(vectors[:, top] * agreement, ends, axis=0), agreement
