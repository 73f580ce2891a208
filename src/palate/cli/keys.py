"""Arguments of which some are files and some are keys of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def files_and_keys(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files, and what reads `key=value`, each in its order.

    >>> files_and_keys(["a.csv", "time_zone=Asia/Shanghai"])
    (['a.csv'], ['time_zone=Asia/Shanghai'])
    """
    keys = [word for word in words if _is_key(word)]
    return [word for word in words if word not in keys], keys


def _is_key(text: str) -> bool:
    from palate.data.address import is_address

    return "=" in text and not is_address(text) and not Path(text).exists()
