"""What `worth.json` says: verdicts in words, likeness of blocks, contributions, words and
reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

from palate.runs.rows import Fault, Number, Text, Texts


@dataclass(frozen=True)
class Told:
    """What to do about one block."""

    block: Text
    verdict: Text = ""
    advice: Text = ""
    sentence: Text = ""
    value: Number = None
    seconds: Number = None
    bytes: Number = None


@dataclass(frozen=True)
class Likeness:
    """How much two blocks say the same; `correlation` in 0..1."""

    a: Text
    b: Text
    correlation: Number = None


@dataclass(frozen=True)
class Dot:
    """One suggestion of an item to a person: `x` is what the block added to its score, `level` in
    0..1 its likeness.
    """

    x: Number = None
    level: Number = None


@dataclass(frozen=True)
class Swarm:
    """All dots of one block."""

    block: Text
    dots: tuple[Dot, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A stretch of an item's text; `value` is what it adds to the score, None between words."""

    text: Text
    value: Number = None


@dataclass(frozen=True)
class Words:
    """An item's text, for one person."""

    title: Text
    user: Text = ""
    block: Text = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Because:
    """Why one item was shown to one person, in sentences."""

    user: Text
    title: Text
    sentences: Texts = ()


@dataclass(frozen=True)
class LeftOut:
    """A question that was not asked."""

    method: Text
    why: Text = ""


@dataclass(frozen=True)
class ImportanceStudy:
    """`worth.json`."""

    model: Text = ""
    metric: Text = ""
    users: Number = None
    seconds: Number = None
    evidence: bool = True
    findings: tuple[Fault, ...] = ()
    told: tuple[Told, ...] = ()
    similarities: tuple[Likeness, ...] = ()
    swarm: tuple[Swarm, ...] = ()
    words: tuple[Words, ...] = ()
    reasons: tuple[Because, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
