"""What may become of the record of deployed models, as functions of it."""

from __future__ import annotations

from dataclasses import replace

from palate.serve.deploy.record import DeployedRecord, Deployment, Use
from palate.serve.refusals import Conflict, NotFound


def same_start(one: Deployment, other: Deployment, by_path: bool) -> bool:
    """Whether both are the same run, also as to where it lies if that counts."""
    path = not by_path or one.run == other.run
    return path and (one.model, one.digest) == (other.model, other.digest)


def with_one_more(record: DeployedRecord, now: Deployment) -> DeployedRecord:
    """The record with one more.

    Raises:
        Conflict: Another process deployed one of that name.
    """
    if now.name in {one.name for one in all_of(record)}:
        raise name_is_taken(now.name)
    return replace(record, others=(*record.others, now))


def rolled_back(record: DeployedRecord) -> DeployedRecord:
    """The one before answers again.

    Raises:
        Conflict: None did.
    """
    if not record.before:
        raise Conflict("no model answered before this one", where="model")
    *before, last = record.before
    shadows = tuple(one for one in record.shadows if one != last)
    return replace(record, answering=last, before=tuple(before), shadows=shadows)


def name_is_taken(name: str) -> Conflict:
    """The refusal of a name."""
    return Conflict(
        f'there is a model "{name}" already',
        where="name",
        next_step="give another name, or delete that one",
    )


def all_of(record: DeployedRecord) -> tuple[Deployment, ...]:
    """All models, the run of the start first."""
    return (record.base, *record.others)


def use_of(record: DeployedRecord, name: str) -> Use:
    """What a model does."""
    if name == record.answering:
        return "answering"
    return "shadow" if name in record.shadows else "ready"


def used(record: DeployedRecord, name: str, use: Use) -> DeployedRecord:
    """The record with a model used otherwise.

    Raises:
        NotFound: Another process deleted it.
    """
    if name not in {one.name for one in all_of(record)}:
        raise NotFound(f'there is no model "{name}"', where="model")
    shadows = tuple(one for one in record.shadows if one != name)
    if use == "answering" and name != record.answering:
        before = (*(one for one in record.before if one != name), record.answering)
        return replace(record, answering=name, before=before, shadows=shadows)
    return replace(record, shadows=(*shadows, name) if use == "shadow" else shadows)


def without(record: DeployedRecord, name: str) -> DeployedRecord:
    """The record without a model; if it answered, the one before it does."""
    others = tuple(one for one in record.others if one.name != name)
    before = tuple(one for one in record.before if one != name)
    shadows = tuple(one for one in record.shadows if one != name)
    answering = record.answering
    if answering == name:
        answering, before = (before[-1], before[:-1]) if before else (record.base.name, ())
    return replace(record, others=others, answering=answering, before=before, shadows=shadows)
