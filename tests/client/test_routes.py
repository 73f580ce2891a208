"""Every route of the service has a method of both clients, which sends and reads the types that are
in force there.
"""

from __future__ import annotations

import inspect
from typing import Any, get_args

import pytest

from palate.client import AsyncClient, Client, routes
from palate.client.wanted import Route
from palate.serve.http.app import OPERATIONS
from palate.serve.http.openapi import document

ROUTES = [route for route in vars(routes).values() if isinstance(route, Route)]


def test_every_route_of_the_description_has_a_method() -> None:
    described = {
        (method.upper(), path)
        for path, operations in document(OPERATIONS)["paths"].items()
        for method in operations
    }
    assert {(route.method, route.path) for route in ROUTES} == described


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_sends_and_reads_what_the_service_does(route: Route[Any, Any]) -> None:
    (operation,) = [o for o in OPERATIONS if (o.method, o.path) == (route.method, route.path)]
    replies = {bytes: str}
    assert route.reply == replies.get(operation.reply, operation.reply)
    takes = operation.body or operation.query
    assert route.body == takes or route.body in get_args(takes)


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_both_clients_have_a_method_for_each_route(client: type[Any]) -> None:
    for name, route in vars(routes).items():
        if isinstance(route, Route):
            method = getattr(client, name.lower())
            assert inspect.getdoc(method).startswith(route.summary)
            arguments = list(inspect.signature(method).parameters)
            assert arguments == ["self", *route.signature.parameters]


def test_arguments_are_the_fields_of_what_is_sent() -> None:
    found = inspect.signature(Client.recommend).parameters
    assert list(found)[:4] == ["self", "user", "history", "k"]
    assert found["k"].default == 10
    with pytest.raises(TypeError, match="usr"):
        routes.RECOMMEND.wanted(usr="7")  # type: ignore[call-arg]


def test_an_id_may_have_any_characters() -> None:
    assert routes.GET_ITEM.wanted("a/b ?#ü").path == "/v1/items/a%2Fb%20%3F%23%C3%BC"


def test_what_is_at_its_default_is_not_sent() -> None:
    assert routes.RECOMMEND.wanted(user="7").body == b'{"user":"7"}'
    assert routes.RECOMMEND.wanted(user="7", k=3, exclude=[]).body == b'{"user":"7","k":3}'
    assert routes.CREATE_ITEM.wanted("n").body == b'{"item":"n"}'
