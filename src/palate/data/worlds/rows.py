"""Worlds of rows: each column is a block of its own, and the label follows from five of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from palate.arrays import Doubles, Mask, Rows
from palate.data.worlds.world import Role, World
from palate.seeding import generator
from palate.tables.labelled_rows import LabelledRows

N_DRIVERS = 5
CANDIDATES = 10
"""Rows of a request in the ranking world; one of them is chosen."""


def linear(seed: int, n_users: int = 400, rows_per_user: int = 20) -> World:
    """y = sum of five drivers + the user's level + noise; five copies (rho .8), nine noise columns,
    an id.

    The plainest world: a method that fails here fails everywhere.

    >>> sorted(linear(seed=1, n_users=4).drivers)
    ['driver0', 'driver1', 'driver2', 'driver3', 'driver4']
    """
    columns, roles = _columns(seed, "linear", n_users * rows_per_user, rho=0.8)
    return _regression("linear", seed, columns, roles, _sum(columns), (n_users, rows_per_user))


def interactions(seed: int, n_users: int = 400, rows_per_user: int = 20) -> World:
    """y = product of two drivers + a step + a bent line + a plain one; columns as in `linear`.

    Two of the drivers say nothing on their own: a method that looks at columns one by one misses
    them.
    """
    columns, roles = _columns(seed, "interactions", n_users * rows_per_user, rho=0.8)
    x = [columns[f"driver{j}"] for j in range(N_DRIVERS)]
    signal = 1.2 * x[0] * x[1] + 1.5 * (x[2] > 0.3) + 0.8 * x[3] ** 2 + x[4]
    return _regression("interactions", seed, columns, roles, signal, (n_users, rows_per_user))


def ranking(seed: int, n_users: int = 400, rows_per_user: int = 20) -> World:
    """Requests of ten candidates: the user takes one, by a logit of the five drivers; columns as in
    `linear`.
    """
    n = n_users * rows_per_user
    columns, roles = _columns(seed, "ranking", n, rho=0.8)
    utility = _sum(columns) + generator(seed, "world", "ranking", "taste").gumbel(size=n)
    request = np.arange(n, dtype=np.int32) // CANDIDATES
    best = np.full(int(request.max()) + 1, -np.inf)
    np.maximum.at(best, request, utility)
    label = (utility == best[request]).astype(np.float64)
    rows = LabelledRows(
        _blocks(columns), label, _users((n_users, rows_per_user)), "ranking", request
    )
    return _world("ranking", seed, roles, rows)


def copies(seed: int, rho: float = 0.95, n_users: int = 400, rows_per_user: int = 20) -> World:
    """A click by a logit of the five drivers; each has a copy that correlates with it by `rho`.

    The world of embeddings: a copy predicts nearly as well as the driver and adds nothing beside
        it.

    Args:
        seed: Seed.
        rho: Correlation of a copy with its driver, 0 to 1.
        n_users: Users.
        rows_per_user: Rows of each.
    """
    columns, roles = _columns(seed, "copies", n_users * rows_per_user, rho)
    return _click(f"copies {rho:g}", seed, columns, roles, (n_users, rows_per_user))


def noise(seed: int, n_users: int = 400, rows_per_user: int = 20) -> World:
    """A click by a logit of the five drivers, among fifty columns of noise and no copies."""
    columns, roles = _columns(seed, "noise", n_users * rows_per_user, rho=None, n_noise=50)
    return _click("noise", seed, columns, roles, (n_users, rows_per_user))


def identifiers(seed: int, n_users: int = 400, rows_per_user: int = 20) -> World:
    """y as in `linear`, and six high-cardinality ids: of the row, the user, the session, the item
    and two hashes.

    Trees love an id: it has a value for every purpose. It holds nothing for users who were not
        seen.
    """
    n = n_users * rows_per_user
    columns, roles = _columns(seed, "identifiers", n, rho=0.8)
    rng = generator(seed, "world", "identifiers", "ids")
    user = np.arange(n) // rows_per_user
    ids = {
        "user_id": rng.permutation(n_users)[user],
        "session_id": rng.permutation(n)[np.arange(n) // 3],
        "item_id": rng.integers(0, 2000, n),
        "hash": rng.integers(0, 2**31, n),
        "hash_of_user": rng.integers(0, 2**31, n_users)[user],
    }
    columns |= {name: values.astype(np.float64) for name, values in ids.items()}
    roles |= dict.fromkeys(ids, "identifier")
    return _regression("identifiers", seed, columns, roles, _sum(columns), (n_users, rows_per_user))


WORLDS: Mapping[str, Callable[[int], World]] = MappingProxyType(
    {
        "linear": linear,
        "interactions": interactions,
        "ranking": ranking,
        "copies .8": lambda seed: copies(seed, 0.8),
        "copies .95": lambda seed: copies(seed, 0.95),
        "noise": noise,
        "identifiers": identifiers,
    }
)
"""Name -> the world for a seed, at its ordinary size."""


def _columns(
    seed: int, world: str, n: int, rho: float | None, n_noise: int = 9
) -> tuple[dict[str, Doubles], dict[str, Role]]:
    """Drivers, their copies (none where `rho` is None), noise and a row id, in an order that tells
    nothing.
    """
    rng = generator(seed, "world", world)
    columns: dict[str, Doubles] = {}
    roles: dict[str, Role] = {}
    for j in range(N_DRIVERS):
        columns[f"driver{j}"], roles[f"driver{j}"] = rng.standard_normal(n), "driver"
        if rho is not None:
            own = rng.standard_normal(n)
            columns[f"copy{j}"], roles[f"copy{j}"] = (
                rho * columns[f"driver{j}"] + np.sqrt(1 - rho**2) * own,
                "copy",
            )
    for j in range(n_noise):
        columns[f"noise{j}"], roles[f"noise{j}"] = rng.standard_normal(n), "noise"
    columns["row_id"], roles["row_id"] = rng.permutation(n).astype(np.float64), "identifier"
    order = [list(columns)[int(j)] for j in rng.permutation(len(columns))]
    return {name: columns[name] for name in order}, {name: roles[name] for name in order}


def _sum(columns: Mapping[str, Doubles]) -> Doubles:
    """Five effects from 1.2 down to .8."""
    return np.asarray(
        sum(w * columns[f"driver{j}"] for j, w in enumerate(np.linspace(1.2, 0.8, N_DRIVERS))),
        np.float64,
    )


def _regression(
    name: str,
    seed: int,
    columns: dict[str, Doubles],
    roles: dict[str, Role],
    signal: Doubles,
    size: tuple[int, int],
) -> World:
    rng = generator(seed, "world", name, "label")
    level = np.repeat(0.5 * rng.standard_normal(size[0]), size[1])
    label = signal + level + rng.standard_normal(len(signal))
    return _world(name, seed, roles, LabelledRows(_blocks(columns), label, _users(size)))


def _click(
    name: str, seed: int, columns: dict[str, Doubles], roles: dict[str, Role], size: tuple[int, int]
) -> World:
    rng = generator(seed, "world", name, "label")
    level = np.repeat(0.3 * rng.standard_normal(size[0]), size[1])
    probability = 1 / (1 + np.exp(-(1.5 * _sum(columns) + level)))
    label = (rng.random(len(probability)) < probability).astype(np.float64)
    return _world(name, seed, roles, LabelledRows(_blocks(columns), label, _users(size), "binary"))


def _world(name: str, seed: int, roles: Mapping[str, Role], examples: LabelledRows) -> World:
    """Half the users to learn from, half to evaluate on."""
    n_users = int(examples.user.max()) + 1
    train: Mask = (
        generator(seed, "world", name, "split").permutation(n_users)[examples.user] < n_users // 2
    )
    return World(name, examples, train, MappingProxyType(dict(roles)))


def _blocks(columns: Mapping[str, Doubles]) -> dict[str, Doubles]:
    return {column: values[:, None] for column, values in columns.items()}


def _users(size: tuple[int, int]) -> Rows:
    return np.repeat(np.arange(size[0], dtype=np.int32), size[1])
