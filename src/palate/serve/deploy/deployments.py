"""Deploying, taking back and deleting models while the service runs."""

from __future__ import annotations

import logging
import re
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from palate.errors import BadInput, PalateError, Refused, nearest
from palate.runs.open import OpenedRun, open_run
from palate.serve.deploy.checked import checked
from palate.serve.deploy.record import (
    DeployedRecord,
    Deployment,
    Use,
    read_record,
    write_record,
)
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.engine import Engine
from palate.serve.refusals import Conflict, NotFound

_LOG: Final = logging.getLogger("palate.serve")
NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
"""How a deployed model may be called."""
_WARMED: Final = 8


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

    Args:
        engine: Whose models they are; it has the run of the start.
        path: Where it is kept what is deployed; None: nowhere.
        runs: The folder of runs that may be deployed; None: none may.
    """

    def __init__(self, engine: Engine, path: Path | None = None, runs: Path | None = None) -> None:
        self._engine, self._path, self._runs = engine, path, runs
        self._changing, self._opening = threading.RLock(), threading.Lock()
        base = _of_start(engine.answering)
        self._record = DeployedRecord(base, answering=base.name)
        self._models = {base.name: engine.answering}
        found = None if path is None else read_record(path)
        if found is not None and _same(found.base, base):
            self._restore(found)
        if found != self._record:
            self._keep(self._record)

    def listed(self) -> list[DeployedNow]:
        """All of them, the run of the start first."""
        with self._changing:
            record, models = self._record, self._models
        return [DeployedNow(one, models[one.name], _use(record, one.name)) for one in _all(record)]

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
                raise Conflict(
                    f'there is a model "{name}" already',
                    where="name",
                    next_step="give another name, or delete that one",
                )
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
            self._put(_used(self._record, name, use))

    def roll_back(self) -> str:
        """Let the model answer that answered before, also where that cannot be kept.

        Returns:
            Its name.

        Raises:
            Conflict: None did.
            Unavailable: It answers, and it cannot be kept that it does.
        """
        with self._changing:
            if not self._record.before:
                raise Conflict("no model answered before this one", where="model")
            *before, last = self._record.before
            shadows = tuple(one for one in self._record.shadows if one != last)
            self._record = replace(
                self._record, answering=last, before=tuple(before), shadows=shadows
            )
            self._engine.models.answer_with(self._models[last])
            self._keep(self._record)
            return last

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
            self._put(_without(record, name))
            self._engine.models.remove(self._models.pop(name))

    def _add(self, now: Deployment, made: DeployedModel, use: Use) -> None:
        with self._changing:
            record = replace(self._record, others=(*self._record.others, now))
            self._models = {**self._models, now.name: made}
            try:
                self._put(_used(record, now.name, use))
            except BaseException:
                self._models = {k: v for k, v in self._models.items() if k != now.name}
                raise

    def _put(self, record: DeployedRecord) -> None:
        """Keep it, then do it: what was answered is so after a restart."""
        self._keep(record)
        self._record = record
        self._engine.models.answer_with(self._models[record.answering])

    def _keep(self, record: DeployedRecord) -> None:
        if self._path is not None:
            write_record(self._path, record)

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
        """What was deployed before the restart; what cannot be opened any more is left out, said
        in the log, and never the reason not to start.
        """
        record = found
        for one in found.others:
            try:
                made = self._opened_again(one)
            except Exception as error:  # whatever the folder has become
                what = error.what if isinstance(error, PalateError) else repr(error)
                _LOG.warning("the model %s is not deployed any more: %s", one.name, what)
                record = _without(record, one.name)
                continue
            self._engine.models.add(made)
            self._models[one.name] = made
        self._record = record
        self._engine.models.answer_with(self._models[record.answering])

    def _opened_again(self, one: Deployment) -> DeployedModel:
        folder = Path(one.run)
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


def _same(one: Deployment, other: Deployment) -> bool:
    return (one.run, one.model, one.digest) == (other.run, other.model, other.digest)


def _all(record: DeployedRecord) -> tuple[Deployment, ...]:
    return (record.base, *record.others)


def _use(record: DeployedRecord, name: str) -> Use:
    if name == record.answering:
        return "answering"
    return "shadow" if name in record.shadows else "ready"


def _used(record: DeployedRecord, name: str, use: Use) -> DeployedRecord:
    shadows = tuple(one for one in record.shadows if one != name)
    if use == "answering" and name != record.answering:
        before = (*(one for one in record.before if one != name), record.answering)
        return replace(record, answering=name, before=before, shadows=shadows)
    return replace(record, shadows=(*shadows, name) if use == "shadow" else shadows)


def _without(record: DeployedRecord, name: str) -> DeployedRecord:
    """The record without a model; if it answered, the one before it does."""
    others = tuple(one for one in record.others if one.name != name)
    before = tuple(one for one in record.before if one != name)
    shadows = tuple(one for one in record.shadows if one != name)
    answering = record.answering
    if answering == name:
        answering, before = (before[-1], before[:-1]) if before else (record.base.name, ())
    return replace(record, others=others, answering=answering, before=before, shadows=shadows)


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
