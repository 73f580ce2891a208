"""Experiments: begun, looked at, ended."""

from __future__ import annotations

import asyncio

from palate.serve.experiments.counts import VariantFigures, plain_number
from palate.serve.experiments.experiment import Experiment, VariantShare
from palate.serve.experiments.experiments import ExperimentFigures
from palate.serve.http.bodies import ExperimentBody
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import ExperimentReply, ExperimentsReply, VariantReply
from palate.serve.http.service import Service
from palate.serve.refusals import NotFound


async def listed(service: Service, call: Call) -> ExperimentsReply:
    """All of them with their figures."""
    found = await asyncio.to_thread(service.experiments.figures)
    return ExperimentsReply([_reply(one) for one in found])


async def start(service: Service, call: Call) -> ExperimentReply:
    """Split users from now on."""
    body: ExperimentBody = call.body
    variants = tuple(VariantShare(one.model, one.share) for one in body.variants)
    for one in variants:
        service.deployments.now(one.model)
    experiment = Experiment(
        body.name,
        variants,
        int(body.planned_users),
        tuple(body.actions),
        guards=tuple(body.guards),
    )
    await asyncio.to_thread(service.experiments.start, experiment)
    return await _now(service, body.name)


async def end(service: Service, call: Call) -> ExperimentReply:
    """Split no more."""
    await asyncio.to_thread(service.experiments.end, call.id)
    return await _now(service, call.id)


async def _now(service: Service, name: str) -> ExperimentReply:
    for one in await asyncio.to_thread(service.experiments.figures):
        if one.experiment.name == name:
            return _reply(one)
    raise NotFound(f'there is no experiment "{name}"', where="experiment")


def _reply(found: ExperimentFigures) -> ExperimentReply:
    one = found.experiment
    return ExperimentReply(
        one.name,
        found.running,
        one.started,
        list(one.actions),
        list(one.guards),
        found.split.users,
        one.planned_users,
        plain_number(found.split.p),
        [_variant(one, v) for v in found.variants],
    )


def _variant(experiment: Experiment, figures: VariantFigures) -> VariantReply:
    share = {one.model: one.share for one in experiment.variants}[figures.variant]
    return VariantReply(
        figures.variant,
        share,
        figures.users,
        figures.lists,
        figures.successes,
        figures.actions,
        plain_number(figures.rate),
        plain_number(figures.low),
        plain_number(figures.high),
        plain_number(figures.difference),
        plain_number(figures.difference_low),
        plain_number(figures.difference_high),
        plain_number(figures.p),
        plain_number(figures.guard),
        plain_number(figures.guard_low),
        figures.verdict,
    )


OPERATIONS = (
    Operation(
        "list_experiments",
        "GET",
        "/v1/experiments",
        "Every experiment with the figures of its variants; those of one that runs are of now.",
        ExperimentsReply,
        "read",
        handler=listed,
    ),
    Operation(
        "start_experiment",
        "POST",
        "/v1/experiments",
        "Split users between deployed models from now on; each user always gets the same one.",
        ExperimentReply,
        "admin",
        handler=start,
        body=ExperimentBody,
        status=201,
        refusals=(404, 409),
        example={
            "name": "words",
            "variants": [{"model": "clicks", "share": 0.5}, {"model": "clicks-2", "share": 0.5}],
            "planned_users": 2000,
        },
    ),
    Operation(
        "end_experiment",
        "DELETE",
        "/v1/experiments/{id}",
        "Split no more: everybody gets the model that answers; the figures stay.",
        ExperimentReply,
        "admin",
        handler=end,
        refusals=(404,),
    ),
)
