"""English that is left in what should be Chinese."""

from __future__ import annotations

import re

_RUN = re.compile(r"[A-Za-z]{2,}(?:[ ,;:]+(?:[a-z]{2,}|[a-z]))+")
_ALONE = re.compile(r"^\s*(?!palate)[a-z]{3,}\s*$", re.MULTILINE)
_NAMES = re.compile(r"\bpalate(?: [a-z]+)+|\{[^{}]*\}|--[\w-]+|[\w.+-]*[._/=][\w.+/=-]*|`[^`]*`")


def english(text: str, *names: str) -> list[str]:
    """Runs of two English words or more, and lines of one, without commands, options, paths and
    keys.

    Args:
        text: What was shown.
        names: Words in it that are somebody's names.

    >>> english("总计 12 users of palate.run, --budget 10m"), english("ids 的 ndcg@10")
    (['users of'], [])
    """
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "0")
    text = _NAMES.sub("0", text)
    return _RUN.findall(text) + _ALONE.findall(text)
