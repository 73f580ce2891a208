"""Lists that are put together: by the slate of the model's run, or as diverse as a request says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final
from weakref import WeakKeyDictionary

import numpy as np

from palate.arrays import Matrix
from palate.fit.slates import RunSlate, SlateContent
from palate.policy.slates.mmr import Mmr, MmrSettings
from palate.runs.slate import slate_of
from palate.serve.engine.answers import Listed, ListRequest
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.view import View
from palate.serve.lists.similarity import similarity
from palate.tables import Catalogue, SlateCandidates

BEFORE: Final = 50
"""Items of earlier pages, the last ones, that a page is unlike."""


@final
class LiveSlate:
    """Puts the lists of one model together as its run's own lists are. Several threads may ask at
    a time.

    Args:
        model: The model.
        slate: Of its run.

    Attributes:
        candidates: How many of the model's best items a list is chosen from.
    """

    def __init__(self, model: DeployedModel, slate: RunSlate) -> None:
        self._model, self._slate = model, slate
        self._about: tuple[Catalogue, Matrix | None, SlateContent] | None = None
        self.candidates = slate.candidates

    def listed(
        self, items: Sequence[Listed], shown: Sequence[str], wanted: ListRequest
    ) -> list[Listed]:
        """The list, behind pinned items. Each item keeps its score and its reasons.

        Args:
            items: What may be shown, best first.
            shown: On earlier pages.
            wanted: The request.

        Raises:
            Refused: No list keeps the limits of the slate.
        """
        view = self._model.view
        pinned, named, before = _split(view, items, shown, wanted.k)
        k = wanted.k - len(pinned)
        if k < 1 or not named:
            return pinned
        about = self._about_of(view)
        n = len(about.shares)  # an item may have come since the view was made
        taken = self._model.wanted_history(wanted).items.values
        order = self._slate.order(
            about,
            view.items.rows([one.item for one in named]),
            np.array([one.score for one in named], np.float32),
            taken[taken < n],
            k,
            view.items.rows(before),
        )
        return [*pinned, *(named[number] for number in order.tolist())]

    def _about_of(self, view: View) -> SlateContent:
        """What is known of the items; made again when items, or the content of items, change."""
        name, catalogue = self._slate.block, view.items.catalogue
        content = self._model.content.rows(view, [name])[name].matrix if name else None
        known = self._about
        if known is None or known[0] is not catalogue or known[1] is not content:
            known = self._about = (catalogue, content, self._slate.about(catalogue, content))
        return known[2]


@final
class LiveSlates:
    """The slates of all models of a service. Several threads may ask at a time."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[DeployedModel, LiveSlate | None] = WeakKeyDictionary()

    def of(self, model: DeployedModel) -> LiveSlate | None:
        """The slate of a model; None: its best items are shown, best first."""
        if model not in self._of:
            slate = slate_of(model.opened, model.model)
            self._of[model] = None if slate is None else LiveSlate(model, slate)
        return self._of[model]


def diverse(
    model: DeployedModel, items: Sequence[Listed], shown: Sequence[str], wanted: ListRequest
) -> list[Listed]:
    """The items in another order, behind pinned ones, as diverse as the request says. Each keeps
    its score and its reasons.

    Args:
        model: The model that answers.
        items: What may be shown, best first.
        shown: On earlier pages.
        wanted: The request.
    """
    view = model.view
    pinned, named, before = _split(view, items, shown, wanted.k)
    rows = view.items.rows([*(one.item for one in named), *before])
    scores = np.array([one.score for one in named], np.float32)
    alike = similarity(model.content, view, rows)[: len(named)]
    n = len(named)
    nearest = alike[:, n:].max(axis=1) if alike.shape[1] > n else None
    found = SlateCandidates(scores, similarity=alike[:, :n], before=nearest)
    order = Mmr(MmrSettings(wanted.diversity)).order(found, wanted.k)
    return [*pinned, *(named[number] for number in order.tolist())]


def _split(
    view: View, items: Sequence[Listed], shown: Sequence[str], k: int
) -> tuple[list[Listed], list[Listed], list[str]]:
    """At most k pinned items, the others that are known, and ids that a list is to be unlike."""
    pinned = [one for one in items if one.source == "pinned"][:k]
    others = [one for one in items if one.source != "pinned"]
    named = [one for one in others if view.items.row(one.item) is not None]
    return pinned, named, [*shown, *(one.item for one in pinned)][-BEFORE:]
