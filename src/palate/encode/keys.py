"""Keys of endpoints: they come from the environment and stand in no recipe."""

from __future__ import annotations

import os

from palate.errors import BadRecipe


def key_from(variable: str) -> str:
    """The key that an environment variable holds; empty where none is named.

    Raises:
        BadRecipe: The variable is not set.
    """
    key = os.environ.get(variable, "") if variable else ""
    if variable and not key:
        raise BadRecipe(
            f"the environment variable {variable} is not set",
            where="key_env",
            next_step=f"export {variable}=...",
        )
    return key
