"""What was known of a user, an item and the two together before a case: the features of the
trade, and of content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Matrix, Rows, flat_index, l2_normalised
from palate.model.text_kernel import nearest_rows
from palate.study.pointwise.cases import PointwiseCases
from palate.study.pointwise.event_index import EventIndex
from palate.tables import Block, Interactions

DAY = 86_400.0
RECENT_DAYS = 30
SHRINKAGE = 5.0
"""Events of the common mean that a mean of values starts with."""
PAIRS_AT_ONCE = 100_000
KIN = 20


@dataclass(frozen=True, eq=False)
class Past:
    """A log and the groups of its items, indexed for cases.

    Attributes:
        log: The whole log, with times.
        groups: Ragged-like: int32 [n_items, g] codes of the groups that an item is in (genres,
            categories), -1 where there are fewer; g = 0 where there are none.
    """

    log: Interactions
    groups: Rows

    def traditional(
        self, cases: PointwiseCases
    ) -> tuple[dict[str, Doubles], dict[str, tuple[str, ...]]]:
        """Blocks user, item and pair, float64 [n, d] each, and the names of their columns.

        Counts, recencies, ratios, means of values and, where items have groups, the entropy of the
        user's groups and how much of the past lies in the item's groups. All of it is strictly
        earlier than each case.
        """
        columns = {"user": self._user(cases), "item": self._item(cases), "pair": self._pair(cases)}
        blocks = {name: np.stack(list(found.values()), axis=1) for name, found in columns.items()}
        return blocks, {name: tuple(found) for name, found in columns.items()}

    def _user(self, cases: PointwiseCases) -> dict[str, Doubles]:
        index = self._index(self.log.user)
        found = self._of_key("user", index, cases.user, cases)
        popularity = np.log1p(self._item_index().before(self.log.item, self._time()))
        n = index.before(cases.user, cases.time)
        found["user.popularity_of_items"] = index.sum(
            popularity, cases.user, cases.time
        ) / np.maximum(n, 1)
        if self.groups.shape[1]:
            found["user.entropy"] = self._entropy(cases)
        return found

    def _item(self, cases: PointwiseCases) -> dict[str, Doubles]:
        found = self._of_key("item", self._item_index(), cases.item, cases)
        everything = EventIndex(np.zeros(len(self.log), np.int32), self._time())
        n = self._item_index().before(cases.item, cases.time)
        all_ = everything.before(np.zeros(len(cases), np.int32), cases.time)
        found["item.share_of_events"] = n / np.maximum(all_, 1)
        return found

    def _pair(self, cases: PointwiseCases) -> dict[str, Doubles]:
        user, item = self._index(self.log.user), self._item_index()
        n_user, n_item = user.before(cases.user, cases.time), item.before(cases.item, cases.time)
        found = {"pair.ratio_of_counts": np.log1p(n_item) - np.log1p(n_user)}
        if self.groups.shape[1]:
            in_groups, newest = self._in_groups(cases)
            found["pair.share_in_groups"] = in_groups / np.maximum(n_user, 1)
            found["pair.events_in_groups"] = np.log1p(in_groups)
            found["pair.days_since_group"] = self._days(cases.time - newest)
        return {name: np.asarray(values, np.float64) for name, values in found.items()}

    def _of_key(
        self, name: str, index: EventIndex, key: Rows, cases: PointwiseCases
    ) -> dict[str, Doubles]:
        start = int(self._time().min())
        n = index.before(key, cases.time)
        recent = n - index.before(key, cases.time - int(RECENT_DAYS * DAY))
        values = self.log.value.astype(np.float64)
        # the common mean is that of the events before the first case
        early = self._time() < cases.time.min()
        common = float(values[early].mean()) if early.any() else 0.0
        mean = (index.sum(values, key, cases.time) + SHRINKAGE * common) / (n + SHRINKAGE)
        found = {
            "events": np.log1p(n),
            "recent_events": np.log1p(recent),
            "recent_share": recent / np.maximum(n, 1),
            "days_since_last": self._days(cases.time - index.last(key, cases.time, start)),
            "days_since_first": self._days(cases.time - index.first(key, cases.time, start)),
            "mean_value": mean,
        }
        return {f"{name}.{column}": np.asarray(v, np.float64) for column, v in found.items()}

    def _grouped(self) -> tuple[Longs, Longs, int]:
        """Events once for each group of their item: event, group; and how many groups there are."""
        of_event = self.groups[self.log.item]
        event, place = np.nonzero(of_event >= 0)
        return event, of_event[event, place].astype(np.int64), int(self.groups.max(initial=-1)) + 1

    def _entropy(self, cases: PointwiseCases) -> Doubles:
        """Entropy in nats of the groups of the user's earlier events."""
        event, group, n_groups = self._grouped()
        user, time = self.log.user[event].astype(np.int64), self._time()[event]
        pair = EventIndex(user * n_groups + group, time)
        # events of one time are added one after the other, so that the sum of c log c is exact
        rank = np.empty(len(event), np.int64)
        rank[pair.order] = np.arange(len(event)) - pair.start(pair.key)
        step = _c_log_c(rank + 1) - _c_log_c(rank)
        index = EventIndex(user, time)
        n = np.maximum(index.before(cases.user, cases.time), 1)
        return np.maximum(np.log(n) - index.sum(step, cases.user, cases.time) / n, 0.0)

    def _in_groups(self, cases: PointwiseCases) -> tuple[Doubles, Longs]:
        """Mean number of the user's earlier events over the item's groups, and the time of the
        newest of them.
        """
        event, group, n_groups = self._grouped()
        user, time = self.log.user[event].astype(np.int64), self._time()[event]
        index = EventIndex(user * n_groups + group, time)
        total, newest = np.zeros(len(cases)), np.full(len(cases), int(self._time().min()))
        sizes = np.maximum((self.groups >= 0).sum(axis=1), 1)[cases.item]
        for place in range(self.groups.shape[1]):
            own = self.groups[cases.item, place].astype(np.int64)
            key = cases.user.astype(np.int64) * n_groups + np.maximum(own, 0)
            total += np.where(own >= 0, index.before(key, cases.time), 0)
            latest = index.last(key, cases.time, int(self._time().min()))
            newest = np.maximum(newest, np.where(own >= 0, latest, newest))
        return total / sizes, newest

    def _index(self, key: Rows) -> EventIndex:
        return EventIndex(key, self._time())

    def _item_index(self) -> EventIndex:
        return self._index(self.log.item)

    def _time(self) -> Longs:
        return np.asarray(self.log.time, np.int64)

    def _days(self, seconds: Longs) -> Doubles:
        return np.asarray(np.log1p(np.maximum(seconds, 0) / DAY), np.float64)


