"""The libraries of the extras `serve` and `cluster`, named before anything is read or opened."""

from __future__ import annotations

from typing import Final

from palate.errors import MissingExtra
from palate.optional import has

_SERVICE: Final = ("starlette", "msgspec", "uvicorn", "prometheus_client", "sse_starlette")
_KEYS: Final = ("msgspec",)
_ASSISTANT: Final = ("mcp", "httpx", "msgspec")
_CLUSTER: Final = ("psycopg", "redis")


def check_service() -> None:
    """Refuse to serve without them.

    Raises:
        MissingExtra: Some are not installed; all of them are named.
    """
    _check(_SERVICE, "to serve a run")


def check_keys() -> None:
    """Refuse to make keys without what reads their file.

    Raises:
        MissingExtra: It is not installed.
    """
    _check(_KEYS, "to keep keys")


def check_assistant(*, service: bool) -> None:
    """Refuse to serve assistants without them.

    Args:
        service: Whether a run is opened in this process too.

    Raises:
        MissingExtra: Some are not installed; all of them are named.
    """
    _check(_ASSISTANT, "to serve assistants", extra="mcp")
    if service:
        check_service()


def check_cluster() -> None:
    """Refuse to share stores without the libraries that speak with their servers.

    Raises:
        MissingExtra: Some are not installed; all of them are named.
    """
    _check(_CLUSTER, "to keep things in PostgreSQL and Valkey or Redis", "serve,cluster")


def _check(modules: tuple[str, ...], purpose: str, extra: str = "serve") -> None:
    missing = [module for module in modules if not has(module)]
    if missing:
        is_are = "is" if len(missing) == 1 else "are"
        raise MissingExtra(
            f"{', '.join(missing)} {is_are} needed {purpose} and not installed",
            next_step=f"pip install 'palate[{extra}]'",
        )
