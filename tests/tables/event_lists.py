"""Any list of events that one log can hold."""

from __future__ import annotations

from hypothesis import strategies as st

from palate.tables import Event

_TEXT = st.text(max_size=6)
_NAME = st.text(min_size=1, max_size=6)
_FLOAT = st.floats(allow_nan=False, allow_infinity=False, width=32)
# what is smaller than float32's least normal number is refused
_PROPENSITY = st.floats(
    min_value=1.1754943508222875e-38, max_value=1, width=32, allow_subnormal=False
)
_LONG = st.integers(-(2**63), 2**63 - 1)
_CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "page": _TEXT,
        "hour": _LONG,
        "price": st.floats(allow_nan=False, allow_infinity=False),
        "logged_in": st.booleans(),
    },
)


@st.composite
def event_lists(draw: st.DrawFn, *, bare: bool = False, max_size: int = 12) -> list[Event]:
    """Lists of events; `bare`: some of the optional columns are never said."""
    said = {name: not bare or draw(st.booleans()) for name in ("action", "request", "context")}
    timed = draw(st.booleans())
    one = st.builds(
        Event,
        user=_NAME,
        item=_NAME,
        action=_TEXT if said["action"] else st.just(""),
        time=_LONG if timed else st.none(),
        value=_FLOAT,
        request=_TEXT if said["request"] else st.just(""),
        position=st.none() | st.integers(1, 2**31 - 1),
        propensity=st.none() | _PROPENSITY,
        context=_CONTEXTS if said["context"] else st.just({}),
    )
    return draw(st.lists(one, max_size=max_size))
