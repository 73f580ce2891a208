"""Worlds of a whole catalogue: a log, words, blocks of features, and what is true of the blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl

from palate.arrays import Doubles, Rows
from palate.data.worlds.world import Role
from palate.seeding import generator
from palate.tables import Block, Catalogue, Dataset, FeatureTable, Interactions, Origin, Vocabulary

N_TOPICS = 12
_WORDS_PER_TOPIC = 8
_SYLLABLES = ("ka", "lo", "mi", "tu", "re", "sa", "vo", "ne", "pi", "do", "fa", "zu")


@dataclass(frozen=True, eq=False)
class CatalogueWorld:
    """A simulated catalogue with its log.

    Attributes:
        name: e.g. `"cold text"`.
        data: Log and catalogue; the field `description` holds words of the items' topics.
        features: Blocks `text`, `image` and `noise` of every item.
        cold: int32, rows of the items that came last; where text matters for cold items, hold these
            out of training.
        roles: What every block is.
        taste: float32 [n_users, 12], the true taste.
        topics: float32 [n_items, 12], the true content.
    """

    name: str
    data: Dataset
    features: FeatureTable
    cold: Rows
    roles: Mapping[str, Role]
    taste: Doubles
    topics: Doubles

    @property
    def drivers(self) -> frozenset[str]:
        """The blocks that say something of their own about what people choose."""
        return frozenset(name for name, role in self.roles.items() if role == "driver")


def cold_text(
    seed: int, n_users: int = 300, n_items: int = 240, per_user: int = 40
) -> CatalogueWorld:
    """Text tells the topics, and so does the behaviour towards items that were there long enough.

    People choose by topic, and a fifth of the items came only with each user's last events. A model
    of behaviour knows the others by heart, so text is worth something for the cold fifth alone. The
    image block is noise.

    >>> cold_text(seed=1, n_users=8, n_items=20, per_user=5).drivers
    frozenset({'text'})
    """
    return _catalogue("cold text", seed, n_users, n_items, per_user)


def copied_image(
    seed: int, n_users: int = 300, n_items: int = 240, per_user: int = 40
) -> CatalogueWorld:
    """As `cold_text`, but the image block only repeats what the text says, turned around and a
    little blurred.
    """
    return _catalogue("copied image", seed, n_users, n_items, per_user)


def _catalogue(name: str, seed: int, n_users: int, n_items: int, per_user: int) -> CatalogueWorld:
    rng = generator(seed, "world", "catalogue")
    topics = rng.dirichlet(np.full(N_TOPICS, 0.15), n_items)
    taste = rng.dirichlet(np.full(N_TOPICS, 0.3), n_users)
    cold = np.sort(rng.permutation(n_items)[: n_items // 5]).astype(np.int32)
    log = _log(rng, taste, topics, cold, per_user)
    fields = pl.DataFrame({"description": [_words(rng, t) for t in topics]})
    blocks, roles = _blocks(generator(seed, "world", "blocks", name), topics, name)
    features = FeatureTable(log.items, {block.name: block for block in blocks})
    data = Dataset(log, Catalogue(log.items, fields))
    return CatalogueWorld(name, data, features, cold, MappingProxyType(roles), taste, topics)


def _log(
    rng: np.random.Generator, taste: Doubles, topics: Doubles, cold: Rows, per_user: int
) -> Interactions:
    """Each user takes items without repeats, by taste and popularity; cold ones only among the last
    quarter.
    """
    n_users, n_items = len(taste), len(topics)
    utility = 6 * taste @ topics.T / np.linalg.norm(taste, axis=1)[
        :, None
    ] + 0.7 * rng.standard_normal(n_items)
    is_cold = np.zeros(n_items, np.bool_)
    is_cold[cold] = True
    n_late = max(1, per_user // 4)
    picked = []
    for row in utility:
        keys = row + rng.gumbel(size=n_items)
        early = np.argsort(-np.where(is_cold, -np.inf, keys))[
            : min(per_user - n_late, n_items - len(cold))
        ]
        keys[early] = -np.inf
        late = np.argsort(-keys)[: min(n_late, n_items - len(early))]
        picked.append(np.concatenate([rng.permutation(early), rng.permutation(late)]))
    user = np.repeat(np.arange(n_users, dtype=np.int32), [len(p) for p in picked])
    item = np.concatenate(picked).astype(np.int32)
    time = np.concatenate([np.arange(len(p)) for p in picked]).astype(np.int64)
    users = Vocabulary(tuple(f"u{i}" for i in range(n_users)))
    items = Vocabulary(tuple(f"i{i}" for i in range(n_items)))
    return Interactions(users, items, user, item, np.ones(len(user), np.float32), time)


def _words(rng: np.random.Generator, topic: Doubles) -> str:
    """Twelve words, each of a topic drawn from the item's mixture."""
    topics = rng.choice(N_TOPICS, 12, p=topic)
    positions = rng.integers(0, _WORDS_PER_TOPIC, 12)
    return " ".join(
        f"{_SYLLABLES[t]}{_SYLLABLES[p]}{_SYLLABLES[(t + p) % N_TOPICS]}"
        for t, p in zip(topics, positions, strict=True)
    )


def _blocks(
    rng: np.random.Generator, topics: Doubles, name: str
) -> tuple[list[Block], dict[str, Role]]:
    text = _embedded(rng, topics, 32, 0.05)
    copied = name == "copied image"
    image = _embedded(rng, text, 24, 0.1) if copied else rng.standard_normal((len(topics), 24))
    noise = rng.standard_normal((len(topics), 16))
    parts = {"text": text, "image": image, "noise": noise}
    roles: dict[str, Role] = {
        "text": "driver",
        "image": "copy" if copied else "noise",
        "noise": "noise",
    }
    present = np.ones(len(topics), np.bool_)
    made = [
        Block(b, X.astype(np.float32), present, Origin("world", (b,))) for b, X in parts.items()
    ]
    return made, roles


def _embedded(rng: np.random.Generator, X: Doubles, width: int, blur: float) -> Doubles:
    """`X` turned into `width` dimensions at random, with noise of `blur` times its spread."""
    turned = X @ rng.standard_normal((X.shape[1], width)) / np.sqrt(X.shape[1])
    return np.asarray(turned + blur * turned.std() * rng.standard_normal(turned.shape), np.float64)
