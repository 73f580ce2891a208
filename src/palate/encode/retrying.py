"""When a request is sent again, and after how long."""

from __future__ import annotations

import math
import secrets
import time
from email.utils import parsedate_to_datetime

_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)
_LONGEST_WAIT = 60.0


def may_pass(status: int) -> bool:
    """Whether a failure of this HTTP status may pass.

    >>> may_pass(429), may_pass(401)
    (True, False)
    """
    return status in _AGAIN


def requested_wait(retry_after: str | None) -> float | None:
    """Seconds that the header Retry-After requests, a minute at most; None where it says nothing.

    >>> requested_wait("7"), requested_wait("3600"), requested_wait("soon")
    (7.0, 60.0, None)
    """
    value = (retry_after or "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else None


def pause(attempt: int, first_wait: float, requested: float | None) -> float:
    """Seconds before the next try.

    Args:
        attempt: Tries that failed before this one.
        first_wait: Longest wait after the first, doubled with each.
        requested: What the endpoint requests; it goes first.
    """
    # Full jitter: clients that failed together do not come back together. No result depends on it.
    most = min(_LONGEST_WAIT, first_wait * 2.0**attempt)
    return requested if requested is not None else most * secrets.randbelow(1000) / 1000
