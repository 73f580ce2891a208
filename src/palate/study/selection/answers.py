"""The one question on each block, on the cases that a choice was made on and on the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from palate.evaluate.comparisons import holm, holm_levels
from palate.inference import at_level
from palate.study.selection.objective import SelectionObjective
from palate.study.selection.storage import STORED, Choice
from palate.tables.estimate import Estimate
from palate.tables.verdict import Answer, Verdict, of_difference


@dataclass(frozen=True)
class BlockAnswer:
    """Whether the model of all blocks is worse without one of them, its weights chosen again.

    Attributes:
        block: The block.
        kept: Whether it was kept.
        validation: The answer on the validation users, on whom the choice was made.
        test: The answer on the test users: the run's own, as the report shows it, where it has one.
        sentence: Both in words, and why the choice is another than the answer where it is.
    """

    block: str
    kept: bool
    validation: Answer
    test: Answer
    sentence: str


def losses(objective: SelectionObjective) -> dict[str, Verdict]:
    """Block -> what the model of all blocks loses without it, on the objective's cases; intervals
    and p values corrected over the blocks as those of the report are.
    """
    everything: Choice = dict.fromkeys(objective.blocks, STORED)
    found: dict[str, Estimate] = {
        name: objective.loss(everything, {n: s for n, s in everything.items() if n != name})
        for name in everything
    }
    p = [one.p for one in found.values()]
    widened = map(at_level, found.values(), holm_levels(p).tolist())
    return {
        name: of_difference(one.value, one.low, one.high, c)
        for name, one, c in zip(found, widened, holm(p).tolist(), strict=True)
    }


def block_answers(
    kept: Choice,
    validation: Mapping[str, Verdict],
    test: Mapping[str, Verdict],
    users: Sequence[int],
) -> tuple[BlockAnswer, ...]:
    """One entry a block.

    Args:
        kept: The choice.
        validation: Block -> the answer on validation users.
        test: Block -> the answer on test users.
        users: How many there are of either.
    """
    return tuple(
        BlockAnswer(
            name,
            name in kept,
            found.answer,
            test[name].answer,
            _sentence(name, name in kept, found, test[name], users),
        )
        for name, found in validation.items()
    )


def _sentence(
    name: str, kept: bool, validation: Verdict, test: Verdict, users: Sequence[int]
) -> str:
    there = "also " if validation.answer == test.answer else ""
    sentence = (
        f"{name}: {'kept' if kept else 'dropped'}, chosen on validation ({users[0]:,} users):"
        f" {_change(validation)}; on test ({users[1]:,} users) the report found {there}"
        f"{_change(test)}."
    )
    if kept and validation.answer != "keep":
        return (
            f"{sentence} It stays because, once the others are gone, the model is worse"
            " without it, or may be."
        )
    if not kept and validation.answer == "keep":
        return f"{sentence} It went because the loss is less than what may be given up."
    return sentence


def _change(found: Verdict) -> str:
    """The answer, with its number."""
    if found.value is None:
        return found.answer
    return f"{found.answer} ({found.value:+.4f} by having it)"
