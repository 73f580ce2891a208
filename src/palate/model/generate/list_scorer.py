"""How lists are scores: the items of a list above all others, in its order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np

from palate.arrays import Floats, Ragged, Rows
from palate.capabilities import Described, Narrowed, Reads, Reranks
from palate.errors import BadRecipe
from palate.growth import grown_member
from palate.model.candidates import named_members
from palate.model.generate.retrieved import Retrieved, chunks
from palate.model.generate.settings import GeneratorSettings
from palate.model.item_item import check_items
from palate.shared_scores import score_of
from palate.stages import NewItems, Scorer
from palate.tables import FeatureTable, Histories


class ListScorer(Narrowed, Reranks, Described):
    """A scorer that puts a list together from the best items of another model.

    The items of the list score between 1 and 2, in its order; all others between -2 and -1, in the
    order of the model that found the candidates. So a list is recommended, measured and served as
    any model's, and goes on past its end.

    Attributes:
        member_: Name of the model that finds candidates, and the model.
    """

    uses_validation: ClassVar[bool] = True
    settings: GeneratorSettings
    member_: tuple[str, Scorer]

    @final
    @classmethod
    def reads(cls, settings: Any) -> Reads:
        """The block of content, if any, and the model that finds candidates."""
        return Reads(
            blocks=(settings.block,) if settings.block else (),
            members=settings.members,
            every_member=not settings.members,
            spares_all=True,
            more_than_members=True,
        )

    @final
    @classmethod
    def narrowed(cls, settings: Any, left: Reads) -> Any:
        """The settings with the block that is left, or none."""
        return replace(settings, block=left.first_block or "", members=left.members)

    @property
    def new_items(self) -> NewItems:
        """With a block a new item has the vector of its content; else none."""
        return "scored" if self.settings.block else "untouched"

    @abstractmethod
    def _n_items(self) -> int:
        """Items of the catalogue. Raises NotFitted before `fit`."""

    @abstractmethod
    def _lists(self, histories: Ragged, found: Retrieved) -> Rows:
        """int32 [n_cases, length], the items of each list, none twice; -1 where candidates ran
        out.

        Args:
            histories: int32 [n_cases], items, oldest first.
            found: The candidates of each.
        """

    @final
    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], the items of the list above all others."""
        n_items = self._n_items()
        check_items(histories, n_items)
        parts = [np.empty((0, n_items), np.float32)]
        for these in chunks(len(histories)):
            part = histories.take(these)
            scores = score_of(self.member_[1], part)
            found = Retrieved.among(scores, part.items, self.settings.candidates)
            parts.append(listed_first(scores, self._lists(part.items, found)))
        return np.concatenate(parts)

    @final
    def _grown_member(self, features: FeatureTable) -> tuple[str, Scorer]:
        name, member = self.member_
        return name, grown_member(member, features)

    @final
    def _choose_member(self, members: Mapping[str, Scorer]) -> Scorer:
        """Take the model that finds candidates. Raises BadRecipe where there is none, or where they
        are fewer than a list has items.
        """
        s = self.settings
        if s.candidates < s.length:
            raise BadRecipe(
                f"lists of {s.length} out of {s.candidates} candidates",
                where="candidates",
                allowed=f"at least `length`, {s.length}",
            )
        self.member_ = next(iter(named_members(self.settings.members, members).items()))
        return self.member_[1]


def listed_first(scores: Floats, lists: Rows) -> Floats:
    """float32 [n_cases, n_items], the order of `scores` behind that of lists.

    Args:
        scores: float32 [n_cases, n_items].
        lists: int32 [n_cases, length], items; -1 where a list is shorter.

    >>> listed_first(np.array([[4, 2, 1, 0]], np.float32), np.array([[2, 0]])).tolist()
    [[1.5, -1.5, 2.0, -2.0]]
    """
    lowest, highest = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    out = np.asarray((scores - lowest) / np.maximum(highest - lowest, 1e-9) - 2, np.float32)
    case, position = np.nonzero(lists >= 0)
    out[case, lists[case, position]] = 2 - position / lists.shape[1]
    return out
