"""What the handlers share: the engine, the keys, the threads, and what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, final

from palate.errors import PalateError
from palate.serve.deploy.deployments import Deployments
from palate.serve.deploy.shadow import Shadows
from palate.serve.drift.drift import Drift
from palate.serve.engine.answers import Answer, ListRequest
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.engine import Engine
from palate.serve.experiments.experiment import Experiment
from palate.serve.experiments.experiments import Experiments
from palate.serve.experiments.ledger import Ledger
from palate.serve.group_worker import GroupWorker
from palate.serve.http.deployed_metrics import DeployedCollector
from palate.serve.http.drift_metrics import DriftCollector
from palate.serve.http.figures import Figures
from palate.serve.http.metrics import Metrics
from palate.serve.keys import Keyring
from palate.serve.lists.lists import Lists
from palate.serve.lists.titled import TitledRows
from palate.serve.policies.policies import Policies
from palate.serve.rates import KeyRates, Rates
from palate.serve.refusals import NotFound, Overloaded
from palate.serve.served.keeper import ServedKeeper
from palate.serve.settings import ServiceSettings
from palate.serve.traces import Traced, untraced

T = TypeVar("T")

MOST_TOGETHER: Final = 16
"""Lists that are made together, at most."""


@dataclass(frozen=True)
class _Listing:
    """A list that is wanted, and whether it can be continued."""

    wanted: ListRequest
    paged: bool


@dataclass(frozen=True, eq=False)
class Chosen:
    """A variant of an experiment, for one user.

    Attributes:
        experiment: The experiment.
        variant: Name of the variant's model.
        model: The model.
    """

    experiment: Experiment
    variant: str
    model: DeployedModel


@final
class Service:
    """A running service.

    Args:
        engine: Answers.
        keyring: Who may ask.
        settings: Limits, and the number of threads.
        served: Keeps the lists that are answered; None: no one does.
        deployments: The models; without it the engine's own, and no others are kept.
        traced: Makes a trace of each request.
        experiments: Who gets which of them; without it they are kept in memory.
        rates: How often each key may ask; without it this process counts by itself.
        policies: Draw lists for models whose run has a policy; without it the best are shown.
    """

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        engine: Engine,
        keyring: Keyring,
        settings: ServiceSettings,
        served: ServedKeeper | None = None,
        deployments: Deployments | None = None,
        traced: Traced = untraced,
        *,
        experiments: Experiments | None = None,
        rates: KeyRates | None = None,
        policies: Policies | None = None,
    ) -> None:
        self.traced = traced
        self.engine, self.keyring, self.settings, self.served = engine, keyring, settings, served
        self.lists = Lists(engine, policies=policies)
        self.titled = TitledRows(engine, self.lists)
        self.metrics, self.figures = Metrics(engine, served), Figures(engine)
        self.streams = 0
        self.deployments = deployments or Deployments(engine)
        self.experiments = experiments or Experiments(Ledger(Path(":memory:")))
        self.drift = Drift(engine)
        self.shadows = Shadows(self.deployments.listed)
        self.metrics.add(DeployedCollector(self.deployments.listed, self.shadows, self.experiments))
        self.metrics.add(DriftCollector(self.drift))
        self.rates: KeyRates = rates or Rates(settings.limits.per_second)
        self.draining = False
        self._pool = ThreadPoolExecutor(settings.threads, "palate-work")
        self._at_work = 0
        self._makers: tuple[GroupWorker[_Listing, Answer], ...] = tuple(
            GroupWorker(self._made, "palate-lists", MOST_TOGETHER) for _ in range(settings.threads)
        )

    def variant_of(self, user: str) -> Chosen | None:
        """Which model an experiment wants for a user; None where none runs."""
        found = self.experiments.variant_of(user)
        if found is None:
            return None
        experiment, name = found
        try:
            return Chosen(experiment, name, self.deployments.now(name).model)
        except NotFound:  # not deployed since the last start: the one that answers does
            return None

    async def in_thread(self, work: Callable[[], T]) -> T:
        """What `work` gives, done in a thread.

        Raises:
            Overloaded: As many as are allowed are at work or waiting.
        """
        with self._one_more():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def listed(self, wanted: ListRequest, paged: bool = False) -> Answer:
        """A list. While one group of lists is being made the next one gathers, and is made in one
        go: so threads do not take the interpreter from each other, and what many lists need is made
        once.

        Args:
            wanted: The list.
            paged: Whether it is one of `Lists`, which can be continued; else the model's own.

        Raises:
            PalateError: As `palate.serve.engine.engine.Engine.recommend`.
            Overloaded: As many as are allowed are at work or waiting.
        """
        with self._one_more():
            worker = min(self._makers, key=GroupWorker.waiting)
            return await asyncio.wrap_future(worker.submit(_Listing(wanted, paged)))

    def close(self) -> None:
        """Let the threads go; the engine is closed by who opened it."""
        self.draining = True
        self._pool.shutdown()
        for worker in self._makers:
            worker.close()
        self.shadows.close()

    def _made(self, listings: Sequence[_Listing]) -> Sequence[Answer | Exception]:
        found = dict[int, Answer | PalateError]()
        for make, paged in ((self.lists.many, True), (self.engine.recommend_many, False)):
            some = [number for number, one in enumerate(listings) if one.paged is paged]
            made = make([listings[number].wanted for number in some]) if some else []
            found |= dict(zip(some, made, strict=True))
        return [found[number] for number in range(len(listings))]

    def overloaded(self) -> Overloaded | None:
        """Why no more is taken on; None while more is."""
        if self._at_work < self.settings.limits.at_once:
            return None
        return Overloaded(
            f"{self._at_work} requests are waiting for an answer", next_step="try again later"
        )

    @contextmanager
    def _one_more(self) -> Iterator[None]:
        refusal = self.overloaded()
        if refusal is not None:
            raise refusal
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1
