"""The client of programs that do something else while they wait (asyncio)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, final

import httpx

from palate.client import routes
from palate.client.connection import ADDRESS, described, headers, request_of, service_url
from palate.client.tries import Patience, Tries
from palate.client.wanted import Route, Wanted

P = ParamSpec("P")
T = TypeVar("T")


def _method(route: Route[P, T]) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    async def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(route.wanted(*args, **kwargs))

    return described(method, route)


@final
class AsyncClient:
    """A live service, asked without waiting (asyncio).

    Every method is a route of the service, with the fields of what it takes as arguments and a
    typed result; see docs/clients.md. What is refused is raised as a `palate.errors.PalateError`
    with `what`, `where`, `allowed` and `next_step`. What can be sent again without doing it twice
    is, as `Patience` says; events get an id for that where they have none.

    >>> async with AsyncClient("http://127.0.0.1:8765") as client:  # doctest: +SKIP
    ...     answer = await client.recommend(user="7", k=3)

    Args:
        url: Where the service listens.
        key: Of `palate key new`; empty for a service without keys.
        timeout: Seconds for connecting, and between two pieces of an answer.
        patience: How often a request is sent again.
        transport: How httpx reaches the service; a connection pool where it is not given.

    Raises:
        BadInput: The URL is no address.
    """

    def __init__(
        self,
        url: str = ADDRESS,
        *,
        key: str = "",
        timeout: float = 10.0,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url, self._patience = service_url(url), patience
        self._http = httpx.AsyncClient(
            base_url=self._url, headers=headers(key), timeout=timeout, transport=transport
        )

    async def send(self, wanted: Wanted[T]) -> T:
        """The result of a request, after as many attempts as it takes.

        Raises:
            PalateError: It was refused, or there was no answer.
        """
        tries = Tries(wanted, self._patience, self._url)
        while True:
            outcome: httpx.Response | httpx.HTTPError
            try:
                outcome = await self._http.request(**request_of(wanted))
            except httpx.HTTPError as error:
                outcome = error
            wait = tries.wait_after(outcome)
            if wait is None:
                return tries.result()
            await asyncio.sleep(wait)

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    send_event = _method(routes.SEND_EVENT)
    send_events = _method(routes.SEND_EVENTS)

    recommend = _method(routes.RECOMMEND)
    next_page = _method(routes.NEXT_PAGE)
    rows = _method(routes.ROWS)
    rank = _method(routes.RANK)
    similar = _method(routes.SIMILAR)
    search = _method(routes.SEARCH)

    create_item = _method(routes.CREATE_ITEM)
    create_items = _method(routes.CREATE_ITEMS)
    get_item = _method(routes.GET_ITEM)
    change_item = _method(routes.CHANGE_ITEM)
    hide_item = _method(routes.HIDE_ITEM)
    show_item = _method(routes.SHOW_ITEM)
    pin_item = _method(routes.PIN_ITEM)
    unpin_item = _method(routes.UNPIN_ITEM)
    item_words = _method(routes.ITEM_WORDS)
    delete_item = _method(routes.DELETE_ITEM)

    create_user = _method(routes.CREATE_USER)
    get_user = _method(routes.GET_USER)
    change_user = _method(routes.CHANGE_USER)
    erase_user = _method(routes.ERASE_USER)

    list_keys = _method(routes.LIST_KEYS)
    create_key = _method(routes.CREATE_KEY)
    revoke_key = _method(routes.REVOKE_KEY)

    figures = _method(routes.FIGURES)

    drift = _method(routes.DRIFT)
    list_experiments = _method(routes.LIST_EXPERIMENTS)
    start_experiment = _method(routes.START_EXPERIMENT)
    end_experiment = _method(routes.END_EXPERIMENT)

    list_models = _method(routes.LIST_MODELS)
    deploy_model = _method(routes.DEPLOY_MODEL)
    roll_back = _method(routes.ROLL_BACK)
    answer_with_model = _method(routes.ANSWER_WITH_MODEL)
    shadow_model = _method(routes.SHADOW_MODEL)
    rest_model = _method(routes.REST_MODEL)
    delete_model = _method(routes.DELETE_MODEL)

    live = _method(routes.LIVE)
    ready = _method(routes.READY)
    metrics = _method(routes.METRICS)