def content_columns(
    log: Interactions, block: Block, cases: PointwiseCases, directions: int, last: int, fade: float
) -> tuple[Doubles, tuple[str, ...]]:
    """What a block of content says of each case: similarities Z_U . Z_I, how its kin fares, and
    its directions.

    The kin of an item are the `KIN` items of the most similar content: what was known of them by
    the case speak for an item that has no past of its own.

    Args:
        log: The whole log, with times.
        block: Content of the items.
        cases: The cases, in order of time.
        directions: Principal directions, learnt from the items that had an event before the first
            case; 0: none.
        last: Newest events of the user before the case that count.
        fade: Events after which one counts 1/e in the decayed similarity.

    Returns:
        float64 [n, 7 + directions] and the names of the columns. Users without a past have
        similarities 0.
    """
    X = l2_normalised(block.matrix)
    columns = [*_similarities(X, log, cases, last, fade), *_kin(X, log, cases)]
    names = ["mean_similarity", "nearest", "recent_similarity", "newest_similarity"]
    names += ["kin_events", "kin_recent_events", "kin_mean_value"]
    width = min(directions, X.shape[1] - 1, max(int(block.present.sum()) - 1, 0))
    if width > 0:
        early = np.unique(log.item[np.asarray(log.time) < cases.time.min()])
        columns += list(_directions(X, early, width)[cases.item].T)
        names += [f"direction_{i}" for i in range(width)]
    return np.stack(columns, axis=1).astype(np.float64), tuple(f"{block.name}.{n}" for n in names)


