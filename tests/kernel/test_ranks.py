"""Places of targets, first items, DCG: against slow and plain versions of the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from palate import best_in_rows, ranks
from palate.arrays import Ragged
from palate.errors import BadInput


@st.composite
def questions(draw: st.DrawFn) -> tuple[np.ndarray, Ragged, Ragged]:
    """Scores with many ties, some items seen, some asked for (also seen ones)."""
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    scores = np.array(
        draw(st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=m, max_size=m))
    )
    rows = st.lists(st.integers(0, n - 1), unique=True, max_size=n)
    one = st.lists(st.integers(0, n - 1), min_size=1, max_size=1)
    targets = draw(st.lists(one if draw(st.booleans()) else rows, min_size=m, max_size=m))
    seen = draw(st.lists(rows, min_size=m, max_size=m))
    return scores.astype(np.float32), Ragged.of(seen), Ragged.of(targets)


@given(questions())
def test_positions_are_mid_ranks_among_what_may_be_recommended(
    question: tuple[np.ndarray, Ragged, Ragged],
) -> None:
    scores, seen, targets = question
    found = ranks.positions(scores, seen, targets)
    expected = []
    for case in range(len(scores)):
        open_items = [i for i in range(scores.shape[1]) if i not in seen[case]]
        places = dict(zip(open_items, rankdata(-scores[case, open_items]), strict=True))
        expected += [places.get(int(t), np.inf) for t in targets[case]]
        assert found.n_candidates[case] == len(open_items)
    assert found.position.tolist() == expected
    assert found.case.tolist() == targets.row_of_value().tolist()
    assert found.item.tolist() == targets.values.tolist()


@given(questions(), st.integers(1, 12))
def test_top_breaks_ties_by_item_row(question: tuple[np.ndarray, Ragged, Ragged], k: int) -> None:
    scores, seen, _ = question
    items, best = ranks.top(ranks.masked(scores, seen), k)
    for case in range(len(scores)):
        open_items = [i for i in range(scores.shape[1]) if i not in seen[case]]
        wanted = sorted(open_items, key=lambda i: (-scores[case, i], i))[:k]
        filler = k - len(wanted)
        assert items[case].tolist() == wanted + [-1] * filler
        assert best[case].tolist() == [*scores[case, wanted].tolist(), *[-np.inf] * filler]


@given(questions(), st.integers(1, 12))
def test_ndcg_stays_between_0_and_1(question: tuple[np.ndarray, Ragged, Ragged], k: int) -> None:
    scores, seen, targets = question
    values = ranks.ndcg(ranks.positions(scores, seen, targets), k)
    asked = targets.lengths() > 0
    assert np.isnan(values[~asked]).all()
    assert np.all((values[asked] >= 0) & (values[asked] <= 1))


def test_a_target_that_was_seen_is_a_miss_and_does_not_come_back() -> None:
    # The best score of all; un-masking it, or dropping the case, would be a gift.
    found = ranks.positions(
        np.array([[9.0, 1.0, 2.0]], np.float32), Ragged.of([[0]]), Ragged.of([[0]])
    )
    assert found.position.tolist() == [np.inf]
    assert found.n_candidates.tolist() == [2]
    assert ranks.ndcg(found, 10).tolist() == [0.0]


def test_ndcg_worked_by_hand() -> None:
    scores = np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]], np.float32)
    found = ranks.positions(scores, Ragged.of([[]]), Ragged.of([[0, 2, 5]]))
    # places 1, 3, 6; best places 1, 2, 3
    best = 1 / np.log2(2) + 1 / np.log2(3) + 1 / np.log2(4)
    assert ranks.ndcg(found, 6)[0] == pytest.approx((1 + 0.5 + 1 / np.log2(7)) / best)
    assert ranks.ndcg(found, 3)[0] == pytest.approx(1.5 / best)
    assert ranks.ndcg(found, 1)[0] == 1.0


def test_many_targets_tied_across_the_last_place_do_not_exceed_1() -> None:
    found = ranks.positions(np.zeros((1, 3), np.float32), Ragged.of([[]]), Ragged.of([[0, 1, 2]]))
    assert found.position.tolist() == [2.0, 2.0, 2.0]
    assert ranks.ndcg(found, 2)[0] == 1.0


def test_the_callers_scores_stay_as_they_were() -> None:
    scores = np.arange(6, dtype=np.float32).reshape(2, 3)
    before = scores.copy()
    ranks.positions(scores, Ragged.of([[0], [1, 2]]), Ragged.of([[1], [0]]))
    assert np.array_equal(scores, before)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused_with_their_place(bad: float) -> None:
    scores = np.zeros((2, 3), np.float32)
    scores[1, 2] = bad
    with pytest.raises(BadInput, match="item row 2 in case 1"):
        ranks.positions(scores, Ragged.of([[], []]), Ragged.of([[0], [0]]))


def test_shapes_that_do_not_fit_are_refused() -> None:
    nothing = Ragged.of([[], []])
    with pytest.raises(BadInput, match="shape"):
        ranks.positions(np.zeros(3, np.float32), nothing, nothing)
    with pytest.raises(BadInput, match="shape"):
        ranks.positions(np.zeros((3, 3), np.float32), nothing, nothing)
    with pytest.raises(BadInput, match="targets"):
        ranks.positions(np.zeros((2, 3), np.float32), nothing, Ragged.of([[0]]))


def test_no_items_and_no_cases() -> None:
    assert (
        len(ranks.positions(np.zeros((0, 5), np.float32), Ragged.of([]), Ragged.of([])).position)
        == 0
    )
    items, _ = ranks.top(np.zeros((2, 0), np.float32), 3)
    assert items.tolist() == [[-1, -1, -1]] * 2


@pytest.mark.parametrize("levels", [1, 2, 7, 10_000])
@pytest.mark.parametrize("k", [1, 10, 150])
def test_top_of_long_rows(levels: int, k: int) -> None:
    """Long enough for the short list to be short, with a remainder of columns, with few ties and
    with many.
    """
    random = np.random.default_rng(levels)
    scores = random.integers(0, levels, (5, 1373)).astype(np.float32)
    scores[0, 20:] = -np.inf
    scores[1, :-3] = 0
    scores[2] = np.where(random.random(1373) < 0.98, 0, scores[2])
    items, best = ranks.top(scores, k)
    for row in range(5):
        wanted = sorted(range(1373), key=lambda i: (-scores[row, i], i))[:k]
        assert items[row].tolist() == [i if scores[row, i] > -np.inf else -1 for i in wanted]
        assert best[row].tolist() == scores[row, wanted].tolist()


@given(st.data())
def test_places_up_to_k_are_those_of_the_whole_ranking(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 5))
    k = data.draw(st.integers(1, 14))
    values = st.sampled_from([-np.inf, 0.0, 0.5, 1.0, 2.0])
    scores = np.array(
        data.draw(st.lists(st.lists(values, min_size=n, max_size=n), min_size=m, max_size=m)),
        np.float32,
    )
    targets = Ragged.of(
        [sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1))) for _ in range(m)]
    )
    whole, part = (
        ranks.positions_masked(scores, targets),
        ranks.positions_within(scores, targets, k),
    )
    near = whole.position <= k
    np.testing.assert_array_equal(part.position[near], whole.position[near])
    assert (part.position[~near] > k).all()
    np.testing.assert_array_equal(part.n_candidates, whole.n_candidates)


@pytest.mark.parametrize("cached", [1, 100, 4_000])
@pytest.mark.parametrize("levels", [3, 50, 1_000_000])
@pytest.mark.parametrize("long", [1, 10_000])
def test_blocks_and_threads_make_no_difference(
    monkeypatch: pytest.MonkeyPatch, cached: int, levels: int, long: int
) -> None:
    """Against sorting each row, with few ties and with many, repeated items among the seen."""
    monkeypatch.setattr(best_in_rows, "_CACHED", cached)
    monkeypatch.setattr(best_in_rows, "_ALONE", 1)
    monkeypatch.setattr(best_in_rows, "_LONG", long)
    random = np.random.default_rng(levels)
    m, n, k = 23, 1_211, 7
    scores = random.integers(0, levels, (m, n)).astype(np.float32)
    scores[3] = 0
    seen = Ragged.of([random.integers(0, n, random.integers(0, 30)).tolist() for _ in range(m)])
    seen = Ragged(np.append(seen.values[:-1], seen.values[-2]), seen.offsets)
    targets = Ragged.of([random.integers(0, n, row % 4) for row in range(m)])
    found, items, best = ranks.ranked(scores, seen, targets, k)
    masked = ranks.masked(scores, seen)
    expected = ranks.positions_masked(masked, targets)
    assert found.position.tolist() == expected.position.tolist()
    assert found.tied.tolist() == expected.tied.tolist()
    assert found.n_candidates.tolist() == (masked > -np.inf).sum(axis=1).tolist()
    for row in range(m):
        wanted = np.lexsort((np.arange(n), -masked[row]))[:k]
        assert items[row].tolist() == wanted.tolist()
        assert best[row].tolist() == masked[row, wanted].tolist()


def test_many_targets_are_counted_as_few_are() -> None:
    scores = np.random.default_rng(0).integers(0, 400, (3, 900)).astype(np.float32)
    nothing, all_items = Ragged.of([[]] * 3), Ragged.of([range(0, 900, 3)] * 3)
    many = ranks.positions(scores, nothing, all_items)
    for start in range(0, 900, 60):
        few = Ragged.of([range(start, start + 60, 3)] * 3)
        one = ranks.positions(scores, nothing, few)
        chosen = np.isin(many.item, few.values)
        assert many.position[chosen].tolist() == one.position.tolist()
        assert many.tied[chosen].tolist() == one.tied.tolist()
