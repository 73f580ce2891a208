"""The page of labels: one item, its options as buttons, one label a request."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from palate.errors import PalateError
from palate.serve.http.problems import Rejected
from palate.serve.http.same_site import refuse_other_sites
from palate.serve.page.assets import HEADERS, POLICY, Assets, read_assets
from palate.study.labelling.session import LabelProgress, LabelSession
from palate.translation import ENGLISH, in_language

MOST_BYTES: Final = 64 * 1024
"""Of a form."""
_FORMS: Final = {
    **HEADERS,
    # the strict policy of the live page, and forms that go to this service
    "Content-Security-Policy": POLICY.replace("form-action 'none'", "form-action 'self'"),
    "Cache-Control": "no-store",
}
_SHOWN = 4000

Handler = Callable[[Request], Awaitable[Response]]


def labelling_page(
    session: LabelSession, ends: Callable[[], None], language: str = ENGLISH
) -> Starlette:
    """The application.

    Args:
        session: The items; one form at a time reaches it.
        ends: Called when somebody says that it is enough.
        language: Of what palate says on it; texts and options stay as they are.
    """
    page = _Page(session, read_assets(), ends, language)
    return Starlette(
        routes=[
            Route("/", _guarded(page.show), methods=["GET"]),
            Route("/label", _guarded(page.label), methods=["POST"]),
            Route("/back", _guarded(page.back), methods=["POST"]),
            Route("/enough", _guarded(page.enough), methods=["POST"]),
            Route("/assets/{digest}/{name:path}", _guarded(page.file), methods=["GET"]),
        ]
    )


def _guarded(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            refuse_other_sites(request)
            return await handler(request)
        except Rejected as refused:
            return Response(str(refused), 403, _FORMS, "text/plain")
        except PalateError as error:
            return Response(error.message(), 400, _FORMS, "text/plain")

    return answer


@dataclass
class _Page:
    session: LabelSession
    assets: Assets
    ends: Callable[[], None]
    language: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _progress: tuple[int, LabelProgress] | None = None
    _started: float = 0.0

    def __post_init__(self) -> None:
        loaders = [PackageLoader(f"palate.serve.{p}", "templates") for p in ("labelling", "page")]
        environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("label.html.jinja")

    async def show(self, request: Request) -> Response:
        """The next item, or that there is none."""
        text = await run_in_threadpool(self._shown)
        return Response(text, headers=_FORMS, media_type="text/html")

    async def label(self, request: Request) -> Response:
        """A label, or that it cannot be known."""
        form = await _form(request)
        await run_in_threadpool(self._give, form)
        return RedirectResponse("/", 303, _FORMS)

    async def back(self, request: Request) -> Response:
        """The last label is taken back."""
        await _form(request)
        await run_in_threadpool(self._take_back)
        return RedirectResponse("/", 303, _FORMS)

    async def enough(self, request: Request) -> Response:
        """The end."""
        await _form(request)
        self.ends()
        said = in_language("Labels are kept; this page may be closed.", self.language)
        return Response(said, 200, _FORMS, "text/plain")

    async def file(self, request: Request) -> Response:
        """Style and scripts."""
        found = self.assets.found.get(request.path_params["name"])
        if found is None or request.path_params["digest"] != self.assets.digest:
            return Response("there is no such file", 404, dict(HEADERS), "text/plain")
        return Response(found.content, headers=dict(HEADERS), media_type=found.kind)

    def _shown(self) -> str:
        with self._lock:
            found = self.session.next_item()
            progress = self._now()
            task = self.session.task
            row = None if found is None else found[0]
            self._started = time.monotonic()
            earlier = () if row is None else self.session.said_of(row)
            page = self._template.render(
                asset=self.assets.address,
                catalogue="",
                question=task.question,
                progress=progress,
                done=self.session.n_given(),
                item=None if row is None else task.ids[row],
                title="" if row is None else task.titles[row],
                text="" if row is None else task.texts[row][:_SHOWN],
                held_out=found is not None and found[1],
                earlier=earlier,
            )
            return in_language(page, self.language)

    def _give(self, form: Mapping[str, list[str]]) -> None:
        with self._lock:
            row = self.session.row_of(form.get("item", [""])[0])
            values = None if "skip" in form else form.get("value", [])
            self.session.give(row, values, time.monotonic() - self._started)

    def _take_back(self) -> None:
        with self._lock:
            self.session.take_back()

    def _now(self) -> LabelProgress:
        """Learnt again once a batch: a fit takes longer than a page should."""
        batches = self.session.n_given() // self.session.plan.batch
        if self._progress is None or self._progress[0] != batches:
            self._progress = batches, self.session.progress()
        return self._progress[1]


async def _form(request: Request) -> Mapping[str, list[str]]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Rejected(413, "the form is too long", where="body", allowed=f"{MOST_BYTES} bytes")
    try:
        found: dict[str, list[str]] = parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="strict"
        )
    except (UnicodeError, ValueError) as cause:
        raise Rejected(400, "this is no form", where="body", allowed="its own form") from cause
    return found
