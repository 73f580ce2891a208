"""Trees as LightGBM's text, looked at before LightGBM reads it: it trusts what it reads, and takes
the process with it where a number points outside of a tree or an end is missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from palate.errors import DamagedArtefact

T = TypeVar("T")

_REST: Final = re.compile(
    r"end of trees\n\nfeature_importances:\n(\S+=\d+\n)*\nparameters:\n(\[\w+: [^\n\[\]]*\]\n)+\n"
    r"end of parameters\n\npandas_categorical:null\n"
)
"""What stands behind the last tree."""
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_WHOLE: Final = re.compile(r"[+-]?\d{1,9}")
_HEADER: Final = frozenset(
    [
        "version",
        "num_class",
        "num_tree_per_iteration",
        "label_index",
        "max_feature_idx",
        "objective",
        "average_output",
        "feature_names",
        "monotone_constraints",
        "feature_infos",
        "tree_sizes",
    ]
)
_NODE_NUMBERS: Final = ("split_gain", "internal_value", "internal_weight", "internal_count")
_LEAF_NUMBERS: Final = ("leaf_weight", "leaf_count")
_DECISIONS: Final = range(0, 12, 2)
"""Which side missing values go to and what counts as missing; odd ones are of categories, which are
not grown here."""


def checked_trees(text: bytes, n_columns: int) -> str:
    """The text, if every tree in it is one.

    Args:
        text: As `lightgbm.Booster.model_to_string` gives it, in bytes.
        n_columns: Columns that the trees were grown on.

    Raises:
        DamagedArtefact: It is not such a text.

    Cost: some 50 microseconds a tree of 31 leaves.
    """
    try:
        found = text.decode("ascii")
        _check(found, n_columns)
    except (ValueError, KeyError, IndexError) as error:
        raise damaged_trees(error) from error
    return found


def damaged_trees(error: Exception) -> DamagedArtefact:
    """The refusal of trees."""
    return DamagedArtefact(
        f"the trees of a model are damaged: {error}",
        next_step="take the run from a copy, or run the recipe again",
    )


def _check(text: str, n_columns: int) -> None:
    if re.search(r"[^\n\x20-\x7e]", text):
        raise ValueError("bytes that are no text")
    head, blank, body = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "tree" or not blank:
        raise ValueError("it does not begin as trees do")
    header = _pairs(lines[1:])
    if strange := set(header) - _HEADER:
        raise ValueError(f"unknown words: {', '.join(sorted(strange))[:80]}")
    for name, wanted in (
        ("version", "v4"),
        ("num_class", "1"),
        ("num_tree_per_iteration", "1"),
        ("label_index", "0"),
        ("max_feature_idx", str(n_columns - 1)),
    ):
        if header[name] != wanted:
            raise ValueError(f"{name} is {header[name][:40]}, not {wanted}")
    if not re.fullmatch(r"lambdarank|binary sigmoid:1", header["objective"]):
        raise ValueError("another objective")
    for name in ("feature_names", "feature_infos"):
        if len(header[name].split(" ")) != n_columns:
            raise ValueError(f"{name} is not of {n_columns} columns")
    _check_trees(body, _whole(header["tree_sizes"], None), n_columns)


def _check_trees(body: str, sizes: list[int], n_columns: int) -> None:
    at = 0
    for number, size in enumerate(sizes):
        tree = body[at : at + size]
        at += size
        if size < 1 or not tree.startswith(f"Tree={number}\n"):
            raise ValueError(f"tree {number} is not where it should be")
        _check_tree(_pairs(tree.strip("\n").split("\n")[1:]), n_columns)
    if not _REST.fullmatch(body[at:]):
        raise ValueError("they have no end")


def _check_tree(tree: Mapping[str, str], n_columns: int) -> None:
    (n_leaves,), (n_categories,) = _whole(tree["num_leaves"], 1), _whole(tree["num_cat"], 1)
    if n_leaves < 1 or n_categories or tree["is_linear"] != "0":
        raise ValueError("a tree of another kind")
    if not all(map(math.isfinite, _numbers(tree["leaf_value"], n_leaves))):
        raise ValueError("a value that is no number")
    _numbers(tree["shrinkage"], 1)
    if n_leaves == 1:
        return
    n_nodes = n_leaves - 1
    features = _whole(tree["split_feature"], n_nodes)
    decisions = _whole(tree["decision_type"], n_nodes)
    if not all(0 <= one < n_columns for one in features):
        raise ValueError("a column that is not there")
    if not all(one in _DECISIONS for one in decisions):
        raise ValueError("a decision of another kind")
    for name in ("threshold", *_NODE_NUMBERS):
        _numbers(tree[name], n_nodes)
    for name in _LEAF_NUMBERS:
        _numbers(tree[name], n_leaves)
    children = [*_whole(tree["left_child"], n_nodes), *_whole(tree["right_child"], n_nodes)]
    # each leaf, and each node but the root, is below one node, which comes before it
    parents = [*range(n_nodes), *range(n_nodes)]
    if sorted(children) != sorted([*range(1, n_nodes), *range(-n_leaves, 0)]):
        raise ValueError("its branches do not make a tree")
    if not all(
        child < 0 or child > parent for parent, child in zip(parents, children, strict=True)
    ):
        raise ValueError("its branches go in circles")


def _pairs(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, sign, value = line.partition("=")
        if name in found or not name or (not sign and name != "average_output"):
            raise ValueError(f"a line that is none: {line[:40]}")
        found[name] = value
    return found


def _numbers(text: str, n: int | None) -> list[float]:
    return _values(text, n, _NUMBER, float)


def _whole(text: str, n: int | None) -> list[int]:
    return _values(text, n, _WHOLE, int)


def _values(text: str, n: int | None, form: re.Pattern[str], read: Callable[[str], T]) -> list[T]:
    words = text.split(" ")
    if n is not None and len(words) != n:
        raise ValueError(f"{len(words)} numbers where there should be {n}")
    if not all(map(form.fullmatch, words)):
        raise ValueError(f"no numbers: {text[:40]}")
    return [read(word) for word in words]
