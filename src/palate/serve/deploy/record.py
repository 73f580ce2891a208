"""Which models are deployed: one small document that is replaced as a whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from palate.serve.documents import Document
from palate.serve.refusals import Unavailable

_LOG: Final = logging.getLogger("palate.serve")

Use: TypeAlias = Literal["answering", "shadow", "ready"]
"""What a deployed model does: it answers; it is asked besides, and no one sees it; nothing yet."""


@dataclass(frozen=True)
class Deployment:
    """A model of the service.

    Attributes:
        name: What requests call it.
        run: The run directory.
        model: The model in it.
        digest: SHA-256 of the run's manifest when it was checked.
        since: When it was deployed, seconds since 1970.
    """

    name: str
    run: str
    model: str
    digest: str
    since: int


@dataclass(frozen=True)
class DeployedRecord:
    """`models.json`.

    Attributes:
        base: The run that the service was started with.
        others: What was deployed since.
        answering: Name of the one that answers.
        before: Names of those that answered before it, the last one last.
        shadows: Names of those that are asked besides.
    """

    base: Deployment
    others: tuple[Deployment, ...] = ()
    answering: str = ""
    before: tuple[str, ...] = ()
    shadows: tuple[str, ...] = ()
    version: Literal[1] = 1


Decide: TypeAlias = Callable[[DeployedRecord], DeployedRecord]
"""What is deployed -> what shall be; may refuse."""


def read_record(document: Document) -> DeployedRecord | None:
    """What is deployed; None where nothing says so, or nothing that can be understood.

    Raises:
        Unavailable: The server that has it does not answer.
    """
    try:
        found = document.look()
        content = None if found is None else found.content
        return None if content is None else msgspec.json.decode(content, type=DeployedRecord)
    except (OSError, msgspec.MsgspecError) as error:
        _LOG.warning(
            "%s cannot be read, so only the run of the start is deployed: %s", document.where, error
        )
        return None


def change_record(document: Document, now: DeployedRecord, decide: Decide) -> DeployedRecord:
    """Put another record in place of the one before, in one step.

    Args:
        document: Where it is kept.
        now: What this process knows; where processes share the document, what stands there counts.
        decide: Gives the other one.

    Raises:
        Unavailable: It cannot be kept; the one before stays.
    """
    changed: list[DeployedRecord] = []

    def encoded(content: bytes | None) -> bytes:
        known = now
        if document.shared and content is not None:
            known = msgspec.json.decode(content, type=DeployedRecord)
        changed[:] = [decide(known)]
        return msgspec.json.format(msgspec.json.encode(changed[0]), indent=1)

    try:
        document.change(encoded)
    except OSError as error:
        raise Unavailable(
            f"which models are deployed cannot be kept: {error}",
            where=document.where,
            next_step="look at the disk: is it full, or read-only?",
        ) from error
    return changed[0]
