"""Leave the last event of each user out, as the literature on sequences does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge

from palate.data.splits.assemble import TEST, TRAIN, VALIDATION, Rules, assemble
from palate.data.splits.liked import Liked
from palate.data.splits.sequences import positions_in
from palate.tables import Interactions, Split


@dataclass(frozen=True)
class LeaveLastOutSettings(Liked):
    """Settings of `split.leave_last_out.v1`."""

    min_events: Annotated[int, Ge(3)] = 3
    """Users with fewer events are only trained on."""
    test_history: Literal["train+validation", "train"] = "train+validation"
    """What a test case looks back on: all but the last event, or the training events alone."""
    candidates: Literal["all", "train"] = "all"
    """Whether all items compete, or only those with a training event."""
    n_validation_users: Annotated[int, Ge(1)] | None = None
    """Most validation cases, chosen by the seed. None: all."""


class LeaveLastOut:
    """Each user's last event is the test target, the one before it the validation target, the rest
    training.

    For a user's events s in order of time (ties in the order of the file): training s[:-2];
    validation asks for s[-2] given s[:-2]; test asks for s[-1] given s[:-1]. Seen items are masked,
    so a target that the user had before cannot be recommended and counts as a miss, as in the
    published code.

    Use `split.time.v1` where absolute figures matter: here models train on events that happen after
    many of the test targets. Without times the order of the file is taken as the order of events.

    Cost: two sorts of the log.

    >>> from palate.tables import Vocabulary
    >>> items = Vocabulary.of("abcd")
    >>> user, item = np.zeros(4, np.int32), np.arange(4, dtype=np.int32)
    >>> log = Interactions(Vocabulary.of(["u"]), items, user, item, np.ones(4, np.float32))
    >>> split = LeaveLastOut().split(log, seed=0)
    >>> split.train.item.tolist()
    [0, 1]
    >>> split.validation.targets[0].tolist(), split.test.open("inspect").targets[0].tolist()
    ([2], [3])

    Kang & McAuley, Self-attentive sequential recommendation, ICDM 2018.
    """

    Settings = LeaveLastOutSettings

    def __init__(self, settings: LeaveLastOutSettings | None = None) -> None:
        self.settings = settings or LeaveLastOutSettings()

    def split(self, log: Interactions, seed: int) -> Split:
        """Part the log; the seed only chooses validation cases, if they are capped.

        Raises:
            Refused: No user has enough events.
        """
        s = self.settings
        found = positions_in(log.user, log.in_time_order(), log.n_users)
        mark = np.full(len(log), TRAIN)
        long_enough = found.size >= s.min_events
        mark[long_enough & (found.from_end() == 1)] = TEST
        mark[long_enough & (found.from_end() == 2)] = VALIDATION
        rules = Rules(
            liked=s,
            known_items_only=s.candidates == "train",
            test_sees_validation=s.test_history == "train+validation",
            n_validation_users=s.n_validation_users,
        )
        return assemble(log, mark, rules, seed, notes=self._notes(log))

    def _notes(self, log: Interactions) -> tuple[str, ...]:
        events = np.bincount(log.user, minlength=log.n_users)
        short = int(((events > 0) & (events < self.settings.min_events)).sum())
        notes = []
        if short:
            notes.append(
                f"{short:,} users with fewer than {self.settings.min_events} events are only"
                " trained on."
            )
        if log.time is None:
            notes.append(
                "The log has no times: the order of the file is taken as the order of events."
            )
        return tuple(notes)
