"""From a run and the log of its service to the next run, and whether that may answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from annotated_types import Gt, Lt

from palate import store
from palate.data.assemble import read_frames
from palate.errors import BadInput, Refused
from palate.event_store import EventStore, StoredEvent
from palate.pipeline.run import run as run_recipe
from palate.progress import Progress, Silent, Stopwatch
from palate.runs import files
from palate.runs.open import OpenedRun, open_run
from palate.runs.writer import replacing
from palate.serve.data_folder import EVENTS, RECORDS
from palate.serve.engine.histories import RunHistories
from palate.serve.engine.learning import Learnt, Lessons
from palate.serve.engine.taken_up import note_taken_up, taken_up
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.feedback.live_data import LiveData
from palate.serve.feedback.next_log import catalogue_frame, catalogue_now, next_log
from palate.serve.records.store import Records
from palate.serve.refit.gate import Contender, GateResult, GateSettings, verdict
from palate.serve.refit.newest import LogPart, newest_cases
from palate.stages import Scorer

GATE: Final = "gate.json"


@dataclass(frozen=True)
class RefitOptions:
    """How a model is fitted again."""

    model: str = ""
    """The model that is compared; empty: the one of the headline."""
    held_out: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Share of the live events, the newest, that the refit does not learn from; the gate does."""
    gate: GateSettings = field(default_factory=GateSettings)
    """How strict the gate is."""


@dataclass(frozen=True)
class Refitted:
    """What came of it.

    Attributes:
        run: The new run directory.
        model: The model that was compared.
        events: Live events that it learnt from, itself and the run before it.
        held_out: Live events that were held out.
        verdict: What the gate says.
    """

    run: str
    model: str
    events: int
    held_out: int
    verdict: GateResult


def refit(
    run: Path,
    data: Path,
    out: Path,
    options: RefitOptions | None = None,
    progress: Progress | None = None,
) -> Refitted:
    """Fit the run's recipe again on its log and the live events but the newest; compare on those.

    The blocks' rows come from the cache where texts are the same. The new run remembers which live
    events it has, so that a service over the same log does not count them twice.

    Args:
        run: The run that answers.
        data: The folder of its service, which must rest; or a copy of it.
        out: The new run directory.
        options: See there.
        progress: Receives the stages.

    Raises:
        BadInput: There is no run, no log, no such model.
        Refused: There are too few events for the gate; the new run is there, and `gate.json` is
            not.
        Conflict: A service uses the folder.
    """
    options = options or RefitOptions()
    watch = Stopwatch(progress or Silent())
    with watch.stage("read the run and the live log"):
        opened = open_run(run)
        model = options.model or opened.rows(files.SUMMARY).best_model
        opened.scorer(model)
        with ExitStack() as undo:
            events, records = _opened(data, undo)
            stored, before = _all(events), taken_up(opened, events)
            erased, items = records.erased, {r.item: r for r in records.items().records}
        fresh = [one for one in stored if one.offset > before]
        learnt, held = _cut(fresh, options.held_out)
    with watch.stage("put the training set together"):
        live = LiveData([one.event for one in learnt], items, erased, [], {})
        log, _ = next_log(opened, live, RunHistories(opened.data.interactions).leave_out)
        dataset = read_frames(log, catalogue_frame(catalogue_now(opened, live)))
    run_recipe(opened.recipe, out, dataset, progress)
    cut = learnt[-1].offset
    note_taken_up(out, [one for one in stored if one.offset <= cut])
    with watch.stage("compare on the newest events"):
        made = open_run(out)
        cases = newest_cases((opened, before), (made, cut), LogPart(stored, cut, erased))
        found = verdict(
            Contender(_of_now(opened, model, before, learnt), cases.present),
            Contender(made.scorer(model), cases.new),
            cases.users,
            options.gate,
            opened.recipe.seed,
        )
    done = Refitted(str(out), model, len(learnt), len(held), found)
    with replacing(out, [GATE]) as draft:
        store.write_text(draft / GATE, files.RunFile(GATE, Refitted, "palate refit").text(done))
    return done


def _opened(data: Path, undo: ExitStack) -> tuple[EventStore, Records]:
    if not (data / EVENTS).is_file():
        raise BadInput(
            "there is no log of a service",
            where=str(data),
            next_step="give --data of palate serve",
        )
    events = SqliteEvents(data / EVENTS)
    undo.callback(events.close)
    records = Records(data / RECORDS)
    undo.callback(records.close)
    return events, records


def _all(events: EventStore) -> list[StoredEvent]:
    found, after = list[StoredEvent](), 0
    while some := events.read(after):
        found += some
        after = some[-1].offset
    return found


def _cut(
    fresh: Sequence[StoredEvent], share: float
) -> tuple[Sequence[StoredEvent], Sequence[StoredEvent]]:
    n = round(len(fresh) * (1 - share))
    if not 0 < n < len(fresh):
        raise Refused(
            f"{len(fresh):,} new live events cannot be learnt from and compared on",
            where="the live log",
            allowed="some hundreds",
            next_step="wait for more events",
        )
    return fresh[:n], fresh[n:]


def _of_now(opened: OpenedRun, model: str, before: int, learnt: Sequence[StoredEvent]) -> Scorer:
    """The present model as a service has it that learnt from the same events, where it can."""
    log = opened.data.interactions
    lessons = Lessons(opened.data, opened.recipe.clean, RunHistories(log).leave_out)
    return lessons.taught(Learnt(opened.scorer(model), before, log.users), learnt).scorer
