"""Dotted keys, by which the command line, a search and `drop` name a place in a recipe."""

from __future__ import annotations

import tomllib
from typing import Any

from palate.errors import BadRecipe


def key_parts(key: str, where: str = "command line") -> list[str]:
    """The names in a dotted key; a name with a dot in it, such as text.tfidf, is quoted, as in
    TOML.

    Args:
        key: The key.
        where: Where it was written.

    Raises:
        BadRecipe: It is none.

    >>> key_parts('blocks."text.tfidf".part')
    ['blocks', 'text.tfidf', 'part']
    """
    try:
        parts: list[str] = []
        inner: Any = tomllib.loads(f"{key} = 0")
        while isinstance(inner, dict):
            ((name, inner),) = inner.items()
            parts.append(name)
    except (tomllib.TOMLDecodeError, ValueError) as cause:
        raise BadRecipe(
            f'"{key}" is not a dotted key',
            where=where,
            allowed='models.blend.k, blocks."text.x".part',
        ) from cause
    return parts


def dotted(parts: tuple[str, ...] | list[str]) -> str:
    """The names as `key_parts` reads them.

    >>> dotted(["blocks", "text.tfidf"])
    'blocks."text.tfidf"'
    """
    plain = (part.replace("_", "").replace("-", "") for part in parts)
    return ".".join(
        part if bare.isascii() and bare.isalnum() else f'"{part}"'
        for part, bare in zip(parts, plain, strict=True)
    )
