"""Lists: recommended, ranked, similar, found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from palate.serve.engine.answers import Answer, Filter, ListRequest, Range, RowsAnswer
from palate.serve.engine.engine import ranking
from palate.serve.http.bodies import (
    Filters,
    NextBody,
    RangeBody,
    RankBody,
    RecommendBody,
    RowsBody,
    SearchBody,
    SimilarQuery,
)
from palate.serve.http.operations import Call, Operation
from palate.serve.http.service import Chosen, Service
from palate.serve.served.keeper import Shown
from palate.serve.served.lists import Kind


async def recommend(service: Service, call: Call) -> Answer:
    """The best items for somebody."""
    body: RecommendBody = call.body
    wanted = _wanted(body)
    chosen = service.variant_of(wanted.user)
    answer = await _shown(
        service, "recommend", wanted, lambda one: service.listed(one, paged=True), chosen
    )
    service.figures.showed(answer)
    service.drift.showed(answer)
    service.shadows.ask(wanted, answer)
    return answer


async def next_page(service: Service, call: Call) -> Answer:
    """The items after those of an answer."""
    body: NextBody = call.body
    k = None if body.k is None else int(body.k)
    wanted = service.lists.pages.get(body.request_id).wanted
    chosen = service.variant_of(wanted.user)
    answer = await _shown(
        service,
        "recommend",
        wanted,
        lambda _: service.in_thread(lambda: service.lists.next(body.request_id, k, body.explain)),
        chosen if chosen is not None and chosen.model.key == wanted.by else None,
    )
    service.figures.showed(answer)
    return answer


def rows(service: Service, call: Call) -> RowsAnswer:
    """Several lists with titles."""
    body: RowsBody = call.body
    return _shown_rows(service, _wanted(body), int(body.rows))


async def rank(service: Service, call: Call) -> Answer:
    """Candidates in order."""
    body: RankBody = call.body
    request = ListRequest(
        body.user or "",
        None if body.history is None else tuple(body.history),
        candidates=tuple(body.candidates),
        explain=body.explain,
        context=body.context,
    )
    chosen = service.variant_of(request.user)
    return await _shown(service, "rank", request, lambda one: service.listed(ranking(one)), chosen)


async def similar(service: Service, call: Call) -> Answer:
    """Items like one."""
    query: SimilarQuery = call.query
    request = ListRequest(k=int(query.k), explain=query.explain)
    engine = service.engine
    if engine.may_be_unknown(call.id):
        return await _shown(
            service,
            "similar",
            request,
            lambda one: service.in_thread(lambda: engine.similar(call.id, one)),
        )
    return await _shown(
        service, "similar", request, lambda one: service.listed(engine.like(call.id, one))
    )


def search(service: Service, call: Call) -> Answer:
    """Items by words."""
    body: SearchBody = call.body
    request = ListRequest(
        k=int(body.k),
        exclude=tuple(body.exclude),
        filters=_filters(body.filters),
        explain=body.explain,
    )
    answer = service.engine.search(body.text, request)
    if answer.degraded:
        service.metrics.degraded.inc()
    return answer


async def _shown(
    service: Service,
    kind: Kind,
    wanted: ListRequest,
    answered: Callable[[ListRequest], Awaitable[Answer]],
    chosen: Chosen | None = None,
) -> Answer:
    """The answer, counted and kept as one that somebody sees."""
    if chosen is not None:
        wanted = replace(wanted, by=chosen.model.key)
    model = service.engine.model_of(wanted)
    before = model.view
    answer = await answered(wanted)
    if chosen is not None and model in service.engine.models.every:
        service.experiments.show(chosen.experiment, wanted.user, answer.request_id)
        answer = replace(answer, experiment=chosen.experiment.name, variant=chosen.variant)
    if answer.degraded:
        service.metrics.degraded.inc()
    if service.served is not None:
        after = model.view if model is service.engine.model_of(wanted) else None
        service.served.keep(Shown(kind, wanted, answer, before, after, model.opened, model.model))
    return answer


def _shown_rows(service: Service, wanted: ListRequest, most: int) -> RowsAnswer:
    """Rows, counted and each of them kept as a list that somebody sees."""
    model = service.engine.answering
    before = model.view
    answer = service.titled.rows(wanted, most)
    if answer.degraded:
        service.metrics.degraded.inc()
    after = model.view if model is service.engine.answering else None
    for row in answer.rows:
        one = Answer(row.request_id, answer.model, row.items, answer.degraded)
        if service.served is not None:
            shown = Shown("recommend", wanted, one, before, after, model.opened, model.model)
            service.served.keep(shown)
    return answer


def _wanted(body: RecommendBody | RowsBody) -> ListRequest:
    return ListRequest(
        body.user or "",
        None if body.history is None else tuple(body.history),
        int(body.k),
        None if body.candidates is None else tuple(body.candidates),
        tuple(body.exclude),
        _filters(body.filters),
        body.seen or "",
        body.explain,
        pins=True,
        context=body.context,
        diversity=float(body.diversity),
        interests=body.interests.strip(),
    )


def _filters(given: Filters) -> dict[str, Filter]:
    return {
        name: Range(value.min, value.max) if isinstance(value, RangeBody) else value
        for name, value in given.items()
    }


OPERATIONS = (
    Operation(
        "recommend",
        "POST",
        "/v1/recommendations",
        "The best items for a user, or for somebody with a history; each with its score, its source"
        " and the parts that add up to it.",
        Answer,
        "read",
        handler=recommend,
        body=RecommendBody,
        example={"user": "7", "k": 3},
    ),
    Operation(
        "next_page",
        "POST",
        "/v1/recommendations/next",
        "The items after those of an answer: for the history that it was made for, by the same"
        " rule, none of them twice.",
        Answer,
        "read",
        handler=next_page,
        body=NextBody,
        refusals=(404, 410),
        example={"request_id": "0f8fad5bd9cb469fa16570867728950e", "k": 3},
    ),
    Operation(
        "rows",
        "POST",
        "/v1/rows",
        "Lists with titles, no item twice: for somebody, because of what they took, by what their"
        " items share, popular now, new.",
        RowsAnswer,
        "read",
        work=rows,
        body=RowsBody,
        example={"user": "7", "rows": 4, "k": 3},
    ),
    Operation(
        "rank",
        "POST",
        "/v1/rank",
        "Put the candidates in order for somebody; hidden and unknown ones are left out.",
        Answer,
        "read",
        handler=rank,
        body=RankBody,
        example={"user": "7", "candidates": ["42", "43"]},
    ),
    Operation(
        "similar",
        "GET",
        "/v1/items/{id}/similar",
        "What is recommended to who took that item alone; of an item that the model does not know"
        " yet, items of like content.",
        Answer,
        "read",
        handler=similar,
        query=SimilarQuery,
        refusals=(404,),
    ),
    Operation(
        "search",
        "POST",
        "/v1/search",
        "Items whose texts match, compared with the words as the run's encoders read them.",
        Answer,
        "read",
        work=search,
        body=SearchBody,
        refusals=(409,),
        example={"text": "a red thing", "k": 3},
    ),
)
