"""What a language model needs to use the service, at `/llms.txt`: every route in a line, with a
request that is right.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Final

from palate.serve.http.operations import Operation

ADDRESS: Final = "http://127.0.0.1:8765"

TITLE: Final = """# palate

> A recommender that learns while it serves: a finished run that answers over HTTP for what people
> did a second ago.

Ids are texts. Every list has a `request_id`, and each of its items a score, a source, a propensity
and reasons that add up to the score; send `request_id` and `position` along with the events that
come of it. What is refused is `application/problem+json` with `what`, `where`, `allowed` and
`next_step`. Keys, where there are any: `Authorization: Bearer KEY`. `/openapi.json` has all types.
"""

_IDS: Final = {"/v1/items": "n1", "/v1/users": "7"}


def text(operations: Sequence[Operation]) -> str:
    """The page, in the Markdown that files of this name have."""
    lines = [f"- `{o.method} {o.path}`: {o.summary} `{curl(o)}`" for o in operations]
    return TITLE + "\n## Routes\n\n" + "\n".join(lines) + "\n"


def curl(operation: Operation) -> str:
    """A command that asks the route of a service on this machine."""
    words = ["curl", "-s"]
    usual = "GET" if operation.body is None else "POST"
    if operation.method != usual:
        words += ["-X", operation.method]
    base = operation.path.partition("/{id}")[0]
    path = operation.path.replace("{id}", _IDS.get(base, "1"))
    words.append(ADDRESS + path)
    if operation.body is not None:
        words += ["-d", json.dumps(operation.example, ensure_ascii=False)]
    return shlex.join(words)
