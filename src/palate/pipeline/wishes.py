"""What somebody wants recommended, in ids and fields of their own, as requests of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from palate.arrays import Mask, Ragged, Rows
from palate.data.splits.liked import Liked
from palate.data.titles import named_by, titles
from palate.errors import BadInput, nearest
from palate.registry import PartSpec
from palate.stages import Splitter
from palate.tables import Catalogue, Histories, Interactions, Rankings, Request, Vocabulary
from palate.tables.catalogue import as_text
from palate.tables.columns import ITEM, RANK, SCORE, USER
from palate.tables.dataset import IdTypes

Seen: TypeAlias = Literal["mask", "allow"]
"""Whether items of the history are left out."""

Where: TypeAlias = Mapping[str, object] | pl.Expr | Sequence[Mapping[str, object] | pl.Expr]
"""Which items: by values of their fields, by an expression over the fields, or several of these."""

SESSION, LIKE, TITLE = "session", "like", "title"
MOST_NAMED = 5


@dataclass(frozen=True, eq=False)
class Wanted:
    """Whose lists are wanted.

    Attributes:
        column: `user_id`, `session` or `like`: what the keys are.
        keys: One a list, as text; of sessions numbers from 1 on.
        histories: [n], what each list is made for.
    """

    column: str
    keys: tuple[str | int, ...]
    histories: Histories


def one_id(value: Any, what: str) -> str:
    """An id of any type as the text that palate knows it by.

    >>> one_id(7, "user"), one_id(7.0, "user"), one_id(np.int64(7), "user")
    ('7', '7', '7')

    Raises:
        BadInput: It names nothing: None, true, a fraction, a list or a table.
    """
    if isinstance(value, np.generic):
        value = value.item()
    whole = isinstance(value, float) and value.is_integer()
    if (
        value is None
        or isinstance(value, bool | Mapping)
        or (isinstance(value, float) and not whole)
        or (isinstance(value, Iterable) and not isinstance(value, str))
    ):
        raise BadInput(f"{value!r} is no id", where=what, allowed="a text or a whole number")
    return str(int(value)) if whole else str(value)


def ids_of(values: Any, what: str) -> list[str]:
    """One id or many (a list, an array, a column of any library) as texts.

    >>> ids_of("ab", "users"), ids_of([1, 2.0], "users"), ids_of(np.array([3]), "users")
    (['ab'], ['1', '2'], ['3'])

    Raises:
        BadInput: One of them names nothing, or it is a table.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [one_id(values, what)]
    if isinstance(values, Mapping) or _is_table(values):
        raise BadInput(
            f"{what} is a {type(values).__name__}",
            where=what,
            allowed="one id, or a list or a column of ids",
            next_step="give one column of it",
        )
    if type(values).__module__.startswith("pyarrow"):
        values = pl.Series(values)
    return [one_id(value, what) for value in values]


