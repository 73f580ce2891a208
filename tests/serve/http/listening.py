"""A service of this process that listens on a socket."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from palate.serve.http.app import application
from palate.serve.http.connection import Connections
from palate.serve.http.service import Service


@contextmanager
def listening(service: Service, connections: Connections) -> Iterator[int]:
    """The port on loopback, while it is served in a thread."""
    config = uvicorn.Config(
        application(service),
        http=connections.made,  # type: ignore[arg-type]
        ws="none",
        log_config=None,
    )
    server, listens = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listens])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listens.getsockname()[1]
    server.should_exit = True
    thread.join()
