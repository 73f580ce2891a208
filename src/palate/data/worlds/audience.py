"""People who click on what they are shown, by preferences that are known: what the regret of a
policy can be measured in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Final, Literal, TypeAlias, final

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Doubles, Floats, Mask, Rows
from palate.errors import BadInput
from palate.seeding import generator
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards

Looks: TypeAlias = Literal["cascade", "positions"]
"""People look from the top down to the first click; or at each position by itself, the less often
the lower it is."""
Seen: TypeAlias = Literal["features", "ids"]
"""What a policy sees of an item: its features, those times the user's, and how often that user was
shown it lately; or which item it is."""

NEW: Final = 10
"""Steps for which an item counts as new."""


@dataclass(frozen=True)
class AudienceSettings:
    """What the people, the items and the page are like."""

    n_users: Annotated[int, Ge(1)] = 200
    """People; each visit is of one of them."""
    n_items: Annotated[int, Ge(2)] = 60
    """Items, new ones included."""
    d: Annotated[int, Ge(1)] = 5
    """Features of an item, and of a user."""
    visits: Annotated[int, Ge(1)] = 20
    """Visits of one step; all of them are answered before the first click is known."""
    k: Annotated[int, Ge(1)] = 3
    """Positions of a list."""
    seen: Seen = "features"
    """What a policy sees."""
    bent: bool = False
    """Whether clicks follow a logistic curve; else a line, cut off at 0 and 1."""
    looks: Looks = "cascade"
    """How people look at a list."""
    position_bias: Annotated[float, Ge(0)] = 1.0
    """With `positions` the position p is looked at with probability p^-bias."""
    trust_bias: Annotated[float, Ge(0), Le(1)] = 0.0
    """With `positions` the first position is clicked in so large a share of the cases in which the
    item would not be, for its position alone; the position p in that share times p^-2."""
    fatigue: Annotated[float, Ge(0)] = 0.0
    """By how many e-folds a showing lowers the click probability of that item for that user; half
    of it is forgotten with each step."""
    drift: Annotated[float, Ge(0)] = 0.0
    """By how many radians preferences turn with each step."""
    arrivals: Annotated[float, Ge(0), Le(1)] = 0.0
    """Share of the items that come later, evenly over the first two thirds of `steps`."""
    steps: Annotated[int, Gt(0)] = 100
    """Steps over which items come."""
    astray: Annotated[float, Ge(0)] = 0.8
    """By how many radians the model whose scores are offered is off the preferences of step 0."""


STATIONARY = AudienceSettings()
"""A line, and people who stay as they are."""
ARRIVING = AudienceSettings(bent=True, looks="positions", trust_bias=0.1, arrivals=0.5)
"""Half of the items come later; clicks by a logistic curve, biased by position and by trust."""
CHANGING = AudienceSettings(bent=True, fatigue=0.5, drift=0.004)
"""Preferences turn, and who has seen an item too often is tired of it."""
AUDIENCES: Final = MappingProxyType(
    {"stationary": STATIONARY, "arriving": ARRIVING, "changing": CHANGING}
)
"""Name -> settings."""


@dataclass(frozen=True, eq=False)
class Responses:
    """What came of the lists of one step.

    Attributes:
        clicks: bool [visits, k]; none where nothing was shown.
        expected: float64 [visits], expected clicks of the lists.
        best: float64 [visits], those of the best lists there were.
        new: Items of the best lists that came at most ten steps before.
        found: Those of them that were on the lists.
        rewards: What a policy may learn from it: the candidates that were looked at (with
            `cascade`); or all, those without a click with the probability of that as weight, which
            is right where clicks are rare.
    """

    clicks: Mask
    expected: Doubles
    best: Doubles
    new: int
    found: int
    rewards: Rewards

    @property
    def regret(self) -> float:
        """Expected clicks that the step lost against the best lists."""
        return float((self.best - self.expected).sum())


@final
class Audience:
    """People with known preferences over features of items, step after step.

    A click probability follows from the user's features, times the item's, times weights that no
    one is given. The best list is known: the regret of a list is what it lacks in expected clicks,
    by the true probabilities and not by the clicks that luck gave. With fatigue the best list is
    the best of this step; what it costs later ones is not counted.

    Args:
        settings: See `AudienceSettings`.
        seed: For the world and its clicks; offers do not depend on what is shown, but for fatigue.
        items: float64 [n_items, d], what items are like, of typical length 1; None: they are drawn.

    >>> audience = Audience(AudienceSettings(n_items=4, visits=2, k=2), seed=1)
    >>> offers = audience.offers()
    >>> offers.scores.shape, audience.shown(np.array([[0, 1], [2, 3]], np.int32)).clicks.shape
    ((2, 4), (2, 2))
    """

    def __init__(self, settings: AudienceSettings, seed: int, items: Doubles | None = None) -> None:
        if items is not None and items.shape != (settings.n_items, settings.d):
            raise BadInput(
                f"items {items.shape}",
                where="items",
                allowed=f"({settings.n_items}, {settings.d}), as the settings say",
            )
        if settings.k > settings.n_items * (1 - settings.arrivals):
            raise BadInput(
                f"lists of {settings.k}", where="k", allowed="as many as there are items at first"
            )
        self.settings, self.step = settings, 0
        rng = generator(seed, "world", "audience")
        s = settings
        drawn = rng.standard_normal((s.n_items, s.d)) / np.sqrt(s.d)
        self.items: Doubles = drawn if items is None else items
        self.users: Doubles = rng.standard_normal((s.n_users, s.d))
        self.arrives = _arrivals(s, rng)
        self._weights = rng.standard_normal(2 * s.d)
        self._turned, self._errors = rng.standard_normal((2, 2 * s.d))
        self._shown = np.zeros((s.n_users, s.n_items))
        self._visits, self._clicks = (generator(seed, "audience", p) for p in ("visits", "clicks"))
        self._user = self._next_users()

    @property
    def there(self) -> Mask:
        """bool [n_items], which items have come by now."""
        return np.asarray(self.arrives <= self.step)

    def offers(self) -> Offers:
        """All items for the visits of this step, with the scores of a model that is `astray`; those
        that have not come yet are not allowed.
        """
        s = self.settings
        open_ = np.broadcast_to(self.there, (s.visits, s.n_items))
        off = np.cos(s.astray) * self._weights + np.sin(s.astray) * self._errors
        scores = (self._features() @ off).astype(np.float32)
        return Offers(scores, open_, self._seen_features())

    def attraction(self) -> Doubles:
        """float64 [visits, n_items], how likely each item is clicked where it is looked at."""
        s = self.settings
        value = self._features() @ self._now()
        p = 1 / (1 + np.exp(2 - 1.5 * value)) if s.bent else np.clip(0.2 + 0.1 * value, 0, 1)
        return np.asarray(p * np.exp(-s.fatigue * self._shown[self._user]))

    def shown(self, columns: Rows) -> Responses:
        """Show lists, and go on to the next step.

        Args:
            columns: int32 [visits, k], items from the top down; -1: none.
        """
        s, there = self.settings, columns >= 0
        if columns.shape != (s.visits, s.k):
            raise BadInput(
                f"lists {columns.shape}", where="columns", allowed=f"({s.visits}, {s.k})"
            )
        if not self.there[columns[there]].all():
            raise BadInput("an item that has not come yet", where="columns", allowed="open ones")
        a = self.attraction()
        shown = np.where(there, np.take_along_axis(a, np.maximum(columns, 0), axis=1), 0.0)
        top = np.argsort(-np.where(self.there, a, -1.0), axis=1, kind="stable")[:, : s.k]
        best = np.take_along_axis(a, top, axis=1)
        new = (self.step - self.arrives[top] <= NEW) & (self.arrives[top] > 0)
        found = new & (top[:, :, None] == columns[:, None, :]).any(axis=2)
        clicks, looked = self._looked_and_clicked(shown, there)
        made = Responses(
            clicks,
            self._expected(shown),
            self._expected(best),
            int(new.sum()),
            int(found.sum()),
            self._rewards(columns, clicks, looked),
        )
        self._shown *= 0.5
        rows = np.broadcast_to(self._user[:, None], columns.shape)
        np.add.at(self._shown, (rows[there], columns[there]), 1.0)
        self.step += 1
        self._user = self._next_users()
        return made

    def _looked_and_clicked(self, shown: Doubles, there: Mask) -> tuple[Mask, Doubles]:
        """bool [visits, k], float64 [visits, k]: clicks, and how likely each was looked at."""
        p = self._clicks.random((2, *shown.shape))
        if self.settings.looks == "cascade":
            would = (p[0] < shown) & there
            before = np.cumsum(would, axis=1) - would
            return would & (before == 0), ((before == 0) & there).astype(np.float64)
        look, trust = self._position()
        clicks = (p[0] < look) & (p[1] < shown + (1 - shown) * trust) & there
        return clicks, np.broadcast_to(look, shown.shape) * there

    def _expected(self, shown: Doubles) -> Doubles:
        """float64 [visits], expected clicks of lists with attractions [visits, k]."""
        if self.settings.looks == "cascade":
            return np.asarray(1 - np.prod(1 - shown, axis=1))
        look, trust = self._position()
        there = shown > 0
        return np.asarray((there * look * (shown + (1 - shown) * trust)).sum(axis=1))

    def _position(self) -> tuple[Doubles, Doubles]:
        """float64 [k], float64 [k]: how likely a position is looked at, and its trust bias."""
        s = self.settings
        p = np.arange(1.0, s.k + 1)
        return p**-s.position_bias, s.trust_bias * p**-2

    def _rewards(self, columns: Rows, clicks: Mask, looked: Doubles) -> Rewards:
        row, position = np.nonzero(looked > 0)
        features, weight = self._seen_features(), looked[row, position]
        if self.settings.looks == "positions":
            # a click was certainly looked at; of what was not clicked so much was, and not clicked
            weight = np.where(clicks[row, position], 1.0, weight)
        return Rewards(
            features[row, columns[row, position]],
            clicks[row, position].astype(np.float64),
            weight,
            np.full(len(row), self.step, np.int64),
        )

    def _features(self) -> Doubles:
        """float64 [visits, n_items, 2 d], of the item, and of the item times the user."""
        n = (len(self._user), *self.items.shape)
        own = np.broadcast_to(self.items, n)
        return np.concatenate([own, own * self.users[self._user][:, None, :]], axis=2)

    def _seen_features(self) -> Floats:
        """float32 [visits, n_items, ...], what a policy sees."""
        if self.settings.seen == "features":
            lately = self._shown[self._user][:, :, None]  # a page knows what it has shown to whom
            return np.concatenate([self._features(), lately], axis=2).astype(np.float32)
        ids = np.eye(self.settings.n_items, dtype=np.float32)
        return np.broadcast_to(ids, (len(self._user), *ids.shape))

    def _now(self) -> Doubles:
        angle = self.settings.drift * self.step
        return np.asarray(np.cos(angle) * self._weights + np.sin(angle) * self._turned)

    def _next_users(self) -> Rows:
        s = self.settings
        return self._visits.integers(0, s.n_users, s.visits).astype(np.int32)


def with_ids(settings: AudienceSettings) -> AudienceSettings:
    """The same world, of which a policy sees nothing but which item is which."""
    return replace(settings, seen="ids")


def _arrivals(settings: AudienceSettings, rng: np.random.Generator) -> Rows:
    """int32 [n_items], the step in which each item comes; 0 for most."""
    late = rng.permutation(settings.n_items)[: round(settings.arrivals * settings.n_items)]
    arrives = np.zeros(settings.n_items, np.int32)
    arrives[late] = 1 + np.linspace(0, settings.steps * 2 / 3, len(late)).astype(np.int32)
    return arrives
