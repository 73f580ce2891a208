"""Any list of events that one log can hold."""

from __future__ import annotations

from hypothesis import strategies as st

from palate.tables import Event
from palate.tables.event import ContextValue

_TEXT = st.text(max_size=6)
_FLOAT = st.floats(allow_nan=False, allow_infinity=False, width=32)
# what is smaller than float32's least normal number is refused
_PROPENSITY = st.floats(
    min_value=1.1754943508222875e-38, max_value=1, width=32, allow_subnormal=False
)
_LONG = st.integers(-(2**63), 2**63 - 1)


@st.composite
def event_lists(
    draw: st.DrawFn,
    *,
    texts: st.SearchStrategy[str] = _TEXT,
    times: st.SearchStrategy[int] = _LONG,
    min_size: int = 0,
) -> list[Event]:
    """Lists of up to 12 events, whose ids and words are `texts` (ids not the empty one); each of
    the optional columns may be one that no event has.
    """
    ids = texts.filter(bool)
    action, request, timed, position, propensity, context = draw(st.tuples(*[st.booleans()] * 6))
    one = st.builds(
        Event,
        user=ids,
        item=ids,
        action=texts if action else st.just(""),
        time=times if timed else st.none(),
        value=_FLOAT,
        request=texts if request else st.just(""),
        position=st.none() | st.integers(1, 2**31 - 1) if position else st.none(),
        propensity=st.none() | _PROPENSITY if propensity else st.none(),
        context=_contexts(texts) if context else st.just({}),
    )
    return draw(st.lists(one, min_size=min_size, max_size=12))


def _contexts(texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, ContextValue]]:
    optional: dict[str, st.SearchStrategy[ContextValue]] = {
        "page": texts,
        "hour": _LONG,
        "price": st.floats(allow_nan=False, allow_infinity=False),
        "logged_in": st.booleans(),
    }
    return st.fixed_dictionaries({}, optional=optional)
