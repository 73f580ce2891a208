"""What was said of an item since the run, and what a change makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from palate.serve.refusals import Conflict, NotFound

FieldValue: TypeAlias = str | int | float | bool | list[str] | None


@dataclass(frozen=True)
class ItemRecord:
    """What differs from the run.

    Attributes:
        item: The item's id.
        fields: Field -> value; of an item of the run those that were changed.
        hidden: It is kept and never recommended.
        deleted: It is gone.
        pinned: It leads the lists that it may be on.
    """

    item: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    hidden: bool = False
    deleted: bool = False
    pinned: bool = False


@dataclass(frozen=True)
class Create:
    """A new item."""

    item: str
    fields: Mapping[str, FieldValue]


@dataclass(frozen=True)
class Change:
    """Some fields get other values; the others stay."""

    item: str
    fields: Mapping[str, FieldValue]


@dataclass(frozen=True)
class Hide:
    """Never recommend it from now on, or again (`hidden` false)."""

    item: str
    hidden: bool = True


@dataclass(frozen=True)
class Pin:
    """Let it lead the lists that it may be on, or not any more (`pinned` false)."""

    item: str
    pinned: bool = True


@dataclass(frozen=True)
class Delete:
    """Take it away, with its fields."""

    item: str


ItemChange: TypeAlias = Create | Change | Hide | Pin | Delete


def after(change: ItemChange, record: ItemRecord | None, in_run: bool) -> ItemRecord:
    """What is known of the item after the change.

    Args:
        change: What is to be done.
        record: What was known; None where nothing but what the run says.
        in_run: Whether the run has the item.

    Raises:
        Conflict: It is to be created and is there.
        NotFound: It is to be changed and is not there.
    """
    there = in_run if record is None else not record.deleted
    if isinstance(change, Create):
        if there:
            raise Conflict(
                f'the item "{change.item}" is there already',
                where="item",
                next_step="change it: PATCH /v1/items/{item}",
            )
        return ItemRecord(change.item, change.fields)
    if not there:
        raise no_item(change.item)
    record = record or ItemRecord(change.item)
    if isinstance(change, Change):
        return replace(record, fields={**record.fields, **change.fields})
    if isinstance(change, Hide):
        return replace(record, hidden=change.hidden)
    if isinstance(change, Pin):
        return replace(record, pinned=change.pinned)
    return ItemRecord(change.item, deleted=True)


def no_item(item: str) -> NotFound:
    """There is no such item."""
    return NotFound(
        f'there is no item "{item}"', where="item", next_step="create it: POST /v1/items"
    )
