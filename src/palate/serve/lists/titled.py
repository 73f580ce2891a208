"""Rows with titles, as a page has them: for somebody, because of what they took, popular, new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, final

from palate.serve.engine.answers import Answer, ListRequest, RowsAnswer, TitledRow
from palate.serve.engine.engine import Engine
from palate.serve.lists.field_values import FieldValues
from palate.serve.lists.lists import Lists
from palate.serve.lists.pages import Page
from palate.tables import Catalogue

FEWEST: Final = 3
"""Items below which a row is left out, if it has not as many as were wanted."""
BECAUSE, FIELDS, LOOKED_AT, NEWEST = 2, 2, 200, 200


@dataclass
class _Shown:
    """What the rows so far have come to."""

    rows: list[TitledRow] = field(default_factory=list)
    requests: list[ListRequest] = field(default_factory=list)
    items: list[str] = field(default_factory=list)


@final
class TitledRows:
    """Makes the rows.

    Args:
        engine: Answers.
        lists: Makes lists of them.
    """

    def __init__(self, engine: Engine, lists: Lists) -> None:
        self._engine, self._lists = engine, lists
        self._values: tuple[Catalogue, FieldValues] | None = None

    def rows(self, wanted: ListRequest, most: int) -> RowsAnswer:
        """At most so many rows of at most `wanted.k` items.

        Raises:
            BadInput: A filter names a field or a value that the catalogue does not have.

        Cost: one list for each row, and one to find out what its items have in common.
        """
        until = self._engine.state.offset
        by = wanted.by or self._engine.answering.key
        wanted = replace(wanted, until=until if wanted.until is None else wanted.until, by=by)
        shown, first = _Shown(), None
        for title, request in self._planned(wanted):
            if len(shown.rows) == most:
                break
            answer = self._lists.recommend(
                replace(request, exclude=(*request.exclude, *shown.items))
            )
            first = first or answer
            if len(answer.items) >= min(FEWEST, wanted.k):
                shown.rows.append(_filled(title, answer))
                shown.requests.append(request)
                shown.items += [one.item for one in answer.items]
        for row, request in zip(shown.rows, shown.requests, strict=True):
            page = Page(request, tuple(shown.items), len(row.items))
            self._lists.pages.put(row.request_id, page)
        rows = tuple(shown.rows)
        if first is None:
            return RowsAnswer(self._engine.model, rows)
        return RowsAnswer(first.model, rows, first.degraded, first.unknown, first.basis, first.why)

    def _planned(self, wanted: ListRequest) -> Iterator[tuple[TitledRow, ListRequest]]:
        """Rows without items, and the requests that fill them."""
        yield TitledRow("For you", "for you", "", ()), wanted
        taken = self._taken(wanted)
        masked = taken if self._engine.model_of(wanted).masks(wanted) else ()
        others = replace(wanted, user="", pins=False, exclude=(*wanted.exclude, *masked))
        for item in list(dict.fromkeys(reversed(taken)))[:BECAUSE]:
            title = self._title(item, wanted)
            row = TitledRow(f"Because of {title}", "because", "", (), item=item)
            yield row, replace(others, history=(item,), seen="mask")
        for name, value in self._leading(wanted):
            row = TitledRow(value, "field", "", (), field=name, value=value)
            yield row, replace(wanted, pins=False, filters={**wanted.filters, name: value})
        recent = replace(others, history=(), order="recent", interests="", context={})
        yield TitledRow("Popular now", "popular", "", ()), recent
        new = self._new(wanted)
        if new:
            yield TitledRow("New", "new", "", ()), replace(wanted, pins=False, candidates=new)

    def _taken(self, wanted: ListRequest) -> tuple[str, ...]:
        """Items of the history, oldest first, that the catalogue has."""
        model = self._engine.model_of(wanted)
        rows = model.wanted_history(wanted).items.values
        return tuple(model.view.items.catalogue.items.names(rows))

    def _title(self, item: str, wanted: ListRequest) -> str:
        items = self._engine.model_of(wanted).view.items
        row = items.row(item)
        return item if row is None else items.title(row) or item

    def _leading(self, wanted: ListRequest) -> list[tuple[str, str]]:
        items = self._engine.model_of(wanted).view.items
        if not items.catalogue.fields.width:
            return []
        most = min(LOOKED_AT, max(len(items.catalogue) // 5, 1))
        answer = self._engine.recommend(replace(wanted, k=most, explain=False))
        rows = items.rows([one.item for one in answer.items])
        values = self._values_of(items.catalogue).leading(rows, FIELDS, wanted.filters)
        return [(one.field, one.value) for one in values]

    def _values_of(self, catalogue: Catalogue) -> FieldValues:
        known = self._values
        if known is None or known[0] is not catalogue:
            known = self._values = (catalogue, FieldValues.of(catalogue))
        return known[1]

    def _new(self, wanted: ListRequest) -> tuple[str, ...]:
        """The newest items that came after the run, of the candidates if there are some."""
        items = self._engine.model_of(wanted).view.items
        ids = items.catalogue.items.ids[items.n_known :][-NEWEST:]
        if wanted.candidates is None:
            return tuple(ids)
        allowed = frozenset(wanted.candidates)
        return tuple(item for item in ids if item in allowed)


def _filled(row: TitledRow, answer: Answer) -> TitledRow:
    """The row with its items; what is popular is called so."""
    filled = replace(row, request_id=answer.request_id, items=answer.items)
    if row.kind == "for you" and answer.basis in ("popularity", "context"):
        return replace(filled, title="Popular", kind="popular")
    return filled
