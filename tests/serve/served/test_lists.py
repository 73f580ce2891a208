"""Served lists as bytes."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.serve.served.lists import ServedItem, ServedList, column, decoded, encoded

ITEMS = st.lists(
    st.tuples(
        st.text(max_size=5),
        st.floats(allow_nan=False),
        st.sampled_from(["model", "popularity"]),
        st.booleans(),
    ),
    max_size=4,
)


def served(items: list[ServedItem]) -> ServedList:
    every = {one.source for one in items}
    return ServedList(
        *("r1", 5, "rank", "u", "both", "live", ("words", "image")),
        tuple(one.item for one in items),
        items[0].position if items else 1,
        column([one.score for one in items]),
        column([one.propensity for one in items]),
        tuple(every) if len(every) == 1 else tuple(one.source for one in items),
        tuple(b"".join(one.features) for one in items),
        ("i4",),
        True,
    )


@given(ITEMS)
def test_a_list_comes_back(drawn: list[tuple[str, float, str, bool]]) -> None:
    digests = (b"a" * 16, b"b" * 16)
    items = [
        ServedItem(item, number, score, 0.25, source, digests if sure else ())
        for number, (item, score, source, sure) in enumerate(drawn, 3)
    ]
    again = decoded(encoded(served(items)))
    assert list(again.items) == items
    assert again == served(items)


@dataclasses.dataclass
class _Before:
    """As lists were kept before their items stood in columns."""

    request: str
    time: int
    kind: str
    user: str
    model: str
    run: str
    blocks: tuple[str, ...]
    items: tuple[ServedItem, ...]
    history: tuple[str, ...] | None
    degraded: bool


@pytest.mark.parametrize("sources", [("model", "model"), ("pinned", "model"), ()])
def test_lists_of_before_are_read(sources: tuple[str, ...]) -> None:
    items = tuple(
        ServedItem(f"i{number}", number, -0.5, 1.0, source, (b"d" * 16,))
        for number, source in enumerate(sources, 1)
    )
    body = msgspec.msgpack.encode(
        _Before("r1", 5, "recommend", "", "both", "live", ("words",), items, None, False)
    )
    read = decoded(body)
    assert read.items == items
    assert (read.request, read.kind, read.history, read.blocks) == (
        *("r1", "recommend", None),
        ("words",),
    )


@pytest.mark.parametrize("body", [b"", b"\x80", b"\x90", b"nonsense"])
def test_other_bytes_are_no_list(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decoded(body)
