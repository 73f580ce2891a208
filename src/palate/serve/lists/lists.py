"""Lists as people see them: the model's, or a newcomer's; diverse if that is wanted; drawn where
the run has a policy; next pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, final

from palate.errors import PalateError
from palate.serve.engine.answers import Answer, Listed, ListRequest, Reason
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.engine import Engine
from palate.serve.lists.counted import listed_by
from palate.serve.lists.newcomers import Newcomers
from palate.serve.lists.pages import MOST_SHOWN, Page, Pages
from palate.serve.lists.slates import LiveSlate, LiveSlates, diverse
from palate.serve.policies.live_policy import LivePolicy
from palate.serve.policies.policies import Policies

POOL: Final = 5
"""Times the length of a list: so many of the best items a diverse one is chosen from."""
LEAST_POOL, MOST_POOL = 50, 300


@final
class Lists:
    """What stands between the model's lists and those of the API.

    Several threads may ask at a time.

    Args:
        engine: Answers.
        pages: Where lists can be continued.
        policies: Draw the lists of models whose run has a policy; None: no list is drawn.
    """

    def __init__(
        self, engine: Engine, pages: Pages | None = None, policies: Policies | None = None
    ) -> None:
        self._engine, self._newcomers = engine, Newcomers(engine.recent)
        self._policies, self._slates = policies, LiveSlates()
        self.pages = Pages() if pages is None else pages

    def recommend(self, wanted: ListRequest) -> Answer:
        """The best items for somebody.

        Raises:
            BadInput: A filter names a field or a value that the catalogue does not have.
        """
        (answer,) = self.many([wanted])
        if isinstance(answer, PalateError):
            raise answer
        return answer

    def many(self, wanted: Sequence[ListRequest]) -> list[Answer | PalateError]:
        """What `recommend` gives for each, or raises; worked on together."""
        until, by = self._engine.state.offset, self._engine.answering.key
        first = [
            replace(one, until=until if one.until is None else one.until, by=one.by or by)
            for one in wanted
        ]
        return self._many(first, [Page(one, ()) for one in first])

    def next(self, request_id: str, k: int | None = None, explain: bool | None = None) -> Answer:
        """The items after those of an answer: for the history that it was made for, by the same
        rule, none of them twice.

        Args:
            request_id: Of the answer.
            k: How many; None: as many as then.
            explain: Whether reasons are wanted; None: as then.

        Raises:
            NotFound, Gone: See `Pages.get`.
        """
        page = self.pages.get(request_id)
        wanted = page.wanted
        wanted = replace(
            wanted,
            k=wanted.k if k is None else k,
            explain=wanted.explain if explain is None else explain,
        )
        (answer,) = self._many([wanted], [page])
        if isinstance(answer, PalateError):
            raise answer
        return answer

    def _many(
        self, wanted: Sequence[ListRequest], behind: Sequence[Page]
    ) -> list[Answer | PalateError]:
        requested = [
            _requested(one, page.shown, self._policy_of(one), self._slate_of(one))
            for one, page in zip(wanted, behind, strict=True)
        ]
        found = self._engine.recommend_many(requested)
        return [
            self._attempted(one, long, page, answer)
            for one, long, page, answer in zip(wanted, requested, behind, found, strict=True)
        ]

    def _attempted(
        self,
        wanted: ListRequest,
        requested: ListRequest,
        behind: Page,
        answer: Answer | PalateError,
    ) -> Answer | PalateError:
        """The list, or why there is none; the others of the same batch have theirs."""
        if isinstance(answer, PalateError):
            return answer
        try:
            return self._finished(wanted, requested, behind, answer)
        except PalateError as error:
            return error

    def _finished(
        self, wanted: ListRequest, requested: ListRequest, behind: Page, answer: Answer
    ) -> Answer:
        items: Sequence[Listed] = answer.items
        if len(behind.shown) >= MOST_SHOWN:
            answer, items = replace(answer, items=()), ()
        else:
            answer = self._settled(requested, answer)
            items = answer.items
        policy = None if answer.degraded else self._policy_of(wanted)
        slate = None if answer.degraded else self._slate_of(wanted)
        # of a drawn list the pool is put together: nothing changes a list after the draw
        long = wanted if policy is None else replace(wanted, k=2 * wanted.k)
        if wanted.diversity and len(items) > 1:
            items = diverse(self._engine.model_of(wanted), items, behind.shown, long)
        elif slate is not None:
            items = slate.listed(items, behind.shown, long)
        if policy is not None and self._policies is not None:
            items = self._policies.drawn(policy, wanted, answer, items, behind.length)
        elif items is not answer.items or len(items) > wanted.k or behind.shown:
            items = _placed(items[: wanted.k], behind.length)
        if items is not answer.items:
            answer = replace(answer, items=tuple(items))
        shown = (*behind.shown, *(one.item for one in items))
        self.pages.put(answer.request_id, Page(wanted, shown, behind.length + len(items)))
        return answer

    def _policy_of(self, wanted: ListRequest) -> LivePolicy | None:
        if self._policies is None or wanted.order == "recent":
            return None
        return self._policies.of(self._engine.model_of(wanted))

    def _slate_of(self, wanted: ListRequest) -> LiveSlate | None:
        """Of the run; a request that says how diverse it is to be, or what is recent, has none."""
        if wanted.diversity or wanted.order == "recent":
            return None
        return self._slates.of(self._engine.model_of(wanted))

    def _settled(self, requested: ListRequest, answer: Answer) -> Answer:
        """With what a list rests on that no model made, and of items that may be listed now."""
        while True:
            made = self._founded(self._engine.model_of(requested), requested, answer)
            if all(self._engine.may_list(one.item) for one in made.items):
                return made
            answer = self._engine.recommend(requested)

    def _founded(self, model: DeployedModel, requested: ListRequest, answer: Answer) -> Answer:
        if answer.degraded:
            why = "the model could not answer, so this is what is popular with all"
            return replace(answer, basis="popularity", why=why)
        if requested.order == "recent":
            return self._recent(model, requested, answer)
        if any(one.source == "popularity" for one in answer.items):
            return self._newcomers.answer(model, requested, answer)
        return answer

    def _recent(self, model: DeployedModel, requested: ListRequest, answer: Answer) -> Answer:
        """What most of the last events of all users were with; all-time counts settle ties."""
        every = model.popular()
        counts = every / (every.sum() + 1)
        row_of = model.view.items.catalogue.items.row_of
        for item, count in self._engine.recent.counts().items():
            row = row_of.get(item)
            if row is not None and row < len(counts):
                counts[row] += count
        items = listed_by(counts, model, requested, lambda row, score: (_popularity(score),))
        return replace(answer, model="popularity", items=items, basis="popularity")


def _requested(
    wanted: ListRequest,
    shown: tuple[str, ...],
    policy: LivePolicy | None,
    slate: LiveSlate | None,
) -> ListRequest:
    """The request for all that a list is chosen from."""
    if not wanted.diversity and not shown and policy is None and slate is None:
        return wanted
    k = wanted.k if policy is None else max(wanted.k, policy.recipe.settings.candidates)
    k = k if slate is None else max(k, slate.candidates)
    if wanted.diversity:
        k = max(k, min(max(POOL * wanted.k, LEAST_POOL), MOST_POOL))
    return replace(wanted, k=k, exclude=(*wanted.exclude, *shown))


def _placed(items: Sequence[Listed], before: int) -> list[Listed]:
    """With positions that go on behind those of earlier pages."""
    return [
        Listed(one.item, n, one.score, one.source, one.propensity, one.title, one.reasons)
        for n, one in enumerate(items, start=before + 1)
    ]


def _popularity(score: float) -> Reason:
    return Reason("popularity", score)
