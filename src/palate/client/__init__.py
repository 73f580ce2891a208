"""A typed client of a live service, for programs that wait and for programs that do not (asyncio).

>>> from palate.client import Client
>>> client = Client("http://127.0.0.1:8765", key="palate_...")
>>> client.send_event  # doctest: +SKIP
"""

from __future__ import annotations

from palate.client.extras import check_client

check_client()  # before the modules that cannot be imported without them

from palate.client.asynchronous import AsyncClient  # noqa: E402
from palate.client.refusals import Failed, NotAllowed  # noqa: E402
from palate.client.tries import Patience  # noqa: E402
from palate.client.waiting import Client  # noqa: E402
from palate.serve.http.bodies import EventBody, ItemBody, RangeBody  # noqa: E402

__all__ = [
    "AsyncClient",
    "Client",
    "EventBody",
    "Failed",
    "ItemBody",
    "NotAllowed",
    "Patience",
    "RangeBody",
]
