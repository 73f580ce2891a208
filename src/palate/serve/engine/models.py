"""The models that stand behind one log, and which of them answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import final

from palate.event_store import StoredEvent
from palate.serve.engine.deployed import DeployedModel


@final
class DeployedModels:
    """All of them follow the log (a `palate.serve.events.log.Follower`) and the catalogue; one
    answers.

    Args:
        first: The one that answers.

    Attributes:
        every: All of them.
        answering: The one that answers; exchanged in one step.
    """

    def __init__(self, first: DeployedModel) -> None:
        self.every: tuple[DeployedModel, ...] = (first,)
        self.answering = first
        self._changing = threading.Lock()

    def of(self, key: str) -> DeployedModel:
        """The model of a key; the one that answers where there is none of it."""
        return next((one for one in self.every if one.key == key), self.answering)

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Let all take up new events."""
        for model in self.every:
            model.follow(events)

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Let all go on as if these events of a user had not been."""
        for model in self.every:
            model.erase(user, events)

    def renew(self, content: bool = True) -> None:
        """Let all make the view of what was said of items up to now."""
        for model in self.every:
            model.renew(content)

    def hide(self) -> None:
        """Let all leave out at once what was hidden by now."""
        for model in self.every:
            model.hide()

    def add(self, model: DeployedModel) -> None:
        """One more; when this returns it knows what the others know."""
        with self._changing:
            self.every = (*self.every, model)
        # what came while it was made, before it followed: its view and its counts are made again
        model.catch_up()

    def answer_with(self, model: DeployedModel) -> None:
        """From now on this one answers; lists that were begun are finished by the one before."""
        self.answering = model

    def remove(self, model: DeployedModel) -> None:
        """Take one away that does not answer."""
        with self._changing:
            self.every = tuple(one for one in self.every if one is not model)
        model.close()

    def close(self) -> None:
        """Learn no more."""
        for model in self.every:
            model.close()
