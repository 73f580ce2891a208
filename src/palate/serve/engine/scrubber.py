"""What comes in, without the personal data that the recipe of the run leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from palate.event_store import NewEvent
from palate.protect.privacy.pattern import Kind
from palate.protect.privacy.scrub import scrubbed_value
from palate.serve.events.shapes import Shaped
from palate.serve.records.items import Change, Create, ItemChange


class Scrubber:
    """Scrubs what is kept.

    Args:
        kinds: What is replaced; none: everything is kept as it comes.
    """

    def __init__(self, kinds: Collection[Kind]) -> None:
        self._kinds = kinds

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of an item or a user."""
        return dict(self._scrubbed(fields))

    def changes(self, changes: Sequence[ItemChange]) -> list[ItemChange]:
        """Changes of the catalogue."""
        return [
            replace(one, fields=self.fields(one.fields))
            if isinstance(one, Create | Change)
            else one
            for one in changes
        ]

    def events(self, events: Sequence[NewEvent]) -> Sequence[NewEvent]:
        """Events: their contexts, all of them together."""
        contexts = [one.event.context for one in events]
        found = self._scrubbed(contexts)
        if found is contexts:  # most have none, and time counts
            return events
        return [
            replace(one, event=replace(one.event, context=context))
            for one, context in zip(events, found, strict=True)
        ]

    def shaped(self, shaped: Shaped) -> Shaped:
        """What a file of another service says."""
        return Shaped(
            list(self.events(shaped.events)),
            {
                item: replace(one, fields=self.fields(one.fields))
                for item, one in shaped.items.items()
            },
            {user: self.fields(fields) for user, fields in shaped.users.items()},
        )

    def _scrubbed(self, value: Any) -> Any:
        """The value itself where nothing of it is replaced."""
        return scrubbed_value(value, self._kinds) if self._kinds else value
