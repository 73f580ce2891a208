"""Rows to learn from: what was offered to whom, what was known of it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Rows
from palate.errors import BadInput, BadRecipe, nearest

Task: TypeAlias = Literal["regression", "binary", "ranking"]
Group: TypeAlias = Sequence[str | tuple[str, int]]
"""Blocks by name, and single columns as (block, place)."""


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows (a user, an item, a time) with blocks of features and a label.

    Attributes:
        blocks: Name -> float64 [n_rows, d].
        label: float64 [n_rows]: a number, or 0 and 1.
        user: int32 [n_rows], whose row it is; rows of one user are never taken for independent.
        task: `"regression"`, `"binary"`, or `"ranking"`: 0 and 1 where rows of a request compete.
        request: int32 [n_rows], rows of one request compete with each other; None where rows stand
            alone.
        entity: Block -> int32 [n_rows]: whose values a row repeats (the item's, the user's); blocks
            that are not in it have values of the row's own.
        columns: Block -> names of its columns; blocks that are not in it have none.
    """

    blocks: Mapping[str, Doubles]
    label: Doubles
    user: Rows
    task: Task = "regression"
    request: Rows | None = None
    entity: Mapping[str, Rows] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.label)
        aligned: dict[str, Any] = {
            "user": self.user,
            **self.blocks,
            **{f"entity of {b}": e for b, e in self.entity.items()},
        }
        if self.request is not None:
            aligned["request"] = self.request
        for name, values in aligned.items():
            if len(values) != n:
                raise BadInput(f"{n} labels and {len(values)} rows of {name}", where="examples")
        if self.task == "ranking" and self.request is None:
            raise BadInput("a ranking needs to know which rows compete", where="examples.request")

    def __len__(self) -> int:
        return len(self.label)

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks' names."""
        return tuple(self.blocks)

    def column_names(self, name: str) -> tuple[str, ...]:
        """Names of a block's columns: those given, else `block[0]`, `block[1]`; the block's own
        where it is alone.
        """
        if name in self.columns:
            return self.columns[name]
        width = self.blocks[name].shape[1]
        return (name,) if width == 1 else tuple(f"{name}[{j}]" for j in range(width))

    def matrix(self, names: Sequence[str] | None = None) -> Doubles:
        """float64 [n_rows, d], the named blocks side by side; all of them where none is named."""
        chosen = self.names if names is None else names
        return side_by_side({name: self._block(name) for name in chosen}, len(self))

    def take(self, rows: NDArray[Any]) -> LabelledRows:
        """The given rows (indices or a mask)."""
        return replace(
            self,
            blocks={name: X[rows] for name, X in self.blocks.items()},
            label=self.label[rows],
            user=self.user[rows],
            request=None if self.request is None else self.request[rows],
            entity={name: e[rows] for name, e in self.entity.items()},
        )

    def only(self, names: Sequence[str]) -> LabelledRows:
        """The named blocks, in that order."""
        return replace(
            self,
            blocks={name: self._block(name) for name in names},
            entity={name: self.entity[name] for name in names if name in self.entity},
            columns={name: self.columns[name] for name in names if name in self.columns},
        )

    def by_column(self) -> LabelledRows:
        """Every column as a block of its own."""
        groups = {
            column: ((name, j),)
            for name in self.names
            for j, column in enumerate(self.column_names(name))
        }
        return self.grouped(groups)

    def grouped(self, groups: Mapping[str, Group]) -> LabelledRows:
        """New blocks made of blocks and single columns; what no group names is left out.

        >>> X = np.arange(6.0).reshape(2, 3)
        >>> rows = LabelledRows({"a": X}, np.zeros(2), np.zeros(2, np.int32))
        >>> groups = {"first": [("a", 0)], "rest": [("a", 1), ("a", 2)]}
        >>> rows.grouped(groups).blocks["rest"].tolist()
        [[1.0, 2.0], [4.0, 5.0]]
        """
        blocks, entity, columns = {}, {}, {}
        for group, parts in groups.items():
            pairs = [(p, None) if isinstance(p, str) else p for p in parts]
            blocks[group] = np.concatenate(
                [self._block(b) if j is None else self._block(b)[:, j : j + 1] for b, j in pairs],
                axis=1,
            )
            columns[group] = tuple(
                name
                for b, j in pairs
                for name in (self.column_names(b) if j is None else self.column_names(b)[j : j + 1])
            )
            owners = [self.entity.get(b) for b, _ in pairs]
            # one owner for all of it, or none: a block of item and user columns moves row by row
            first = owners[0]
            if first is not None and all(o is first for o in owners):
                entity[group] = first
        return replace(self, blocks=blocks, entity=entity, columns=columns)

    def _block(self, name: str) -> Doubles:
        if name not in self.blocks:
            raise BadRecipe(
                f'there is no block "{name}"',
                where="blocks",
                allowed=", ".join(self.blocks),
                next_step=nearest(name, self.blocks),
            )
        return self.blocks[name]


def side_by_side(blocks: Mapping[str, Doubles], n_rows: int) -> Doubles:
    """float64 [n_rows, sum of d], the blocks in their order; no columns where there are none."""
    return np.concatenate([np.empty((n_rows, 0)), *blocks.values()], axis=1)
