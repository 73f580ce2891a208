"""Lists for people of whom nothing is known: by interests that they state, by what is popular in
their context, or by what is popular with all; and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import final
from weakref import WeakKeyDictionary

import numpy as np

from palate.errors import Refused
from palate.serve.engine.answers import Answer, Listed, ListRequest, Reason
from palate.serve.engine.deployed import DeployedModel
from palate.serve.lists.contexts import LEAST, Contexts, InContext
from palate.serve.lists.counted import listed_by
from palate.serve.state.recent import RecentEvents

NOTHING = "nothing is known of this person yet"


@final
class Newcomers:
    """Better lists than what is popular with all, where something was said.

    Args:
        recent: The last events of all users.
    """

    def __init__(self, recent: RecentEvents) -> None:
        self._recent = recent
        self._contexts: WeakKeyDictionary[DeployedModel, Contexts] = WeakKeyDictionary()

    def answer(self, model: DeployedModel, wanted: ListRequest, popular: Answer) -> Answer:
        """The list, with what it rests on.

        Args:
            model: The model that answers.
            wanted: The request.
            popular: What is popular with all.
        """
        notes = [NOTHING]
        if wanted.interests:
            try:
                return self._by_interests(model, wanted, popular)
            except Refused:
                notes.append("interests were stated, but the run has no block of texts")
        if wanted.context:
            found = self._in_context(model, wanted.context)
            if found is not None:
                return self._by_context(model, wanted, popular, found)
            notes.append(self._unknown(model, wanted.context))
        why = "; ".join([*notes, "so this is what is popular with all"])
        return replace(popular, basis="popularity", why=why)

    def _by_interests(self, model: DeployedModel, wanted: ListRequest, popular: Answer) -> Answer:
        found = model.search(wanted.interests, wanted)
        first = [_of(one, "interests") for one in found.items]
        if not first:
            why = f"{NOTHING}; no item fits the stated interests, so this is what is popular"
            return replace(popular, basis="popularity", why=why)
        items, filled = _filled(first, popular.items, wanted.k)
        why = f"{NOTHING} but stated interests"
        why += ", and what is popular behind what fits them" if filled else ""
        return replace(popular, model="interests", items=items, basis="interests", why=why)

    def _by_context(
        self, model: DeployedModel, wanted: ListRequest, popular: Answer, found: InContext
    ) -> Answer:
        name = f"{found.field} = {found.value}"
        every = model.popular()
        share = every / (every.sum() + 1)  # below 1: it settles ties
        n_items = max(len(every), len(found.counts))
        counts = np.zeros(n_items)
        counts[: len(found.counts)] = found.counts
        taken = counts > 0
        counts[: len(share)] += share * taken[: len(share)]

        def reasons(row: int, score: float) -> tuple[Reason, ...]:
            here = float(found.counts[row])
            part = Reason("popularity", here, member=name)
            return (part,) if here == score else (part, Reason("rest", score - here))

        items, filled = _filled(
            list(listed_by(counts, model, wanted, reasons)), popular.items, wanted.k
        )
        why = f"{NOTHING}, so this is what is popular where {name}"
        why += ", and behind it with all" if filled else ""
        return replace(popular, items=items, basis="context", why=why)

    def _in_context(self, model: DeployedModel, context: Mapping[str, object]) -> InContext | None:
        row_of = model.view.items.catalogue.items.row_of
        return self._of(model).of(context, row_of)

    def _unknown(self, model: DeployedModel, context: Mapping[str, object]) -> str:
        known = [name for name in context if self._of(model).known(name)]
        if not known:
            return f"the log knows no context {', '.join(context)}"
        return f"fewer than {LEAST} events have that {', '.join(known)}"

    def _of(self, model: DeployedModel) -> Contexts:
        found = self._contexts.get(model)
        if found is None:
            log = model.opened.data.interactions
            found = self._contexts[model] = Contexts(log, self._recent)
        return found


def _filled(
    first: list[Listed], popular: tuple[Listed, ...], k: int
) -> tuple[tuple[Listed, ...], bool]:
    """The first k of what is pinned, of `first` and of what is popular, no item twice; and whether
    some are of the last.
    """
    pinned = [one for one in popular if one.source == "pinned"]
    every: dict[str, Listed] = {}
    for one in (*pinned, *first, *popular):
        every.setdefault(one.item, one)
    items = list(every.values())[:k]
    placed = tuple(_of(one, one.source, n) for n, one in enumerate(items, start=1))
    return placed, any(one.source == "popularity" for one in items[len(pinned) + len(first) :])


def _of(one: Listed, source: str, position: int | None = None) -> Listed:
    return Listed(
        one.item,
        one.position if position is None else position,
        one.score,
        source,  # type: ignore[arg-type]
        one.propensity,
        one.title,
        one.reasons,
    )
