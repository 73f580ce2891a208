"""Drift: how far what happens now is from what the model learnt of."""

from __future__ import annotations

from palate.serve.drift.stability import Stability
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import DriftReply, StabilityReply
from palate.serve.http.service import Service


def drift(service: Service, call: Call) -> DriftReply:
    """As of now."""
    found = service.drift.figures()
    return DriftReply(
        found.model,
        found.events,
        found.lists,
        {name: _reply(one) for name, one in found.blocks.items()},
        None if found.scores is None else _reply(found.scores),
        round(found.unknown_items, 6),
        round(found.unknown_users, 6),
        list(found.alarms),
    )


def _reply(one: Stability) -> StabilityReply:
    noise = None if one.of_noise == float("inf") else round(one.of_noise, 6)
    return StabilityReply(round(one.psi, 6), noise, one.alarm)


OPERATIONS = (
    Operation(
        "drift",
        "GET",
        "/v1/drift",
        "How far the last events and lists are from what the model that answers learnt of.",
        DriftReply,
        "read",
        work=drift,
    ),
)
