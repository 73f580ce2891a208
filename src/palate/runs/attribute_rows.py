"""`attributes.json`: what was answered about the items, in short, and some answers to look at."""

from __future__ import annotations

from dataclasses import dataclass

from palate.runs.fields import Number, Text


@dataclass(frozen=True)
class CountedValue:
    """One value of an attribute.

    Attributes:
        value: In words.
        items: How many items have it.
    """

    value: Text
    items: int = 0


@dataclass(frozen=True)
class AnsweredItem:
    """One answer, to look at.

    Attributes:
        id: Of the item.
        title: What people call it.
        value: In words; empty where none of the options holds.
        confidence: Between 0 and 1.
        evidence: Words of the text that it rests on.
    """

    id: Text
    title: Text = ""
    value: Text = ""
    confidence: Number = None
    evidence: Text = ""


@dataclass(frozen=True)
class AttributeSummary:
    """One attribute of one block.

    Attributes:
        block: Name of the block.
        attribute: Name of the attribute.
        source: Who answered.
        items: Items with text that was answered.
        known: Those with an answer.
        refused: Those whose answer did not fit the question.
        confidence: Mean of the answers that have one.
        seconds: What answering took, in all.
        cost: What it cost, in all.
        values: The most frequent values.
        examples: The answers about the items that most people took.
    """

    block: Text
    attribute: Text
    source: Text = ""
    items: int = 0
    known: int = 0
    refused: int = 0
    confidence: Number = None
    seconds: Number = None
    cost: Number = None
    values: tuple[CountedValue, ...] = ()
    examples: tuple[AnsweredItem, ...] = ()
