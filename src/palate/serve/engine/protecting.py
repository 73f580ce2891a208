"""What comes in, without the personal data that the recipe of the run leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from palate.event_store import NewEvent
from palate.protect.privacy.pattern import Kind
from palate.protect.privacy.scrub import scrubbed_value
from palate.serve.records.items import Change, Create, ItemChange


class Protecting:
    """Scrubs what is kept.

    Args:
        kinds: What is replaced; none: everything is kept as it comes.
    """

    def __init__(self, kinds: Collection[Kind]) -> None:
        self._kinds = kinds

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of an item or a user."""
        if not self._kinds:
            return dict(fields)
        return {name: scrubbed_value(value, self._kinds) for name, value in fields.items()}

    def changes(self, changes: Sequence[ItemChange]) -> list[ItemChange]:
        """Changes of the catalogue."""
        return [
            replace(one, fields=self.fields(one.fields))
            if isinstance(one, Create | Change)
            else one
            for one in changes
        ]

    def events(self, events: Sequence[NewEvent]) -> Sequence[NewEvent]:
        """Events: their contexts."""
        if not any(one.event.context for one in events):  # most have none, and time counts
            return events
        return [
            replace(one, event=replace(one.event, context=self.fields(one.event.context)))
            if one.event.context
            else one
            for one in events
        ]
