from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from palate.encode.behaviour.pooled import Pooled, PooledSettings
from palate.errors import BadInput, BadRecipe, Refused
from palate.part_state import state_of
from palate.tables import Block, Histories, Origin
from palate.testing.user_encoder import WordSpace


def fitted(space, training, **settings):
    return Pooled(PooledSettings(**settings)).fit(space, training)


def test_the_mean_of_the_items(space, training, histories):
    Z = space.block.matrix
    made = fitted(space, training()).encode(histories([[0, 1], [2, 2, 0], [3, 4], []]))
    assert np.allclose(made, [(Z[0] + Z[1]) / 2, (2 * Z[2] + Z[0]) / 3, Z[4], 0 * Z[0]])


def test_newer_events_count_more_by_the_half_life(space, training, histories):
    Z = space.block.matrix
    by_days = fitted(space, training(), half_life=2.0).encode(histories([[0, 1]], days=[[0, 4]]))
    assert np.allclose(by_days, (0.25 * Z[0] + Z[1]) / 1.25)
    by_events = fitted(space, training(), half_life_events=1.0).encode(histories([[0, 1, 2]]))
    assert np.allclose(by_events, (0.25 * Z[0] + 0.5 * Z[1] + Z[2]) / 1.75)
    assert np.allclose(fitted(space, training(), last=1).encode(histories([[0, 1]])), Z[1])


def test_without_times_a_half_life_in_days_forgets_nothing(space, training, histories):
    Z = space.block.matrix
    assert np.allclose(
        fitted(space, training(), half_life=2.0).encode(histories([[0, 1]])), (Z[0] + Z[1]) / 2
    )


def test_a_mean_for_each_kind_of_event(space, training, histories):
    Z = space.block.matrix
    part = fitted(space, training(), kinds={"liked": 4, "disliked": 2})
    assert part.pieces() == ("disliked", "liked")
    made = part.encode(histories([[0, 1, 2, 4], [0]], values=[[5, 2, 3.5, 1], [4]]))
    assert np.allclose(made[0], np.concatenate([(Z[1] + Z[2]) / 2, Z[0]]))
    assert np.allclose(made[1], np.concatenate([0 * Z[0], Z[0]]))


@given(st.permutations(range(9)))
def test_without_recency_the_order_leaves_no_trace(order):
    rng = np.random.default_rng(0)
    space = WordSpace([f"{a} {b}" for a, b in rng.choice(list("abcdefgh"), (9, 2))])
    part = Pooled()
    part.load(state_of(part), space)
    row = np.array([0, 1, 2, 3, 4, 5, 6, 0, 8], np.int32)
    one = Histories.of_items(_ragged(row))
    other = Histories.of_items(_ragged(row[list(order)]))
    assert part.encode(one).tobytes() == part.encode(other).tobytes()


def test_with_recency_the_order_matters(space, training, histories):
    part = fitted(space, training(), half_life_events=2.0)
    assert not np.allclose(part.encode(histories([[0, 1]])), part.encode(histories([[1, 0]])))


def test_sparse_blocks_and_long_rows(training, histories):
    space = WordSpace(["a"] * 5)
    X = sparse.csr_matrix(np.diag([1.0, 2, 3, 4, 5]).astype(np.float32))
    space.block = Block("tfidf", X, np.ones(5, np.bool_), Origin("x"))
    assert fitted(space, training()).encode(histories([[0, 1]])).tolist() == [[0.5, 0.5, 0, 0, 0]]
    assert fitted(space, training(), normalise=False).encode(histories([[0, 1]])).tolist() == [
        [0.5, 1, 0, 0, 0]
    ]


def test_a_half_life_in_days_needs_a_clock(space, training):
    for times in (None, [0, 1, 2, 0, 1]):
        with pytest.raises(Refused, match="no times that can be counted in days"):
            fitted(space, training(times), half_life=3.0)


def test_kinds_that_begin_together_and_items_of_elsewhere_are_refused(space, training, histories):
    with pytest.raises(BadRecipe, match="same value"):
        fitted(space, training(), kinds={"a": 1, "b": 1.0})
    with pytest.raises(BadInput, match="item 9 of a block of 5"):
        fitted(space, training()).encode(histories([[9]]))


def _ragged(row):
    from palate.arrays import Ragged

    return Ragged.of([row])


DONE = ["view", "buy", "view", None, "gift"]


def test_a_mean_for_each_action(space, training, histories):
    Z = space.block.matrix
    part = fitted(space, training(actions=DONE), actions=("buy", "view"))
    assert part.pieces() == ("buy", "view")
    made = part.encode(
        histories([[0, 1, 2], [4, 0, 1]], actions=["view", "buy", "view", *DONE[3:], "buy"])
    )
    assert np.allclose(made[0], np.concatenate([Z[1], (Z[0] + Z[2]) / 2]))
    assert np.allclose(made[1], np.concatenate([Z[1], 0 * Z[0]]))
    # histories that do not say what was done hold no such event
    assert not part.encode(histories([[0, 1]])).any()


def test_a_gift_is_another_action_than_a_view(space, training, histories):
    part = fitted(space, training(actions=DONE), actions=("view",))
    gift, view = (part.encode(histories([[0]], actions=[name])) for name in ("gift", "view"))
    assert view.any()
    assert not gift.any()


def test_actions_that_cannot_be_told_apart(space, training):
    with pytest.raises(Refused, match="does not say what was done") as caught:
        fitted(space, training(), actions=("buy",))
    assert caught.value.where == "actions"
    with pytest.raises(BadRecipe, match='no action "by"') as caught:
        fitted(space, training(actions=DONE), actions=("by",))
    assert caught.value.next_step == 'did you mean "buy"?'
    with pytest.raises(BadRecipe, match="comes twice"):
        fitted(space, training(actions=DONE), actions=("buy", "buy"))
    with pytest.raises(BadRecipe, match="by their value and by their action"):
        fitted(space, training(actions=DONE), actions=("buy",), kinds={"liked": 4})
