"""The libraries of the extra `client`, named before anything is imported that needs them."""

from __future__ import annotations

from palate.errors import MissingExtra
from palate.optional import has


def check_client() -> None:
    """Refuse to go on without them.

    Raises:
        MissingExtra: Some are not installed; all of them are named.
    """
    missing = [module for module in ("httpx", "msgspec") if not has(module)]
    if missing:
        is_are = "is" if len(missing) == 1 else "are"
        raise MissingExtra(
            f"{' and '.join(missing)} {is_are} needed to ask a service and not installed",
            next_step="pip install 'palate[client]'",
        )
