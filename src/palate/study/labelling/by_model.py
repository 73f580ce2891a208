"""A model gives the labels, in place of a person."""

from __future__ import annotations

import polars as pl

from palate.encode.attributes.local.known import known_answers
from palate.encode.attributes.records import AnswerStore
from palate.encode.row_cache import RowCache
from palate.progress import Progress
from palate.stages import Provider
from palate.study.labelling.agreement import chosen_options
from palate.study.labelling.session import LabelSession
from palate.tables import Catalogue, Vocabulary
from palate.tables.questions import Lesson


def label_by(provider: Provider, session: LabelSession, progress: Progress) -> int:
    """Let a provider label the items that a person would be shown, until the budget is spent.

    Every answer is kept in the row cache, so that none is paid for twice, and in the file at once.

    Args:
        provider: Who answers.
        session: The items.
        progress: Receives how many there are.

    Returns:
        How many labels it gave.

    Raises:
        PalateError: The provider gave up; what it answered until then is kept.
    """
    store, question, n = AnswerStore(RowCache()), session.task.question, 0
    progress.begin("label", session.plan.budget)
    while (found := session.next_item()) is not None:
        row, _ = found
        text = session.task.texts[row]
        items = Catalogue(Vocabulary.of([session.task.ids[row]]), pl.DataFrame())
        lesson = Lesson(items, [text], (question,), session.plan.seed, store.answers)
        said = known_answers(lesson, provider, {})[question.name]
        if said.known[0]:
            chosen = chosen_options(question.kind, said.values)[0]
            values = [o for o, c in zip(question.options, chosen, strict=True) if c]
            session.give(row, values)
            n += 1
        else:
            session.give(row, None)
        progress.advance(n, session.plan.budget)
    progress.end()
    return n
