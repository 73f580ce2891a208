"""Without keys, pages of other sites are refused: a browser on this machine would lend them its
place.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from palate.serve.http.problems import Rejected

_NEXT: Final = "ask from a program or from the service's own page, or make keys: palate key new"


def refuse_other_sites(request: Request) -> None:
    """Let through what no page of another site can have sent.

    A browser names the site of a page that sends something (`Origin`). A site may also point a name
    of its own at this machine and then counts as the same; such names have a dot, which names of
    this machine and its neighbours have not.

    Raises:
        Rejected: Another site's page may have sent it.
    """
    host = request.headers.get("host", "")
    name = _host(f"//{host}")
    if "." in name and not _is_address(name):
        raise _rejected(f"the service was asked as {name}", "header Host", "an address, localhost")
    origin = request.headers.get("origin")
    if origin is not None and _netloc(origin) != host.lower():
        raise _rejected(f"a page of {origin} asks", "header Origin", f"http://{host}, or none")


def _rejected(what: str, where: str, allowed: str) -> Rejected:
    return Rejected(403, what, where=where, allowed=allowed, next_step=_NEXT)


@lru_cache(64)
def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return "not.a.name"


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


@lru_cache(64)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
