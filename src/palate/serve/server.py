"""Running a service: what uvicorn serves, and how it ends."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn

from palate.errors import BadInput
from palate.serve.data_folder import LOOK_SECONDS, Opened, open_engine
from palate.serve.garbage import short_pauses
from palate.serve.http.app import application, early_refusals
from palate.serve.http.connection import Connections
from palate.serve.http.door import let_in_no_more
from palate.serve.http.service import Service
from palate.serve.kept_keys import opened_keys
from palate.serve.keys import Keyring
from palate.serve.refusals import Unavailable
from palate.serve.repeated import Repeated
from palate.serve.settings import ServiceSettings
from palate.serve.traces import traces_of_environment

BACKLOG = 2048
LAST_SECONDS = 0.5
"""For how long connections are taken in after SIGTERM, so that none that was begun is reset."""
TURN_SECONDS = 0.0005
"""For how long a thread may keep the interpreter from others that wait for it."""


def serve(
    run: Path,
    folder: Path,
    settings: ServiceSettings,
    key_file: Path | None = None,
    started: Callable[[str, Opened], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C: then requests that were begun are answered, the log is written
    out, and the state with it.

    Args:
        run: A finished run.
        folder: Where events, items and users are kept.
        settings: How it runs.
        key_file: Of keys; if it is not given `keys.json` of the folder, or the PostgreSQL that
            processes share.
        started: Called with the address when it listens.

    Raises:
        PalateError: It cannot start, and why.
    """
    traced = traces_of_environment()
    with ExitStack() as ends:
        kept = ends.enter_context(opened_keys(folder, key_file, settings.stores))
        keyring = Keyring(kept)
        _refuse_open(settings.host, keyring)
        listening = ends.enter_context(_listening(settings.host, settings.port))
        if kept.shared:
            looks = Repeated(keyring.look_again, "palate-keys", LOOK_SECONDS)
            ends.callback(looks.close)
        opened = open_engine(
            run,
            folder,
            settings.model,
            settings.state,
            learn_seconds=settings.learn_seconds,
            keep_lists_days=settings.keep_lists_days,
            runs=Path(settings.runs) if settings.runs else None,
            where=settings.stores,
            lists=settings.lists,
        )
        try:
            service = Service(
                opened.engine,
                keyring,
                settings,
                opened.served,
                opened.deployments,
                traced,
                experiments=opened.experiments,
                rates=opened.rates(settings.limits.per_second),
                policies=opened.policies,
            )
            with _quick_turns(), short_pauses(), _signals_that_end(), suppress(KeyboardInterrupt):
                if started is not None:
                    started(_address(listening), opened)
                with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                    runner.run(_until_stopped(service, listening))
        finally:
            opened.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop, where there is one: half the time for each request."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _until_stopped(service: Service, listening: socket.socket) -> None:
    connections = Connections(service.settings.limits, early_refusals(service).answer_to)
    made: Any = connections.made  # uvicorn calls it as it would a class
    config = uvicorn.Config(
        application(service),
        http=made,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=service.settings.drain_seconds,
    )
    try:
        await _Server(config, service).serve([listening])
    finally:
        service.close()


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Threads take turns ten times as often as usual, since an answer passes through several of
    them.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _signals_that_end() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does. uvicorn raises the signal again when it is done, which alone
    would end the process before the files are closed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Server(uvicorn.Server):
    """uvicorn, which says to load balancers that it is going."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: Any = None) -> None:
        self._service.draining = True
        # clients that go on asking hear with each answer that it was the last on its connection
        await asyncio.sleep(LAST_SECONDS)
        for listening in sockets or []:
            let_in_no_more(listening)
        await asyncio.sleep(LAST_SECONDS / 10)
        await super().shutdown(sockets)


def _refuse_open(host: str, keyring: Keyring) -> None:
    if keyring.required or _this_machine(host):
        return
    raise BadInput(
        f"the service would listen on {host} and answer everybody",
        where="--host",
        allowed="127.0.0.1 without keys; any address with them",
        next_step=f"palate key new --role admin --key-file {keyring.where}",
    )


def _this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Unavailable(
            f"it cannot listen there: {error.strerror or error}",
            where=f"{host}:{port}",
            next_step="stop what listens there, or give another --port",
        ) from error
    # head and body of an answer are two packets: without this the second waits for the client to
    # confirm the first, which clients put off for 40 ms
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