def _is_table(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return values.ndim != 1
    return type(values).__name__ in ("DataFrame", "LazyFrame", "Table")


def length_of(k: Any) -> int:
    """A length of lists.

    Raises:
        BadInput: It is no whole number from 1 on.
    """
    if isinstance(k, int | np.integer) and not isinstance(k, bool) and k >= 1:
        return int(k)
    raise BadInput(f"k is {k!r}", where="k", allowed="whole numbers from 1 on")


def wanted_lists(
    log: Interactions, items: Vocabulary, user: Any = None, history: Any = None, like: Any = None
) -> Wanted:
    """Whose lists are wanted.

    Args:
        log: Histories of known users come from it.
        items: The ids of items.
        user: One id or many.
        history: Items in place of what the log says, oldest first: one list, a list of lists, or a
            mapping from users to lists.
        like: One item or many, each of which stands for a history of its own.

    Raises:
        BadInput: None or too much of these, an id that no one has, or histories that do not fit the
            users.
    """
    if (like is not None) and (user is not None or history is not None):
        raise BadInput(
            "both an item to be like and a user or a history are given",
            where="like",
            allowed="like alone; or user, history, or both",
        )
    if like is not None:
        names = ids_of(like, "like")
        rows = items.known_rows(names, "item")
        return Wanted(LIKE, tuple(names), _histories([[row] for row in rows.tolist()]))
    if history is not None:
        return _given(items, user, history)
    if user is None:
        raise BadInput(
            "nothing says for whom",
            where="recommend",
            allowed="user, history or like; on the command line --user, --users-file, --history,"
            " --like",
        )
    names = ids_of(user, "user")
    return Wanted(USER, tuple(names), Histories.of(log, _known_users(log.users, names)))


def _known_users(users: Vocabulary, names: Sequence[str]) -> Rows:
    try:
        return users.known_rows(names, "user")
    except BadInput as unknown:
        raise BadInput(
            unknown.what,
            where=unknown.where if len(names) > 1 else "user",
            allowed=unknown.allowed,
            next_step="of somebody new, give what they took: history=[items], or --history ID,ID",
        ) from unknown


def _given(items: Vocabulary, user: Any, history: Any) -> Wanted:
    """Histories that are given, of users or of no one in particular."""
    if isinstance(history, Mapping):
        if user is not None:
            raise BadInput(
                "users are given twice", where="user", allowed="a mapping of histories alone"
            )
        user, history = list(history), list(history.values())
        many = True
    else:
        history = history if isinstance(history, str) else list(history)
        many = bool(history) and all(_is_list(one) for one in history)
    lists = [ids_of(one, "history") for one in history] if many else [ids_of(history, "history")]
    found = _histories([items.known_rows(one, "item").tolist() for one in lists])
    if user is None:
        return Wanted(SESSION, tuple(range(1, len(lists) + 1)), found)
    names = ids_of(user, "user")
    if len(names) != len(lists):
        raise BadInput(
            f"{len(lists)} histories for {len(names)} users",
            where="history",
            allowed="one list of items for each user, or a mapping from users to lists",
        )
    return Wanted(USER, tuple(names), found)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _histories(rows: Sequence[Sequence[int]]) -> Histories:
    return Histories.of_items(Ragged.of([np.array(one, np.int32) for one in rows]))


def requests(wanted: Wanted, seen: Seen, candidates: Rows | None, exclude: Rows) -> list[Request]:
    """One request a list.

    Args:
        wanted: Whose.
        seen: Whether what stands in a history may be recommended again; an item is never said to
            be like itself.
        candidates: int32, the only items that may be recommended; None: all.
        exclude: int32, items that may not.
    """
    histories = wanted.histories
    masked = seen == "mask" or wanted.column == LIKE
    return [
        Request(
            one := histories.take(np.array([row])),
            candidates=candidates,
            exclude=np.concatenate([one.items.values, exclude]) if masked else exclude,
        )
        for row in range(len(histories))
    ]


def candidates(catalogue: Catalogue, where: Where | None = None, allow: Any = None) -> Rows | None:
    """int32, the items that a filter and a list allow; None where neither is given.

    Args:
        catalogue: All items with their fields.
        where: Field -> the value that it must have, or a list of values one of which it must have
            (of a field of lists, one entry); or a polars expression over the fields; or several of
            these, all of which must hold.
        allow: Ids; those that the catalogue does not have are passed over.

    Raises:
        BadInput: There is no such field, no item has such a value, the expression gives something
            else than true or false, or none of the ids is known.
    """
    chosen = np.ones(len(catalogue), np.bool_)
    if where is not None:
        chosen &= _where(catalogue, where)
    if allow is not None:
        names = ids_of(allow, "allow")
        rows = catalogue.items.rows(names)
        if not (rows >= 0).any():
            raise BadInput(
                f"none of the {len(names):,} allowed items is in the catalogue",
                where="allow",
                allowed=f"ids such as {', '.join(catalogue.items.ids[:3])}",
            )
        allowed = np.zeros(len(catalogue), np.bool_)
        allowed[rows[rows >= 0]] = True
        chosen &= allowed
    if where is None and allow is None:
        return None
    return np.flatnonzero(chosen).astype(np.int32)


def denied(catalogue: Catalogue, deny: Any = None) -> Rows:
    """int32, the items that must not be recommended; ids that the catalogue does not have are
    passed over.
    """
    if deny is None:
        return np.empty(0, np.int32)
    rows = catalogue.items.rows(ids_of(deny, "deny"))
    return rows[rows >= 0]


def seen_rule(seen: str, splitter: PartSpec[Splitter]) -> Seen:
    """What the caller wants; where nothing was, what the recipe's splitter says.

    Raises:
        BadInput: There is no such rule.
    """
    if seen not in ("", "mask", "allow"):
        raise BadInput(f"seen is {seen!r}", where="seen", allowed="mask, allow")
    if seen:
        return "allow" if seen == "allow" else "mask"
    settings = splitter.settings
    return settings.seen if isinstance(settings, Liked) else "mask"


def lists(
    found: Rankings, wanted: Wanted, catalogue: Catalogue, types: IdTypes, title_field: str = ""
) -> pl.DataFrame:
    """Frame {KEY, item_id, title, score, rank}, KEY being `user_id`, `session` or `like`; without
    titles where the catalogue has none.

    Args:
        found: The lists.
        wanted: Whose they are.
        catalogue: For names of items.
        types: What ids were in the source.
        title_field: The field that names an item; empty: one of a usual name.
    """
    case, place = np.nonzero(found.items >= 0)
    rows = found.items[case, place]
    kinds = {USER: types.users, LIKE: types.items, SESSION: "number"}
    columns = {
        wanted.column: _given_back([wanted.keys[c] for c in case], kinds[wanted.column]),
        ITEM: _given_back(catalogue.items.names(rows), types.items),
    }
    if named_by(catalogue, title_field):
        names = titles(catalogue, title_field)
        columns[TITLE] = pl.Series([names[row] for row in rows.tolist()], dtype=pl.String)
    scores = pl.Series(found.scores[case, place])
    return pl.DataFrame({**columns, SCORE: scores, RANK: (place + 1).astype(np.int32)})


def _given_back(ids: Sequence[Any], kind: str) -> pl.Series:
    """Ids as the source had them; texts where one of them (of a new user, say) is no number."""
    if kind == "number":
        try:
            return pl.Series([int(name) for name in ids], dtype=pl.Int64)
        except (ValueError, OverflowError):
            pass
    return pl.Series([str(name) for name in ids], dtype=pl.String)


def _where(catalogue: Catalogue, where: Where) -> Mask:
    fields = catalogue.fields
    if not isinstance(where, Mapping | pl.Expr):
        every = [_where(catalogue, one) for one in where]
        whole = np.ones(len(catalogue), np.bool_)
        return np.asarray(np.logical_and.reduce([whole, *every]), np.bool_)
    if isinstance(where, pl.Expr):
        try:
            found = fields.select(where.alias("chosen"))["chosen"]
        except pl.exceptions.PolarsError as cause:
            raise BadInput(
                f"the filter cannot be used: {str(cause).splitlines()[0]}",
                where="where",
                allowed=f"fields {', '.join(fields.columns)}",
            ) from cause
        if found.dtype != pl.Boolean or len(found) != len(catalogue):
            raise BadInput(
                "the filter does not say yes or no of each item",
                where="where",
                allowed='e.g. pl.col("price") < 10',
            )
        return found.fill_null(False).to_numpy().astype(np.bool_)
    chosen = np.ones(len(catalogue), np.bool_)
    for field, value in where.items():
        chosen &= _has(catalogue, field, value)
    return chosen


def _has(catalogue: Catalogue, field: str, value: Any) -> Mask:
    """bool [n_items], the items whose field has the value, or one of the values."""
    if field not in catalogue.fields.columns:
        raise BadInput(
            f'the catalogue has no field "{field}"',
            where="where",
            allowed=", ".join(catalogue.fields.columns) or "none: the run had no catalogue",
            next_step=nearest(field, catalogue.fields.columns),
        )
    column = catalogue.fields[field]
    wanted = list(value) if _is_list(value) else [value]
    texts = [_text(v) for v in wanted]
    if isinstance(column.dtype, pl.List | pl.Array):
        entries = column.cast(pl.List(pl.String))
        found = entries.list.eval(pl.element().is_in(texts)).list.any()
        known = entries.explode()
    elif column.dtype.is_numeric():
        found = column.cast(pl.Float64).is_in(_numbers(wanted, field))
        known = column
    else:
        known = as_text(column)
        found = known.is_in(texts)
    if not found.any():
        values = known.cast(pl.String).drop_nulls().unique(maintain_order=True).to_list()
        raise BadInput(
            f"no item has {field} = {', '.join(texts)}",
            where="where",
            allowed=f"values such as {', '.join(values[:MOST_NAMED])}",
            next_step=nearest(texts[0], values[:10_000]) if texts else "",
        )
    return found.fill_null(False).to_numpy().astype(np.bool_)


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return str(value).strip()


def _numbers(values: Sequence[Any], field: str) -> list[float]:
    try:
        return [float(v) for v in values]
    except (TypeError, ValueError) as cause:
        raise BadInput(
            f"{field} holds numbers, and one of {values!r} is none",
            where="where",
            allowed="numbers",
        ) from cause
