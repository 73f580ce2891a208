"""Lists: recommended, ranked, similar, found."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from palate.serve.engine.answers import Answer, Filter, ListRequest, Range
from palate.serve.http.bodies import (
    Filters,
    RangeBody,
    RankBody,
    RecommendBody,
    SearchBody,
    SimilarQuery,
)
from palate.serve.http.operations import Call, Operation
from palate.serve.http.service import Service
from palate.serve.served.keeper import Shown
from palate.serve.served.lists import Kind


def recommend(service: Service, call: Call) -> Answer:
    """The best items for somebody."""
    body: RecommendBody = call.body
    request = ListRequest(
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
    )
    answer = _shown(service, "recommend", request, service.engine.recommend)
    service.figures.showed(answer)
    service.shadows.ask(request, answer)
    return answer


def rank(service: Service, call: Call) -> Answer:
    """Candidates in order."""
    body: RankBody = call.body
    request = ListRequest(
        body.user or "",
        None if body.history is None else tuple(body.history),
        candidates=tuple(body.candidates),
        explain=body.explain,
        context=body.context,
    )
    return _shown(service, "rank", request, service.engine.rank)


def similar(service: Service, call: Call) -> Answer:
    """Items like one."""
    query: SimilarQuery = call.query
    request = ListRequest(k=int(query.k), explain=query.explain)
    return _shown(service, "similar", request, partial(service.engine.similar, call.id))


def search(service: Service, call: Call) -> Answer:
    """Items by words."""
    body: SearchBody = call.body
    request = ListRequest(
        k=int(body.k),
        exclude=tuple(body.exclude),
        filters=_filters(body.filters),
        explain=body.explain,
    )
    return service.engine.search(body.text, request)


def _shown(
    service: Service, kind: Kind, wanted: ListRequest, answered: Callable[[ListRequest], Answer]
) -> Answer:
    """The answer, counted and kept as one that somebody sees."""
    model = service.engine.answering
    before = model.view
    answer = answered(wanted)
    if answer.degraded:
        service.metrics.degraded.inc()
    if service.served is not None:
        after = model.view if model is service.engine.answering else None
        service.served.keep(Shown(kind, wanted, answer, before, after, model.opened, model.model))
    return answer


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
        work=recommend,
        body=RecommendBody,
        example={"user": "7", "k": 3},
    ),
    Operation(
        "rank",
        "POST",
        "/v1/rank",
        "Put the candidates in order for somebody; hidden and unknown ones are left out.",
        Answer,
        "read",
        work=rank,
        body=RankBody,
        example={"user": "7", "candidates": ["42", "43"]},
    ),
    Operation(
        "similar",
        "GET",
        "/v1/items/{id}/similar",
        "What is recommended to who took that item alone.",
        Answer,
        "read",
        work=similar,
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
