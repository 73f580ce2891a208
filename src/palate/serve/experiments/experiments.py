"""The experiment that runs: who gets which model, and what comes of their lists."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, final

import msgspec

from palate.event_store import EventStore, StoredEvent
from palate.serve.engine.histories import NO_INTEREST
from palate.serve.experiments.counts import Counts, OfUser, Shares, VariantFigures
from palate.serve.experiments.experiment import Experiment
from palate.serve.experiments.ledger import ExperimentLedger, KeptExperiment, Shown
from palate.serve.group_worker import GroupWorker
from palate.serve.refusals import Conflict, NotFound, Overloaded, Unavailable

_LOG: Final = logging.getLogger("palate.serve")
MOST_EARLY: Final = 20_000
"""Lists of other processes whose answers may come before they do; later ones are passed over."""
LOOK_EVERY: Final = 200
"""Lists between two looks at whether a variant is to be stopped."""


@dataclass(frozen=True)
class ExperimentFigures:
    """An experiment with what came of it.

    Attributes:
        experiment: The experiment.
        running: Whether it does.
        split: How its users were split.
        variants: Figures of each variant.
    """

    experiment: Experiment
    running: bool
    split: Shares
    variants: list[VariantFigures]


@dataclass
class _List:
    """A list whose actions count.

    Attributes:
        user: To whom it was shown.
        own: That user's lists; None for one who came too late to count.
        success: Whether it led to an action already.
        guarded: Whether it led to an action that guards already.
    """

    user: str
    own: OfUser | None
    success: bool = False
    guarded: bool = False


@dataclass(frozen=True)
class _Erased:
    user: str


@final
class Experiments:
    """At most one experiment at a time (a `palate.serve.events.log.Follower`).

    A list counts when it is sent; what was shown in the last second before a kill may be lost, with
    the actions that came of it. An action counts for the list that its `request_id` names, if its
    user is the one that the list was for.

    Where processes share the ledger, each counts the lists of all of them as it reads them there
    (`look_again`), all in one order: so they have the same figures.

    Args:
        ledger: Where experiments are kept.
        store: The log, read from where the experiment began.

    Cost: some 300 bytes of memory for each list that was shown while the experiment runs.
    """

    def __init__(self, ledger: ExperimentLedger, store: EventStore | None = None) -> None:
        self._ledger, self._store = ledger, store
        self._lock = threading.Lock()
        self._lists: dict[str, _List] = {}
        self._early: dict[str, list[StoredEvent]] = {}
        self._counts, self._offset, self._number = Counts(), 0, 0
        self.running: Experiment | None = None
        self._unerased: list[str] = []
        self._looked, self._newcomers = 0, list[tuple[str, OfUser]]()
        self._writer: GroupWorker[Shown | _Erased | None, None] = GroupWorker(
            self._write, "palate-experiments"
        )
        for kept in self._ledger.experiments():
            if kept.figures is None:
                self._begin(kept.experiment)
                self._read_again(kept.experiment)

    def start(self, experiment: Experiment) -> None:
        """Begin to split users.

        Raises:
            BadInput: It is no split.
            Conflict: One runs, or one of this name did.
            Unavailable: It cannot be kept.
        """
        experiment.check()
        offset = 0 if self._store is None else self._store.last_offset()
        experiment = replace(experiment, started=int(time.time()), offset=offset)

        def chosen(every: Sequence[KeptExperiment]) -> KeptExperiment:
            _refuse_second(experiment, every)
            return KeptExperiment(experiment)

        with self._lock:
            self._ledger.change(chosen)
            self._begin(experiment)

    def end(self, name: str) -> None:
        """Split no more; the figures stay.

        Raises:
            NotFound: It does not run.
            Unavailable: It cannot be kept.
        """
        self._know_before()
        with self._lock:
            if self._ledger.shared:
                self._read_on()  # what the others showed up to now
            experiment = self.running
            if experiment is None or experiment.name != name:
                raise _does_not_run(name)
            figures = self._figures(experiment, running=False)

            def chosen(every: Sequence[KeptExperiment]) -> KeptExperiment:
                if name not in {one.experiment.name for one in every if one.figures is None}:
                    raise _does_not_run(name)  # another process ended it
                return KeptExperiment(experiment, figures)

            self._ledger.change(chosen)
            self.running = None

    def variant_of(self, user: str) -> tuple[Experiment, str] | None:
        """The experiment that runs and the variant of a user; None without either."""
        experiment = self.running
        return None if experiment is None or not user else (experiment, experiment.served_to(user))

    def show(self, experiment: Experiment, user: str, request: str) -> None:
        """A list of the user's variant is shown."""
        with self._lock:
            if experiment is not self.running or experiment.variant_of(user) in experiment.stopped:
                return
            if not self._ledger.shared:
                self._count(user, request)
        with suppress(Overloaded, Unavailable):  # it is counted here until the next start
            self._writer.submit(Shown(request, experiment.name, user))

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Count actions."""
        if self.running is not None:
            with self._lock:
                self._follow(events)

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Count the user's lists as somebody's, and forget whose they were."""
        if not user:
            return  # another process erased somebody, and wrote it into the ledger that all read
        if not self._ledger.shared:  # else it is read there, by all processes alike
            with self._lock:
                self._lists = {k: one for k, one in self._lists.items() if one.user != user}
                self._forget(user, "")
        try:
            self._writer.submit(_Erased(user))
        except (Overloaded, Unavailable):
            self._unerased.append(user)

    def look_again(self) -> None:
        """Take up what other processes began, ended, showed and erased.

        Raises:
            Unavailable: The ledger cannot be read.
        """
        if not self._ledger.shared:
            return
        if self._unerased:
            self._writer.submit(None)  # the ledger was away
        with self._lock:
            self._read_on()

    def figures(self) -> list[ExperimentFigures]:
        """Of every experiment, as of now; of those that ended, as of then."""
        found = []
        self._know_before()
        with self._lock:
            for kept in self._ledger.experiments():
                if kept.figures is not None:
                    found.append(_ended(kept))
                elif self.running is not None:
                    found.append(self._figures(self.running, running=True))
        return found

    def flush(self) -> None:
        """Until all that was shown is kept, or cannot be."""
        self._writer.submit(None).result()

    def close(self) -> None:
        """Keep what was shown, and let the file go."""
        self._writer.close()
        self._ledger.close()

    def _begin(self, experiment: Experiment) -> None:
        self._lists, self._counts, self._offset = {}, Counts(), experiment.offset
        self._early, self._number, self._newcomers = {}, 0, []
        self.running = experiment

    def _read_on(self) -> None:
        running = [k.experiment for k in self._ledger.experiments() if k.figures is None]
        if not running:
            self.running = None
        elif running[0] != self.running:
            self._begin(running[0])
            self._read_again(running[0])
        else:
            self._take(self._ledger.shown(running[0].name, self._number))

    def _take(self, shown: Sequence[Shown]) -> None:
        """Count lists in the order of the ledger; one that is known already is somebody's now."""
        for one in shown:
            self._number = max(self._number, one.number)
            known = self._lists.get(one.request)
            if known is None:
                self._count(one.user, one.request)
            elif known.user != one.user:
                self._forget(known.user, one.user)
                self._lists[one.request] = replace(known, user=one.user)

    def _forget(self, user: str, name: str) -> None:
        """Call a user otherwise."""
        for own in self._counts.users.values():
            if user in own:
                own[name or f"erased {len(own)}"] = own.pop(user)

    def _read_again(self, experiment: Experiment) -> None:
        self._take(self._ledger.shown(experiment.name))
        while self._store is not None and (events := self._store.read(self._offset)):
            self._follow(events)

    def _count(self, user: str, request: str) -> None:
        assert self.running is not None  # noqa: S101 - the callers looked
        own = self._counts.of(self.running, user)
        if own is not None:
            if not own.lists:
                self._newcomers.append((user, own))
            own.lists += 1
        self._lists[request] = _List(user, own)
        for stored in self._early.pop(request, ()):
            self._answered(stored, self._lists[request])

    def _follow(self, events: Sequence[StoredEvent]) -> None:
        for stored in events:
            request = stored.event.request
            if stored.offset <= self._offset or not request:
                continue
            shown = self._lists.get(request)
            if shown is not None:
                self._answered(stored, shown)
            elif self._ledger.shared and len(self._early) < MOST_EARLY:
                self._early.setdefault(request, []).append(stored)
        if events:
            self._offset = max(self._offset, events[-1].offset)

    def _answered(self, stored: StoredEvent, shown: _List) -> None:
        event = stored.event
        if shown.own is None or event.user != shown.user:
            return
        if self.running is not None and event.action in self.running.guards:
            shown.own.guarded += not shown.guarded
            shown.guarded = True
        if not self._counts_as(event.action):
            return
        shown.own.actions += 1
        shown.own.successes += not shown.success
        shown.success = True

    def _counts_as(self, action: str) -> bool:
        running = self.running
        if running is None or action in running.guards:
            return False
        return action in running.actions if running.actions else action not in NO_INTEREST

    def _know_before(self) -> None:
        """Read what newcomers did before the experiment; no list waits for it."""
        with self._lock:
            running, newcomers, self._newcomers = self.running, self._newcomers, []
        if self._store is not None and running is not None:
            for user, own in newcomers:
                own.before = self._done_before(self._store, running, user)

    def _done_before(self, store: EventStore, experiment: Experiment, user: str) -> float:
        """How much a user did before the experiment, as a logarithm."""
        done = [e for e in store.of_user(user) if e.offset <= experiment.offset]
        return math.log1p(sum(self._counts_as(e.event.action) for e in done))

    def _stop_harmful(self) -> None:
        """Take variants out of the experiment that are clearly worse than the first one."""
        with self._lock:
            running = self.running
            if running is None:
                return
            found = self._counts.figures(running)[1:]
            bad = [one.variant for one in found if one.harmful]
            new = tuple(one for one in bad if one not in running.stopped)
            if not new:
                return

            def chosen(every: Sequence[KeptExperiment]) -> KeptExperiment:
                for kept in every:
                    if kept.experiment.name == running.name and kept.figures is None:
                        stopped = tuple(dict.fromkeys((*kept.experiment.stopped, *new)))
                        return KeptExperiment(replace(kept.experiment, stopped=stopped))
                raise _does_not_run(running.name)  # another process ended it

            self._ledger.change(chosen)
            self.running = replace(running, stopped=(*running.stopped, *new))
        _LOG.warning("experiment %s: %s stopped, clearly worse", running.name, ", ".join(new))

    def _figures(self, experiment: Experiment, running: bool) -> ExperimentFigures:
        counts = self._counts
        return ExperimentFigures(
            experiment, running, counts.split(experiment), counts.figures(experiment)
        )

    def _write(self, jobs: Sequence[Shown | _Erased | None]) -> list[None]:
        self._unerased += [job.user for job in jobs if isinstance(job, _Erased)]
        try:
            self._ledger.add([job for job in jobs if isinstance(job, Shown)])
            while self._unerased:
                self._ledger.erase(self._unerased[0])
                del self._unerased[0]
            if len(self._lists) >= self._looked + LOOK_EVERY or len(self._lists) < self._looked:
                self._looked = len(self._lists)
                self._stop_harmful()
            self._know_before()
        except (Unavailable, NotFound) as error:
            _LOG.warning("lists of the experiment are not kept: %s", error.what)
        return [None] * len(jobs)


def _does_not_run(name: str) -> NotFound:
    return NotFound(f'there is no experiment "{name}" that runs', where="experiment")


def _refuse_second(experiment: Experiment, every: Sequence[KeptExperiment]) -> None:
    running = [one.experiment.name for one in every if one.figures is None]
    if running:
        raise Conflict(
            f'the experiment "{running[0]}" runs',
            where="name",
            next_step=f"end it: DELETE /v1/experiments/{running[0]}",
        )
    if experiment.name in {one.experiment.name for one in every}:
        raise Conflict(
            f'there was an experiment "{experiment.name}" already',
            where="name",
            next_step="give another name",
        )


def _ended(kept: KeptExperiment) -> ExperimentFigures:
    return msgspec.convert(_with_nan(kept.figures), type=ExperimentFigures)


def _with_nan(value: object) -> object:
    """JSON has null for what is no number."""
    if isinstance(value, dict):
        return {key: _with_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_nan(inner) for inner in value]
    return float("nan") if value is None else value
