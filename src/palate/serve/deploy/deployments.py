"""Deploying, taking back and deleting models while the service runs."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias, final

import msgspec

from palate.errors import BadInput, PalateError, Refused, nearest
from palate.runs.open import OpenedRun, open_run
from palate.serve.deploy.checked import checked
from palate.serve.deploy.record import (
    Decide,
    DeployedRecord,
    Deployment,
    Use,
    change_record,
    read_record,
)
from palate.serve.deploy.record_changes import (
    all_of,
    name_is_taken,
    rolled_back,
    same_start,
    use_of,
    used,
    with_one_more,
    without,
)
from palate.serve.documents import Document, Found, Mark
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.engine import Engine
from palate.serve.refusals import Conflict, NotFound, Unavailable

_LOG: Final = logging.getLogger("palate.serve")
NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
"""How a deployed model may be called."""
_WARMED: Final = 8

DocumentOf: TypeAlias = Callable[[Deployment], Document]
"""A run of the start -> the document of what is deployed over it."""


@dataclass(frozen=True, eq=False)
class DeployedNow:
    """A deployed model with what it is used for.

    Attributes:
        deployment: What the record says of it.
        model: The model.
        use: What it does.
    """

    deployment: Deployment
    model: DeployedModel
    use: Use


@final
class Deployments:
    """The models of one service by name; what is deployed is the same after a restart.

    The run that the service is started with is always among them. Where it is another one than at
    the last start, the start counts: what was deployed over the other one is not deployed again.
    Processes that share what is deployed have the same run of the start; what one changes, the
    others take up when they look.

    Args:
        engine: Whose models they are; it has the run of the start.
        kept: Gives the document that keeps what is deployed over a run of the start; None: nothing
            does.
        runs: The folder of runs that may be deployed; None: none may.
    """

    def __init__(
        self, engine: Engine, kept: DocumentOf | None = None, runs: Path | None = None
    ) -> None:
        self._engine, self._runs = engine, runs
        self._changing, self._opening = threading.RLock(), threading.Lock()
        base = _of_start(engine.answering)
        self._record = DeployedRecord(base, answering=base.name)
        self._models = {base.name: engine.answering}
        self._kept = None if kept is None else kept(base)
        self._mark: Mark = ()
        self._unkept = False
        if self._kept is None:
            return
        found = read_record(self._kept)
        if found is not None and same_start(found.base, base, by_path=not self._kept.shared):
            if not self._kept.shared:  # as it was: a start on a full disk has nothing to keep
                self._record = replace(self._record, base=found.base)
            self._restore(found)
        if found != self._record and not self._kept.shared:
            self._keep(lambda record: record)

    def look_again(self) -> None:
        """Take up what other processes deployed, took back or deleted; a model is opened first.

        Raises:
            Unavailable: The server that has it does not answer.
        """
        if self._kept is None or not self._kept.shared:
            return
        if self._unkept:  # rolled back while the server was away
            self._keep(lambda _: self._record)
            self._unkept = False
        found = self._kept.look(self._mark)
        if found is not None and self._taken_up(self._kept, found):
            self._mark = found.mark

    def listed(self) -> list[DeployedNow]:
        """All of them, the run of the start first."""
        with self._changing:
            record, models = self._record, self._models
        return [
            DeployedNow(one, models[one.name], use_of(record, one.name)) for one in all_of(record)
        ]

    @property
    def answering(self) -> str:
        """Name of the one that answers."""
        return self._record.answering

    def now(self, name: str) -> DeployedNow:
        """One of them.

        Raises:
            NotFound: There is none of this name.
        """
        found = {one.deployment.name: one for one in self.listed()}
        if name not in found:
            raise NotFound(
                f'there is no model "{name}"',
                where="model",
                allowed=", ".join(found),
                next_step=nearest(name, found) or "deploy it: POST /v1/models",
            )
        return found[name]

    def deploy(self, run: str, model: str = "", name: str = "", use: Use = "answering") -> str:
        """Check a run, open it beside what answers, and use it.

        Args:
            run: A folder below the folder of runs.
            model: Its model; empty for the one of the headline.
            name: What it is called from now on; empty for the name of its folder.
            use: What it shall do.

        Returns:
            Its name.

        Raises:
            BadInput: It is no such folder, no whole run, damaged, or of other items; what answered
                goes on.
            Refused: No folder of runs was named at the start.
            Conflict: The name is taken, or another model is being deployed.
            Unavailable: It cannot be kept what is deployed.

        Cost: see `palate.serve.deploy.checked.checked`, and opening the run once more here.
        """
        folder = self._folder(run)
        name = _allowed(name or folder.name)
        if not self._opening.acquire(blocking=False):
            raise Conflict("another model is being deployed", next_step="try again later")
        try:
            if name in self._models:
                raise name_is_taken(name)
            fit = checked(folder, model)
            made = self._opened(folder, fit.model)
            now = Deployment(name, str(folder), fit.model, fit.digest, int(time.time()))
            self._engine.models.add(made)
            try:
                self._add(now, made, use)
            except BaseException:
                self._engine.models.remove(made)
                raise
        finally:
            self._opening.release()
        return name

    def use(self, name: str, use: Use) -> None:
        """Let a deployed model answer, or be asked besides, or neither; it takes no time.

        Raises:
            NotFound: There is none of this name.
            Conflict: It answers, and something has to.
            Unavailable: It cannot be kept what is deployed.
        """
        with self._changing:
            self.now(name)
            if name == self._record.answering and use != "answering":
                raise _answers(name)
            self._put(lambda record: used(record, name, use))

    def roll_back(self) -> str:
        """Let the model answer that answered before, also where that cannot be kept.

        Returns:
            Its name.

        Raises:
            Conflict: None did.
            Unavailable: It answers, and it cannot be kept that it does.
        """
        with self._changing:
            try:
                self._put(rolled_back)
            except Unavailable:
                self._record = rolled_back(self._record)
                self._engine.models.answer_with(self._models[self._record.answering])
                self._unkept = True
                raise
            return self._record.answering

    def remove(self, name: str) -> None:
        """Take a model away; its run stays where it is.

        Raises:
            NotFound: There is none of this name.
            Conflict: It answers, or the service was started with it.
            Unavailable: It cannot be kept what is deployed.
        """
        with self._changing:
            self.now(name)
            record = self._record
            if name == record.answering:
                raise _answers(name)
            if name == record.base.name:
                raise Conflict(f'the service was started with "{name}"', where="model")
            self._put(lambda record: without(record, name))
            self._engine.models.remove(self._models.pop(name))

    def _add(self, now: Deployment, made: DeployedModel, use: Use) -> None:
        with self._changing:
            self._models = {**self._models, now.name: made}
            try:
                self._put(lambda record: used(with_one_more(record, now), now.name, use))
            except BaseException:
                self._models = {k: v for k, v in self._models.items() if k != now.name}
                raise

    def _put(self, decide: Decide) -> None:
        """Keep it, then do it: what was answered is so after a restart."""
        self._set(self._keep(decide))

    def _set(self, record: DeployedRecord) -> None:
        """Do it, as far as the models are open here."""
        for one in record.others:
            if one.name not in self._models:
                record = without(record, one.name)
        self._record = replace(record, base=self._record.base)
        self._engine.models.answer_with(self._models[record.answering])

    def _keep(self, decide: Decide) -> DeployedRecord:
        if self._kept is None:
            return decide(self._record)
        return change_record(self._kept, self._record, decide)

    def _taken_up(self, kept: Document, found: Found) -> bool:
        """Whether what was found was still so when its models were open."""
        if found.content is None:
            return True
        record = msgspec.json.decode(found.content, type=DeployedRecord)
        opened = self._open(record)
        with self._changing:
            self._models = {**self._models, **opened}
            if kept.look(found.mark) is not None:
                return False
            wanted = {one.name for one in all_of(record)}
            gone = [name for name in self._models if name not in wanted]
            self._set(record)
            for name in gone:
                self._engine.models.remove(self._models.pop(name))
        return True

    def _open(self, found: DeployedRecord) -> dict[str, DeployedModel]:
        """Those that are not open yet; what cannot be opened is left out, and said in the log."""
        opened: dict[str, DeployedModel] = {}
        for one in found.others:
            if one.name in self._models:
                continue
            try:
                made = self._opened_again(one)
            except Exception as error:  # whatever the folder has become
                what = error.what if isinstance(error, PalateError) else repr(error)
                _LOG.warning("the model %s is not deployed here: %s", one.name, what)
                continue
            self._engine.models.add(made)
            opened[one.name] = made
        return opened

    def _opened(self, folder: Path, model: str) -> DeployedModel:
        opened = open_run(folder)
        self._refuse_foreign(opened)
        made = self._engine.opened_model(opened, model)
        for item in opened.data.catalogue.items.ids[:_WARMED]:  # the first lists read the files
            made.recommend(ListRequest(history=(item,)))
        return made

    def _refuse_foreign(self, opened: OpenedRun) -> None:
        known = self._engine.opened.data.catalogue.items.row_of
        if not any(item in known for item in opened.data.catalogue.items.ids):
            raise BadInput(
                "the run has no item in common with the model that answers: it is of other data",
                where=str(opened.folder),
                next_step="deploy a run of the same catalogue",
            )

    def _folder(self, run: str) -> Path:
        if self._runs is None:
            raise Refused(
                "no folder of runs was named when the service was started",
                where="run",
                next_step="palate serve RUN --runs FOLDER",
            )
        runs = self._runs.resolve()
        folder = (runs / run).resolve()
        if folder == runs or not folder.is_relative_to(runs) or not folder.is_dir():
            raise BadInput(
                f'there is no run "{run}" in the folder of runs',
                where="run",
                allowed=", ".join(sorted(p.name for p in runs.iterdir() if p.is_dir())[:20])
                if runs.is_dir()
                else "none: there is no such folder",
            )
        return folder

    def _restore(self, found: DeployedRecord) -> None:
        """What was deployed before the restart; what cannot be opened any more is never the reason
        not to start.
        """
        self._models |= self._open(found)
        self._set(found)

    def _opened_again(self, one: Deployment) -> DeployedModel:
        folder = Path(one.run)
        if not folder.is_dir() and self._runs is not None:  # deployed on another machine
            folder = self._runs / folder.name
        if _digest(open_run(folder)) != one.digest:  # its files were exchanged since
            checked(folder, one.model)
        return self._opened(folder, one.model)


def _of_start(model: DeployedModel) -> Deployment:
    opened = model.opened
    folder = opened.folder.resolve()
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", folder.name).lstrip(".-")[:64] or "start"
    return Deployment(name, str(folder), model.model, _digest(opened), int(time.time()))


def _digest(opened: OpenedRun) -> str:
    return opened.manifest.sha256


def _allowed(name: str) -> str:
    if re.fullmatch(NAME, name):
        return name
    raise BadInput(
        f'a model cannot be called "{name}"',
        where="name",
        allowed="up to 64 letters, digits, and . _ - inside",
    )


def _answers(name: str) -> Conflict:
    return Conflict(
        f'the model "{name}" answers',
        where="model",
        next_step="let another one answer first: POST /v1/models/{name}/deploy",
    )
