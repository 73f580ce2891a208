"""How both clients reach a service."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

import httpx

import palate
from palate.client.wanted import Route, Wanted
from palate.errors import BadInput

F = TypeVar("F", bound=Callable[..., Any])

ADDRESS: Final = "http://127.0.0.1:8765"
"""Where `palate serve` listens if nothing else is said."""


def service_url(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        BadInput: It is no address.
    """
    try:
        read = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadInput(f"this is no address: {error}", where="url", allowed=ADDRESS) from error
    if read.scheme not in ("http", "https") or not read.host:
        raise BadInput(f'"{url}" is no address of a service', where="url", allowed=ADDRESS)
    return url.rstrip("/")


def headers(key: str) -> dict[str, str]:
    """What every request carries."""
    found = {"User-Agent": f"palate/{palate.__version__}", "Accept": "application/json"}
    return {**found, "Authorization": f"Bearer {key}"} if key else found


def request_of(wanted: Wanted[Any]) -> dict[str, Any]:
    """The request in the words of httpx."""
    typed = {} if wanted.body is None else {"Content-Type": "application/json"}
    return {
        "method": wanted.method,
        "url": wanted.path,
        "content": wanted.body,
        "params": dict(wanted.query),
        "headers": typed,
    }


def described(method: F, route: Route[..., Any]) -> F:
    """The method with the words and the arguments of its route, for people and editors."""
    body = route.body.__doc__ if route.body is not None else None
    method.__doc__ = f"{route.summary}\n\n{body}" if body else route.summary
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = route.signature.replace(  # type: ignore[attr-defined]
        parameters=[me, *route.signature.parameters.values()], return_annotation=route.reply
    )
    return method
