"""Two sides: what a user encoder makes of the history, against what the items are; a few
coefficients to read.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt
from scipy import sparse

from palate.arrays import Doubles, Floats, Matrix, Rows, dense, inverse, l2_normalised
from palate.capabilities import Described, Narrowed, Reads
from palate.errors import BadInput, BadRecipe, Refused
from palate.growth import appended, check_grown, known_events, padded
from palate.model.history_weights import LATEST_FIRST, HistoryWeights
from palate.model.item_item import check_items, fitted, popularity_prior
from palate.model.logistic import fit_logistic
from palate.model.restored import restored
from palate.model.similarity import Factored
from palate.stages import FitContext, NewItems, Scorer, UserEncoder
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Training

_WIDE = 4096


@dataclass(frozen=True)
class TwoSidedSettings:
    """User encoders, blocks, examples and ridges."""

    users: tuple[str, ...] = ()
    """Names of user encoders, the tables `[users.NAME]` of the recipe; each is compared with its
    own block."""
    blocks: tuple[str, ...] = ()
    """Blocks; one that no user encoder is about is pooled over the history by `query`. Empty: all
    of the recipe."""
    negatives: Annotated[int, Ge(1)] = 20
    """Items drawn at random against each event that happened."""
    n_examples: Annotated[int, Ge(1)] = 4000
    """Most events that are learnt from, drawn by seed; each asks the user encoders for one
    history."""
    l2: Annotated[float, Gt(0)] = 1.0
    """Ridge on the coefficients but not on the constant."""
    item_l2: Annotated[float, Gt(0)] = 10.0
    """Ridge of the item's side, which learns from a block's columns what is popular."""
    query: HistoryWeights = LATEST_FIRST
    """How much each event counts where a block is pooled."""


@dataclass(frozen=True)
class _Side:
    """One product of the score: which user encoder (or none), which of its pieces, which block."""

    user: str
    piece: int
    block: str
    label: str


class TwoSidedModel(Narrowed, Described):
    """Score = sum a <Z_U, Z_I> + sum b (w . Z_I) + p popularity + c.

    Z_U comes from user encoders (`behaviour.tokens.v1`, `behaviour.pooled.v1`), which see nothing
    of a user but the history, so that new users are scored like known ones. Z_I is the item's row,
    of length one; w . Z_I is the popularity that a ridge regression predicts from the row alone,
    so that new items have it too. The coefficients a, b, p, c are a logistic regression's on the
    last event of training users against items drawn at random. For pooled blocks alone,
    `model.linear.v1` says the same more simply; for the best list use `model.blend.v1`.

    Args:
        settings: See `TwoSidedSettings`.

    Attributes:
        coefficients_: `"NAME"` (of a user encoder, with `:KIND` where it has kinds of events; of a
            block that is pooled) -> a, `"item BLOCK"` -> b, `"popularity"` -> p, `"constant"` -> c.

    Cost: n_examples histories through each user encoder at `fit`, and every history that is scored.
    """

    does: ClassVar[str] = (
        "compares what a history says of a user with what an item is, by a few weights."
    )
    Settings = TwoSidedSettings
    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "scored"
    coefficients_: dict[str, float]

    def __init__(self, settings: TwoSidedSettings = TwoSidedSettings()) -> None:
        self.settings = settings

    @classmethod
    def reads(cls, settings: TwoSidedSettings) -> Reads:
        """Its blocks and user encoders; the blocks of these are read too."""
        return Reads(
            blocks=settings.blocks,
            users=settings.users,
            every_block=not settings.blocks,
            spares_blocks=True,
        )

    @classmethod
    def narrowed(cls, settings: TwoSidedSettings, left: Reads) -> TwoSidedSettings:
        """The settings with what is left named."""
        return replace(settings, blocks=left.blocks, users=left.users)

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn the coefficients from the training part.

        Raises:
            BadRecipe: There is no block, or no such user encoder.
            Refused: No training user has two events.
        """
        self.with_users({name: _named(name, context.users) for name in self.settings.users})
        about = [encoder_block(context.users[name]) for name in self.settings.users]
        blocks = tuple(dict.fromkeys([*about, *(self.settings.blocks or training.features.blocks)]))
        if not blocks:
            raise BadRecipe(
                "this model needs a block of features", where="blocks", next_step="add a block"
            )
        self.items_ = {
            name: l2_normalised(training.features.block(name).finite()) for name in blocks
        }
        self.sides_ = self._sides(about, blocks)
        counts = training.log.item_counts()
        if not counts.any():
            raise Refused(
                "the training part has no event", next_step="choose a split that leaves some"
            )
        self.popularity_ = popularity_prior(counts)
        self.predicted_ = {
            name: predict_popularity(E, self.popularity_, counts > 0, self.settings.item_l2)
            for name, E in self.items_.items()
        }
        self.coefficients_ = self._learnt(training, context.seed)
        return self

    def with_users(self, users: Mapping[str, UserEncoder]) -> Self:
        """Take up the fitted user encoders.

        Raises:
            BadRecipe: One that the settings name is not among them.
        """
        self.users_ = {name: _named(name, users) for name in self.settings.users}
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same coefficients with the rows of new items, their popularity predicted from these.

        User encoders do not read events with new items until grown ones come by `with_users`.
        """
        fitted(self, "coefficients_")
        n_known = len(self.popularity_)
        check_grown(features, n_known)
        more = copy.copy(self)
        more.items_ = {n: appended(E, features.block(n)) for n, E in self.items_.items()}
        more.popularity_ = padded(self.popularity_, len(features.items))
        more.predicted_ = dict(self.predicted_)
        for name, E in more.items_.items():
            # Fitted again to the same items: the ridge's weights are not kept, its answers are.
            again = predict_popularity(
                E, more.popularity_, more.popularity_ > 0, self.settings.item_l2
            )
            again[:n_known] = self.predicted_[name]
            more.predicted_[name] = again
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]; where nothing is known of a user, the item's side alone."""
        form: dict[str, float] = fitted(self, "coefficients_")
        check_items(histories, len(self.popularity_))
        rows = self._user_rows(histories)
        item = form["popularity"] * self.popularity_.astype(np.float64) + form["constant"]
        for name, p in self.predicted_.items():
            item = item + form[f"item {name}"] * p
        total = np.tile(item.astype(np.float32), (len(histories), 1))
        for side in self.sides_:
            E = self.items_[side.block]
            total += np.float32(form[side.label]) * np.asarray(
                (E @ rows[side.label].T).T, np.float32
            )
        return np.asarray(total, np.float32)

    def state(self) -> Artefact:
        """Coefficients, rows of the blocks, popularity and its predictions; not the user
        encoders.
        """
        form: dict[str, float] = fitted(self, "coefficients_")
        arrays: dict[str, Any] = {"popularity": self.popularity_}
        for i, (name, E) in enumerate(self.items_.items()):
            arrays |= {f"{i}.{key}": a for key, a in Factored(E, E).arrays().items()}
            arrays[f"{i}.foretold"] = self.predicted_[name]
        sides = [[s.user, s.piece, s.block, s.label] for s in self.sides_]
        return Artefact(
            arrays, {"blocks": list(self.items_), "sides": sides, "coefficients": dict(form)}
        )

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the coefficients; user encoders come by `with_users`."""
        self.items_, self.predicted_, self.users_ = {}, {}, {}
        for i, name in enumerate(state.facts["blocks"]):
            own = f"{i}."
            arrays = {k[len(own) :]: a for k, a in state.arrays.items() if k.startswith(own)}
            self.predicted_[name] = np.asarray(arrays.pop("foretold"))
            kernel: Any = restored(arrays)
            self.items_[name] = kernel.L
        self.sides_ = tuple(
            _Side(str(u), int(p), str(b), str(label)) for u, p, b, label in state.facts["sides"]
        )
        self.popularity_ = np.asarray(state.arrays["popularity"])
        self.coefficients_ = {
            name: float(value) for name, value in state.facts["coefficients"].items()
        }
        return self

    def _sides(self, about: list[str], blocks: tuple[str, ...]) -> tuple[_Side, ...]:
        sides = []
        for name, block in zip(self.settings.users, about, strict=True):
            for place, piece in enumerate(self.users_[name].pieces()):
                sides.append(_Side(name, place, block, f"{name}:{piece}" if piece else name))
        return (*sides, *(_Side("", 0, block, block) for block in blocks if block not in about))

    def _learnt(self, training: Training, seed: int) -> dict[str, float]:
        solved = fit_logistic(
            training,
            seed,
            self.settings.n_examples,
            self.settings.negatives,
            self.settings.l2,
            lambda before: partial(self._inputs, self._user_rows(before)),
        )
        names = [
            *(s.label for s in self.sides_),
            *(f"item {b}" for b in self.items_),
            "popularity",
            "constant",
        ]
        return dict(zip(names, solved.tolist(), strict=True))

    def _user_rows(self, histories: Histories) -> dict[str, Floats]:
        """Label of a side -> float32 [n_cases, d]; each user encoder is called once."""
        made = {}
        for name in self.settings.users:
            encoder = _named(name, self.users_)
            n_known, n_items = len(encoder.space().block.present), len(self.popularity_)
            made[name] = encoder.encode(known_events(histories, n_known, n_items))
        # a mean over the history: of a sum, no one coefficient would fit short and long histories
        W = self.settings.query.matrix(histories, len(self.popularity_))
        W = sparse.csr_matrix(
            sparse.diags(inverse(np.asarray(W.sum(axis=1), np.float64).ravel())) @ W, dtype="f4"
        )
        rows = {}
        for side in self.sides_:
            E = self.items_[side.block]
            d = E.shape[1]
            if side.user:
                self._check_width(side, made[side.user], d)
            rows[side.label] = (
                made[side.user][:, side.piece * d : (side.piece + 1) * d]
                if side.user
                else dense(W @ E)
            )
        return rows

    def _check_width(self, side: _Side, made: Floats, d: int) -> None:
        if made.shape[1] != d * len(self.users_[side.user].pieces()):
            raise BadInput(
                f'"{side.user}" gives {made.shape[1]} numbers, and the block "{side.block}"'
                f" has {d}",
                where="users",
                next_step="let the user encoder be about this block",
            )

    def _inputs(self, rows: Mapping[str, Floats], item: Rows) -> Doubles:
        """float64 [n_cases, n_coefficients], what each coefficient multiplies for each case's
        `item`.
        """
        columns = [_along(rows[side.label], self.items_[side.block], item) for side in self.sides_]
        columns += [p[item] for p in self.predicted_.values()]
        return np.stack([*columns, self.popularity_[item], np.ones(len(item))], axis=1).astype(
            np.float64
        )


def encoder_block(encoder: UserEncoder) -> str:
    """Name of the block whose space a user encoder works in."""
    return encoder.space().block.name


def predict_popularity(E: Matrix, popularity: Floats, known: Any, l2: float) -> Doubles:
    """float64 [n_items], what a ridge regression on the items' rows [n_items, d] says of their
    popularity [n_items].

    Args:
        E: Rows of the items.
        popularity: What is predicted.
        known: bool [n_items], items to learn from; the others are new.
        l2: The ridge.
    """
    from sklearn.linear_model import Ridge

    wide = sparse.issparse(E) and E.shape[1] > _WIDE
    X = E.astype(np.float64) if wide else dense(E).astype(np.float64)
    # The d x d normal equations are exact and quick; of thousands of sparse columns they would be
    # dense, so these are solved by conjugate gradients, to a point where stopping later changes
    # nothing.
    model = Ridge(alpha=l2, solver="sparse_cg" if wide else "cholesky", tol=1e-8)
    model.fit(X[np.flatnonzero(known)], popularity[known].astype(np.float64))
    return np.asarray(model.predict(X), np.float64)


def _along(U: Floats, E: Matrix, item: Rows) -> Doubles:
    if sparse.issparse(E):
        return np.asarray(E[item].multiply(U).sum(axis=1), np.float64).ravel()
    return np.asarray(np.einsum("ij,ij->i", U, E[item], dtype=np.float64), np.float64)


def _named(name: str, users: Mapping[str, UserEncoder]) -> UserEncoder:
    if name not in users:
        raise BadRecipe(
            f'there is no user encoder "{name}"',
            where="users",
            allowed=", ".join(users) or "none: the recipe has no [users.NAME]",
            next_step=f'add [users.{name}] part = "behaviour.pooled.v1"',
        )
    return users[name]
