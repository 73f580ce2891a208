"""Models: listed, deployed, asked besides, rolled back, taken away."""

from __future__ import annotations

import asyncio

from palate.serve.deploy.deployments import DeployedNow
from palate.serve.http.bodies import ModelBody
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import ModelReply, ModelsReply, ShadowReply
from palate.serve.http.service import Service
from palate.serve.refusals import Conflict


async def listed(service: Service, call: Call) -> ModelsReply:
    """All of them."""
    models = service.deployments.listed()
    answering = next(one.deployment.name for one in models if one.use == "answering")
    return ModelsReply(answering, [_reply(service, one) for one in models])


async def deploy(service: Service, call: Call) -> ModelReply:
    """Check a run, open it, use it."""
    body: ModelBody = call.body
    name = await asyncio.to_thread(
        service.deployments.deploy, body.run, body.model or "", body.name or "", body.use
    )
    return _reply(service, service.deployments.now(name))


async def answer(service: Service, call: Call) -> ModelReply:
    """Let a deployed model answer."""
    await asyncio.to_thread(service.deployments.use, call.id, "answering")
    return _reply(service, service.deployments.now(call.id))


async def shadow(service: Service, call: Call) -> ModelReply:
    """Let it be asked besides."""
    await asyncio.to_thread(service.deployments.use, call.id, "shadow")
    return _reply(service, service.deployments.now(call.id))


async def rest(service: Service, call: Call) -> ModelReply:
    """Let it be asked no more."""
    await asyncio.to_thread(service.deployments.use, call.id, "ready")
    return _reply(service, service.deployments.now(call.id))


async def roll_back(service: Service, call: Call) -> ModelReply:
    """Let the one before answer again."""
    before = service.deployments.answering
    name = await asyncio.to_thread(service.deployments.roll_back)
    running = service.experiments.running
    if running is not None and before in {one.model for one in running.variants}:
        await asyncio.to_thread(service.experiments.end, running.name)
    return _reply(service, service.deployments.now(name))


async def delete(service: Service, call: Call) -> None:
    """Take it away."""
    running = service.experiments.running
    if running is not None and call.id in {one.model for one in running.variants}:
        raise Conflict(
            f'the experiment "{running.name}" needs the model "{call.id}"',
            where="model",
            next_step=f"end it: DELETE /v1/experiments/{running.name}",
        )
    await asyncio.to_thread(service.deployments.remove, call.id)


def _reply(service: Service, one: DeployedNow) -> ModelReply:
    deployment, view = one.deployment, one.model.view
    figures, shadow = service.shadows.figures.get(deployment.name), None
    if figures is not None:
        made = max(figures.lists, 1)
        shadow = ShadowReply(
            figures.lists,
            figures.failed,
            round(figures.overlap / made, 4),
            round(1000 * figures.seconds / made, 3),
            round(1000 * figures.slowest, 3),
        )
    return ModelReply(
        deployment.name,
        one.model.opened.folder.name,
        deployment.model,
        one.use,
        deployment.since,
        len(view.items.catalogue) - len(view.items.deleted),
        one.model.learns,
        shadow,
    )


OPERATIONS = (
    Operation(
        "list_models",
        "GET",
        "/v1/models",
        "The deployed models, and which of them answers.",
        ModelsReply,
        "read",
        handler=listed,
    ),
    Operation(
        "deploy_model",
        "POST",
        "/v1/models",
        "Check every byte of a run in the folder of runs, open it in a process of its own and then"
        " here, and let it answer; what is damaged is refused, and what answered goes on.",
        ModelReply,
        "admin",
        handler=deploy,
        body=ModelBody,
        status=201,
        refusals=(409,),
        example={"run": "clicks-2", "use": "shadow"},
    ),
    Operation(
        "roll_back",
        "POST",
        "/v1/models/roll-back",
        "Let the model answer again that answered before; an experiment with the one that answered"
        " ends.",
        ModelReply,
        "admin",
        handler=roll_back,
        refusals=(409,),
    ),
    Operation(
        "answer_with_model",
        "POST",
        "/v1/models/{id}/deploy",
        "Let a deployed model answer from now on.",
        ModelReply,
        "admin",
        handler=answer,
        refusals=(404,),
    ),
    Operation(
        "shadow_model",
        "POST",
        "/v1/models/{id}/shadow",
        "Ask a deployed model besides, for comparison; no one sees its lists.",
        ModelReply,
        "admin",
        handler=shadow,
        refusals=(404, 409),
    ),
    Operation(
        "rest_model",
        "POST",
        "/v1/models/{id}/rest",
        "Ask a deployed model no more; it stays ready.",
        ModelReply,
        "admin",
        handler=rest,
        refusals=(404, 409),
    ),
    Operation(
        "delete_model",
        "DELETE",
        "/v1/models/{id}",
        "Take a model away that does not answer; its run stays where it is.",
        None,
        "admin",
        handler=delete,
        status=204,
        refusals=(404, 409),
    ),
)
