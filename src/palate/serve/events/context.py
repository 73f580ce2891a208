"""What was known when an event happened, as a column of texts keeps it."""

from __future__ import annotations

import json
from typing import Any

from palate.serve.values import ValueCodec, stored_text, text_of
from palate.tables import Event


def context_text(event: Event, event_id: str, codec: ValueCodec) -> str:
    """An event's context as a store keeps it."""
    if not event.context:  # most have none, and time counts
        return "{}"
    text = json.dumps(dict(event.context), ensure_ascii=False, allow_nan=False)
    return stored_text(codec, text, event_id)


def context_of(stored: str, event_id: str, codec: ValueCodec) -> dict[str, Any]:
    """What `context_text` was given."""
    return dict(json.loads(text_of(codec, stored, event_id))) if len(stored) > 2 else {}
