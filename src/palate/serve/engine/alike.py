"""Items like one of which the model knows nothing yet: by their content."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, final
from weakref import WeakKeyDictionary

import numpy as np

from palate.arrays import Doubles, Floats, Mask, Ragged, Rows, dense
from palate.ranks import top
from palate.serve.engine.answers import Answer, Listed, ListRequest, Reason
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.request_rows import chosen_rows
from palate.serve.engine.view import View
from palate.serve.ids import new_id
from palate.serve.records.items import no_item
from palate.tables import Block, Histories

BY_CONTENT: Final = "the model does not know this item yet, so these are items of like content"
NOTHING: Final = "nothing is known of this item yet, so this is what is popular with all"


FEW: Final = 5
"""Events in a run's log from which on its model knows an item, whatever was split off for tests."""


@final
class Alike:
    """Lists for items that were posted just now, say. Several threads may ask at a time."""

    def __init__(self) -> None:
        self._rare: WeakKeyDictionary[DeployedModel, Mask] = WeakKeyDictionary()

    def may_be_unknown(self, model: DeployedModel, item: str) -> bool:
        """Whether the run's log has so few events with an item that its model may know nothing of
        it.
        """
        log = model.opened.data.interactions
        rare = self._rare.get(model)
        if rare is None:
            rare = self._rare[model] = log.item_counts() < FEW
        row = log.items.row_of.get(item)
        return row is None or bool(rare[row])

    def answer(self, model: DeployedModel, item: str, wanted: ListRequest) -> Answer | None:
        """Items by the mean of their cosines with an item, in the blocks that the model reads, or
        else in all of the run's; of an item without content, what is popular. None where the model
        knows the item: its own list says more.

        Args:
            model: What answers.
            item: The item.
            wanted: How long the list is, and which items may be on it.

        Raises:
            NotFound: There is no such item.

        Cost: two passes of the model, and one over the rows of each block.
        """
        view = model.view
        row = view.items.row(item)
        if row is None:
            raise no_item(item)
        if not self.may_be_unknown(model, item) or _knows(view, row):
            return None
        blocks = model.content.rows(view, model.content.of_model).values()
        cosines = {block.name: _cosines(block, row) for block in blocks if block.present[row]}
        chosen = _chosen(view, wanted)
        chosen[row] = False
        lacks = model.content.lacks(view)
        if listed := _listed(view, cosines, chosen, wanted):
            return Answer(new_id(), "content", listed, lacks, basis="content", why=BY_CONTENT)
        others = replace(wanted, user="", history=(), exclude=(*wanted.exclude, item))
        popular = model.recommend(others)
        degraded = popular.degraded or lacks
        return replace(popular, degraded=degraded, basis="popularity", why=NOTHING)


def _knows(view: View, row: int) -> bool:
    """Whether the model tells the run's items apart for who took the item alone, and otherwise than
    for who took nothing.
    """
    alone = Histories.of_items(Ragged.of([np.array([row], np.int32), np.empty(0, np.int32)]))
    # a copy: a model may write its next scores into the same memory
    known = np.array(view.scorer.score(alone)[:, : view.items.n_known], np.float64)
    known = np.delete(known, row, axis=1) if row < view.items.n_known else known
    if not known.shape[1]:
        return False
    span = float(np.ptp(known))
    return all(np.ptp(said) > 1e-6 * span for said in (known[0], known[0] - known[1]))


def _chosen(view: View, wanted: ListRequest) -> Mask:
    """bool [n_items], those that may be on the list."""
    chosen: Mask = np.ones(len(view.items.catalogue), np.bool_)
    allowed = chosen_rows(wanted, view.items)
    if allowed is not None:
        chosen[:] = False
        chosen[allowed] = True
    chosen[view.items.unavailable] = False
    chosen[view.items.rows(list(wanted.exclude))] = False
    return chosen


def _cosines(block: Block, row: int) -> Floats:
    """float32 [n_items], of an item's row with all rows."""
    of_it = dense(block.matrix[row : row + 1]).ravel()
    return np.asarray(block.matrix @ of_it, np.float32).ravel()


def _listed(
    view: View, cosines: dict[str, Floats], chosen: Mask, wanted: ListRequest
) -> tuple[Listed, ...]:
    if not cosines:
        return ()
    parts: Doubles = np.stack(list(cosines.values())).astype(np.float64) / len(cosines)
    total = parts.sum(axis=0)
    scores = np.where(chosen & (total > 0), total, -np.inf).astype(np.float32)
    best: Rows = top(scores[None, :], min(wanted.k, len(scores)))[0][0]
    return tuple(
        Listed(
            view.items.catalogue.items.ids[row],
            position,
            float(total[row]),
            "content",
            title=view.items.title(row),
            reasons=_reasons(list(cosines), parts[:, row]) if wanted.explain else (),
        )
        for position, row in enumerate(best[best >= 0].tolist(), start=1)
    )


def _reasons(names: list[str], parts: Doubles) -> tuple[Reason, ...]:
    """What each block adds, the largest first."""
    order = np.argsort(-np.abs(parts), kind="stable")
    return tuple(Reason("block", float(parts[n]), member=names[n]) for n in order)
