"""What the models of a second stage declare: they reorder what their members found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, final

from palate.capabilities import Narrowed, Reads, Reranks
from palate.model.operators.operator import OperatorSettings


class SecondStage(Narrowed, Reranks):
    """A scorer whose settings have `members` (none: all models before it) and `blocks` that
    describe candidates (None: all), and which does without any of them.
    """

    @final
    @classmethod
    def reads(cls, settings: Any) -> Reads:
        """Its members, and the blocks that describe candidates or that operators read."""
        operators = settings.operators if isinstance(settings, OperatorSettings) else ()
        named = dict.fromkeys([*(settings.blocks or ()), *(one.block for one in operators)])
        return Reads(
            blocks=() if settings.blocks is None else tuple(named),
            members=settings.members,
            every_block=settings.blocks is None,
            every_member=not settings.members,
            spares_blocks=True,
            spares_all=True,
            more_than_members=True,
        )

    @final
    @classmethod
    def narrowed(cls, settings: Any, left: Reads) -> Any:
        """The settings with what is left named."""
        kept = replace(settings, blocks=left.blocks, members=left.members)
        if not isinstance(kept, OperatorSettings):
            return kept
        operators = tuple(one for one in kept.operators if one.block in left.blocks)
        return replace(kept, operators=operators)
