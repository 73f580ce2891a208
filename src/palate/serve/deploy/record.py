"""Which models are deployed, on the disk: one small file that is replaced as a whole."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from palate.data.writers.whole import whole_file
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


def read_record(path: Path) -> DeployedRecord | None:
    """What is deployed; None where nothing says so, or nothing that can be understood."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=DeployedRecord)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        _LOG.warning("%s cannot be read, so only the run of the start is deployed: %s", path, error)
        return None


def write_record(path: Path, record: DeployedRecord) -> None:
    """Put it in place of the one before, in one step.

    Raises:
        Unavailable: The disk is full or broken; the one before stays.
    """
    try:
        with whole_file(path) as file:
            file.write(msgspec.json.format(msgspec.json.encode(record), indent=1))
    except OSError as error:
        raise Unavailable(
            f"which models are deployed cannot be kept: {error}",
            where=str(path),
            next_step="look at the disk: is it full, or read-only?",
        ) from error
