"""What `worth.json` says: verdicts in words, similarity of blocks, contributions, words and
reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

from palate.explain.importance.verdict import BlockVerdict
from palate.runs.documents import Fault
from palate.runs.fields import Number, Text, Texts, finite
from palate.runs.rows import Importance
from palate.tables.variant import Variant
from palate.tables.verdict import Answer


@dataclass(frozen=True)
class BlockAdvice:
    """What to do about one block, in words."""

    block: Text
    verdict: Answer = "no evidence"
    advice: Text = ""
    sentence: Text = ""
    value: Number = None
    seconds: Number = None
    bytes: Number = None


@dataclass(frozen=True)
class SimilarPair:
    """How much two blocks say the same; `correlation` in 0..1."""

    a: Text
    b: Text
    correlation: Number = None


@dataclass(frozen=True)
class Dot:
    """One suggestion of an item to a person: `x` is what the block added to its score, `level` in
    0..1 its similarity.
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
    """A question that was not asked, and why."""

    method: Text
    why: Text = ""


@dataclass(frozen=True)
class ImportanceStudy:
    """`worth.json`.

    Attributes:
        model: The model that was asked.
        metric: By which metric.
        by: Whether blocks, their fields or their columns were examined.
        cases: Test cases.
        users: Whose cases they are.
        evidence: Whether no assumption failed.
        findings: What speaks against trusting the answers.
        left_out: Questions for which there was no time.
        similarities: Which blocks say the same.
        told: What to do about each block.
        swarm: What moves the scores of a ranker.
        words: Texts with the words that count.
        reasons: Why some items were shown.
        seconds: Wall time of all.
    """

    model: Text = ""
    metric: Text = ""
    by: Text = "blocks"
    cases: Number = None
    users: Number = None
    evidence: bool = True
    findings: tuple[Fault, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    similarities: tuple[SimilarPair, ...] = ()
    told: tuple[BlockAdvice, ...] = ()
    swarm: tuple[Swarm, ...] = ()
    words: tuple[Words, ...] = ()
    reasons: tuple[Because, ...] = ()
    seconds: Number = None


def importance_row(row: BlockVerdict, model: Variant) -> Importance:
    """A judged answer as a row of `importance.json`.

    Args:
        row: The answer.
        model: The model that was asked.
    """
    w = row.estimate
    return Importance(
        w.block,
        w.method,
        w.question,
        w.metric,
        finite(w.value),
        finite(w.low),
        finite(w.high),
        finite(w.found.level),
        finite(row.p),
        row.verdict.answer,
        finite(row.seconds),
        row.bytes,
        model,
        row.found.level,
    )