def _similarities(
    X: Matrix, log: Interactions, cases: PointwiseCases, last: int, fade: float
) -> list[Doubles]:
    index = EventIndex(log.user, np.asarray(log.time, np.int64))
    items = log.item[index.order]
    n = index.before(cases.user, cases.time)
    length = np.minimum(n, last)
    row = np.repeat(np.arange(len(cases)), length)
    # 1 for the newest event before the case, 2 for the one before it
    back = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length) + 1
    event = (index.start(cases.user) + n)[row] - back
    products = _products(X, items[event], cases.item[row])
    weight = np.exp(-(back - 1) / fade)
    count = np.maximum(length, 1)
    mean = np.bincount(row, products, minlength=len(cases)) / count
    weights = np.maximum(np.bincount(row, weight, minlength=len(cases)), 1e-12)
    recent = np.bincount(row, products * weight, minlength=len(cases)) / weights
    nearest, newest = np.full(len(cases), -1.0), np.zeros(len(cases))
    np.maximum.at(nearest, row, products)
    newest[row[back == 1]] = products[back == 1]
    return [mean, np.where(length > 0, nearest, 0.0), recent, newest]


def _kin(X: Matrix, log: Interactions, cases: PointwiseCases) -> list[Doubles]:
    """Events, recent events (logs, weighed by similarity) and mean value of the items that resemble
    each item.
    """
    time = np.asarray(log.time, np.int64)
    near = nearest_rows(X, min(KIN, X.shape[0] - 1))
    near.data = np.maximum(near.data, 0.0)
    degree = np.diff(near.indptr)[cases.item]
    row = np.repeat(np.arange(len(cases)), degree)
    at = flat_index(near.indptr.astype(np.int64), cases.item)
    kin, weight = near.indices[at], near.data[at].astype(np.float64)
    index, times = EventIndex(log.item, time), cases.time[row]
    n = index.before(kin, times)
    recent = n - index.before(kin, times - int(RECENT_DAYS * DAY))
    total = index.sum(log.value.astype(np.float64), kin, times)

    def summed(values: Doubles) -> Doubles:
        return np.bincount(row, weight * values, minlength=len(cases)).astype(np.float64)

    whole = np.maximum(summed(np.ones(len(row))), 1e-12)
    early = time < cases.time.min()
    common = float(log.value[early].mean()) if early.any() else 0.0
    mean = (summed(total) + SHRINKAGE * common) / (summed(n.astype(np.float64)) + SHRINKAGE)
    return [summed(np.log1p(n)) / whole, summed(np.log1p(recent)) / whole, mean]


def _products(X: Matrix, left: Rows, right: Rows) -> Doubles:
    """float64 [n], products of rows of `X`, pair by pair."""
    out = np.zeros(len(left))
    for start in range(0, len(left), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        if isinstance(X, np.ndarray):
            out[part] = np.einsum("ij,ij->i", X[left[part]], X[right[part]])
        else:
            out[part] = np.asarray(X[left[part]].multiply(X[right[part]]).sum(axis=1)).ravel()
    return out


def _directions(X: Matrix, rows: Rows, width: int) -> Floats:
    """float32 [n_items, width], the items along the first principal directions of `rows`; signs are
    fixed.
    """
    from scipy.sparse.linalg import svds

    centre = (
        np.asarray(X[rows].mean(axis=0)).ravel() if not sparse.issparse(X) else np.zeros(X.shape[1])
    )
    part = (
        sparse.csr_matrix(X[rows], dtype=np.float64)
        if sparse.issparse(X)
        else (X[rows] - centre).astype(np.float64)
    )
    width = min(width, min(part.shape) - 1)
    _, _, V = svds(part, k=width, v0=np.ones(min(part.shape)), which="LM")
    V = V[::-1]
    V = V * np.sign(V[np.arange(width), np.abs(V).argmax(axis=1)])[:, None]
    return np.asarray(X @ V.T - centre @ V.T, np.float32)


def _c_log_c(c: Longs) -> Doubles:
    return np.asarray(c * np.log(np.maximum(c, 1)), np.float64)


def item_groups(names: Sequence[Sequence[str] | None]) -> Rows:
    """int32 [n_items, g], codes of the names that each item has, -1 where there are fewer.

    >>> item_groups([["a", "b"], None, ["b"]]).tolist()
    [[0, 1], [-1, -1], [1, -1]]
    """
    codes: dict[str, int] = {}
    lists = [[codes.setdefault(n, len(codes)) for n in dict.fromkeys(own or ())] for own in names]
    out = np.full((len(lists), max((len(own) for own in lists), default=0)), -1, np.int32)
    for i, own in enumerate(lists):
        out[i, : len(own)] = own
    return out
