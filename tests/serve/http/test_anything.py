"""Whatever is sent, the answer is one that the description names, and never an error of palate."""

from __future__ import annotations

import json
from typing import Any, get_args
from urllib.parse import quote

import msgspec
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from palate.serve.http.app import OPERATIONS

plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(("i1", "i2", "u1", "n1", "garden", 2**40, -1, 1e39, 5e-324, "\x00", "/", ""))
)
anything = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
# values that are nearly right get further than values of any kind
likely: dict[str, st.SearchStrategy[Any]] = {
    "user": st.sampled_from(("u1", "u2", "somebody new")),
    "item": st.sampled_from(("i1", "i2", "n1", "n2")),
    "text": st.text(min_size=1, max_size=20) | st.just("violin"),
    "k": st.integers(1, 1000),
    "time": st.integers(-(10**10), 10**10),
    "candidates": st.lists(st.sampled_from(("i1", "i2", "no")), max_size=4),
    "history": st.lists(st.sampled_from(("i1", "i2", "no")), max_size=4),
    "fields": st.dictionaries(st.sampled_from(("title", "price", "genres", "x")), anything),
    "filters": st.dictionaries(
        st.sampled_from(("title", "price", "genres", "x")),
        anything | st.fixed_dictionaries({}, optional={"min": plain, "max": plain}),
        max_size=2,
    ),
}


def fields_of(kind: Any) -> list[Any]:
    """The fields of a body, or of the bodies of a batch."""
    struct = kind if isinstance(kind, type) else get_args(kind)[0]
    return list(msgspec.structs.fields(struct))


@st.composite
def bodies(draw: st.DrawFn, kind: Any) -> Any:
    """Nearly right for such a body, or anything at all."""
    if kind is None or draw(st.integers(0, 9)) == 0:
        return draw(anything)
    one: dict[str, Any] = {}
    for field in fields_of(kind):
        if draw(st.integers(0, 19 if field.required else 2)) == 0:
            continue
        if draw(st.integers(0, 3)) == 0 and not field.required:
            one[field.name] = draw(anything)
        elif field.name in likely:
            one[field.name] = draw(likely[field.name])
    return [one, *draw(st.lists(st.just(one), max_size=1))] if draw(st.integers(0, 5)) == 0 else one


def is_no_dot(name: str) -> bool:
    """Whether a client leaves the name in a path: it takes "." and ".." for folders."""
    return name not in (".", "..")


@settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    operation=st.sampled_from(OPERATIONS),
    name=st.sampled_from(("i1", "i3", "u1", "n1", "no"))
    | st.text(min_size=1, max_size=8).filter(is_no_dot),
    data=st.data(),
)
def test_any_request_has_a_documented_answer(
    client: TestClient, operation: Any, name: str, data: st.DataObject
) -> None:
    body = data.draw(bodies(operation.body))
    path = operation.path.replace("{id}", quote(name, safe=""))
    response = client.request(operation.method, path, content=json.dumps(body))
    assert response.status_code in operation.statuses(), (path, body, response.text)
    event(f"{operation.name} {response.status_code}")
    assert response.status_code != 503
    if response.status_code >= 400:
        problem = response.json()
        assert problem["what"]
        assert problem["status"] == response.status_code


def test_the_service_is_whole_after_all_of_it(client: TestClient) -> None:
    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(data=st.data())
    def sent(data: st.DataObject) -> None:
        for operation in OPERATIONS:
            if operation.name in ("create_items", "post_events", "change_item"):
                body = data.draw(bodies(operation.body))
                path = operation.path.replace("{id}", "i1")
                client.request(operation.method, path, content=json.dumps(body))

    sent()
    assert client.get("/health/ready").status_code == 200
    answer = client.post("/v1/recommendations", json={"user": "u1", "k": 5}).json()
    assert (answer["model"], len(answer["items"])) == ("both", 5)
    assert client.post("/v1/items", json={"item": "the last"}).status_code == 201
