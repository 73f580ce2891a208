"""How the tools reach a service: one that runs somewhere, or a run that is opened in this process
and asked in the same way.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import httpx

from palate.client import AsyncClient
from palate.errors import PalateError
from palate.serve.data_folder import open_engine
from palate.serve.http.app import application
from palate.serve.http.service import Service
from palate.serve.keys import Keyring
from palate.serve.refusals import Conflict
from palate.serve.settings import ServiceSettings

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncClient]]
"""Opens a client; it is closed when the block ends."""


def to_service(url: str, key: str = "") -> Connect:
    """A service that runs somewhere.

    Args:
        url: Its address.
        key: Of it; empty for a service without keys.
    """

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncClient]:
        async with AsyncClient(url, key=key) as client:
            yield client

    return connect


def to_run(run: Path, data: Path | None = None, model: str = "") -> Connect:
    """A run in this process.

    Args:
        run: A finished run.
        data: The folder of its service, which must rest; None: the run alone, and what is taken in
            is gone at the end.
        model: The model that answers; empty for the one of the headline.
    """

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncClient]:
        with ExitStack() as stack:
            empty = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="palate-")))
            try:
                opened = open_engine(run, empty if data is None else data, model)
            except Conflict as error:
                raise _served_already(error) from error
            stack.callback(opened.close)
            settings = ServiceSettings(model=model)
            # in this process no key is asked for: who started it may read the files anyway
            service = Service(opened.engine, Keyring(empty / "no keys.json"), settings)
            stack.callback(service.close)
            transport = httpx.ASGITransport(application(service), raise_app_exceptions=False)
            async with AsyncClient("http://palate", transport=transport) as client:
                yield client

    return connect


def _served_already(error: Conflict) -> PalateError:
    return Conflict(
        error.what,
        where=error.where,
        next_step="a service runs over it: ask that one, palate mcp --url http://127.0.0.1:8765",
    )
