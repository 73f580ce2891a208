"""The one way to import a library that belongs to an extra."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from palate.errors import MissingExtra


def need(module: str, *, extra: str, purpose: str) -> Any:
    """Import `module`, or say which extra brings it.

    Args:
        module: Dotted module name, e.g. `"torch"`.
        extra: The extra of palate that installs it, e.g. `"text"`.
        purpose: What it is needed for, as the object of "to".

    Raises:
        MissingExtra: The library is not installed, or what is installed cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as cause:
        root = module.partition(".")[0]
        missing = (
            isinstance(cause, ModuleNotFoundError)
            and (cause.name or root).partition(".")[0] == root
        )
        raise MissingExtra(
            f'"{module}" is needed to {purpose}, and it '
            + ("is not installed" if missing else f"is installed but cannot be imported ({cause})"),
            next_step=f"pip install 'palate[{extra}]'",
        ) from cause


def has(module: str) -> bool:
    """Whether `module` could be imported, found out without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
