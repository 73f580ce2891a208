"""Scores are made chunk by chunk, and the chunks keep to the limit."""

from __future__ import annotations

import tracemalloc
from typing import Any, cast

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.fit.refit import Answers, CachedScorer
from palate.perturbation.questions import CasesQuestion, ranking_metric
from palate.registry import spec
from palate.stages import Scorer
from palate.study.importance.memory import GIB, LIBRARIES, Room
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training, Vocabulary

N_CASES, N_ITEMS, LIMIT = 1500, 20_000, 0.08


@pytest.fixture(scope="module")
def question() -> CasesQuestion:
    random = np.random.default_rng(1)
    items = [[int(i)] for i in random.integers(0, N_ITEMS, N_CASES)]
    users = np.arange(N_CASES, dtype=np.int32)
    histories = Histories(users, Ragged.of(items), np.ones(N_CASES, np.float32))
    targets = Ragged.of([[int(i)] for i in random.integers(0, N_ITEMS, N_CASES)])
    return CasesQuestion(
        "ndcg@10", Cases(histories, targets, Ragged.of(items)), ranking_metric("ndcg@10")
    )


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    random = np.random.default_rng(2)
    log = Interactions(
        Vocabulary.of(range(N_CASES)),
        Vocabulary.of(range(N_ITEMS)),
        random.integers(0, N_CASES, 9000).astype(np.int32),
        random.integers(0, N_ITEMS, 9000).astype(np.int32),
        np.ones(9000, np.float32),
    )
    table = FeatureTable(log.items, {})
    empty = Cases(
        Histories(np.empty(0, np.int32), Ragged.of([]), np.empty(0, np.float32)),
        Ragged.of([]),
        Ragged.of([]),
    )
    return spec({"part": "model.item_knn.v1"}, "scorer").build().fit(Training(log, table, empty))


def _peak(question: CasesQuestion, scorer: Scorer, chunk: int) -> tuple[float, np.ndarray]:
    answers = Answers(cast(Any, None), cast(Any, None), {}, question.in_chunks(chunk))
    tracemalloc.start()
    found = answers.gains(scorer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, found


def test_scores_keep_to_the_limit_and_say_the_same(question: CasesQuestion, scorer: Scorer) -> None:
    room = Room(LIBRARIES + LIMIT, N_ITEMS, 2)
    peak, found = _peak(question, scorer, room.chunk)
    whole_peak, whole = _peak(question, scorer, N_CASES)
    np.testing.assert_array_equal(found, whole)
    assert peak <= LIMIT * GIB
    assert whole_peak > LIMIT * GIB


def test_the_chunk_shrinks_with_the_catalogue_and_the_limit() -> None:
    chunks = [Room(2.0, items, 2).chunk for items in (1_000, 100_000, 10_000_000)]
    assert chunks == sorted(chunks, reverse=True)
    assert chunks[-1] >= 1
    assert Room(1.0, 100_000, 2).chunk < Room(4.0, 100_000, 2).chunk
    assert Room(2.0, 100, 9).numbers < Room(2.0, 100, 2).numbers


def test_kept_answers_keep_to_their_share(question: CasesQuestion, scorer: Scorer) -> None:
    chunks = [c.cases.histories for c in question.in_chunks(500)]
    cached = CachedScorer(scorer, chunks, most=500 * N_ITEMS * 4)
    first, second = cached.score(chunks[0]), cached.score(chunks[1])
    assert cached.score(chunks[0]) is first
    assert cached.score(chunks[1]) is not second
