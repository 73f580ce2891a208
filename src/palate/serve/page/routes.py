"""The addresses of the pages. They hold nothing of the run: all that they show, a browser asks for
with the key that a person enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from palate.serve.page.assets import HEADERS, Assets, catalogue, read_assets
from palate.serve.page.reference import groups
from palate.translation import ENGLISH, in_language

PAGE, DOCS, ASSETS, ICON = "/", "/docs", "/assets/{digest}/{name:path}", "/favicon.ico"

VIEWS: Final = (
    ("now", "Now"),
    ("people", "People"),
    ("items", "Items"),
    ("models", "Models"),
    ("keys", "Keys"),
)
"""Views of the page: how they stand in an address, and what they are called."""

_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_LOOKED_AT_AGAIN: Final = {"Cache-Control": "no-cache"}


def page_routes(description: Mapping[str, Any], language: str = ENGLISH) -> list[Route]:
    """The page, the description of the API as a page, and the files of both.

    Args:
        description: OpenAPI, as `palate.serve.http.openapi.document` gives it.
        language: Of the pages.

    Raises:
        BadInput: palate does not speak the language.
    """
    assets = read_assets()
    # jinja's own loader; everything is escaped, and a name that is missing is an error at the start
    environment = Environment(
        loader=PackageLoader("palate.serve.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    spoken = "" if language == ENGLISH else assets.address(catalogue(language))
    common = {"asset": assets.address, "views": VIEWS, "catalogue": spoken}
    page = environment.get_template("page.html.jinja").render(common)
    docs = environment.get_template("docs.html.jinja").render(
        common, info=description["info"], groups=groups(description)
    )
    return [
        _fixed(PAGE, in_language(page, language)),
        _fixed(DOCS, in_language(docs, language)),
        Route(ASSETS, _files(assets), methods=["GET"]),
        Route(ICON, _icon(assets), methods=["GET"]),
    ]


def _fixed(path: str, text: str) -> Route:
    content = text.encode()

    async def answer(request: Request) -> Response:
        headers = {**HEADERS, **_LOOKED_AT_AGAIN}
        return Response(content, headers=headers, media_type="text/html")

    return Route(path, answer, methods=["GET"])


def _files(assets: Assets) -> Any:
    async def answer(request: Request) -> Response:
        found = assets.found.get(request.path_params["name"])
        if found is None or request.path_params["digest"] != assets.digest:
            return Response("there is no such file", 404, dict(HEADERS), "text/plain")
        headers = {**HEADERS, **_FOR_EVER}
        return Response(found.content, headers=headers, media_type=found.kind)

    return answer


def _icon(assets: Assets) -> Any:
    icon = assets.found["icon.svg"]

    async def answer(request: Request) -> Response:
        return Response(icon.content, headers=dict(HEADERS), media_type=icon.kind)

    return answer
