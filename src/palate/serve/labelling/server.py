"""Serving the page of labels until Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from palate.errors import BadInput
from palate.serve.labelling.page import labelling_page
from palate.study.labelling.session import LabelSession
from palate.translation import ENGLISH

HOST = "127.0.0.1"


def serve_labels(
    session: LabelSession, port: int, started: Callable[[str], None], language: str = ENGLISH
) -> None:
    """Ask on a page of this machine until Ctrl-C, or until somebody says there that it is enough.

    Args:
        session: The items.
        port: 0 for a free one.
        started: Is given the address.
        language: Of the page.

    Raises:
        BadInput: The port is taken.
    """
    listening = socket.socket(socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except (OSError, OverflowError) as cause:
        listening.close()
        raise BadInput(
            f"port {port} cannot be listened on", where="--port", next_step="0 takes a free one"
        ) from cause
    with listening:
        page = labelling_page(session, lambda: server.__setattr__("should_exit", True), language)
        config = uvicorn.Config(
            page, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        started(f"http://{HOST}:{listening.getsockname()[1]}/")
        try:
            server.run([listening])
        except KeyboardInterrupt:
            return
