from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.encode.behaviour.tokens import Tokens, TokensSettings
from palate.errors import BadInput, BadRecipe, Refused
from palate.part_state import state_of
from palate.tables import Histories
from palate.testing.user_encoder import WordSpace


def fitted(space, training, **settings):
    return Tokens(TokensSettings(**settings)).fit(space, training)


def test_the_history_in_words_newest_last(space, training, histories):
    part = fitted(space, training(), actions={"disliked": 0, "liked": 4}, opening="Bought:")
    told = part.texts(histories([[0, 1, 2]], values=[[5, 1, 4]], days=[[0, 3, 3]]))
    assert told == [
        "Bought: liked red wine, 3 days before; disliked blue lamp, the same day; liked old dragon"
        " book, the same day"
    ]


def test_what_is_not_known_is_not_said(space, training, histories):
    part = fitted(space, training(times=None))
    assert part.texts(histories([[0, 3, 1], [3], []], days=[[0, 1, 2], [0], []])) == [
        "red wine; blue lamp",
        "",
        "",
    ]
    assert fitted(space, training(), times=False).texts(histories([[0]], days=[[0]])) == [
        "red wine"
    ]


def test_the_text_is_what_is_encoded(space, training, histories):
    part = fitted(space, training(), normalise=False)
    made = part.encode(histories([[0, 1], [], [0, 1]]))
    assert space.encoded == ["red wine; blue lamp", None, "red wine; blue lamp"]
    assert np.array_equal(made[0], space.encode(["red wine; blue lamp"])[0][0])
    assert not made[1].any()


@given(
    rows=st.lists(st.lists(st.integers(0, 29), max_size=40), min_size=1, max_size=4),
    tokens=st.integers(4, 60),
    most=st.none() | st.integers(4, 40),
)
def test_the_budget_is_never_exceeded_and_never_wasted(rows, tokens, most):
    space = WordSpace(
        [None if i % 7 == 6 else " ".join([f"w{i}"] * (1 + i % 9)) for i in range(30)], most
    )
    part = Tokens(TokensSettings(tokens=tokens))
    part.load(state_of(part, facts={"clock": False}), space)
    budget = tokens if most is None else min(tokens, most)
    for row, text in zip(rows, part.texts(Histories.of_items(Ragged.of(rows))), strict=True):
        events = [" ".join([f"w{i}"] * (1 + i % 9)) for i in row if i % 7 != 6][-50:]
        assert int(space.count([text])[0]) <= budget
        told = [t for t in text.split("; ") if t]
        if not events:
            assert text == ""
        elif len(events[-1].split()) > budget:
            assert told == [" ".join(events[-1].split()[:budget])]
        else:
            assert told == events[-len(told) :]
            longer = "; ".join(events[-len(told) - 1 :])
            assert len(told) == len(events) or int(space.count([longer])[0]) > budget


def test_the_order_changes_what_is_said(space, training, histories):
    part = fitted(space, training())
    one, other = part.texts(histories([[0, 1], [1, 0]]))
    assert one != other
    assert sorted(one.replace(";", "").split()) == sorted(other.replace(";", "").split())
    assert not np.array_equal(*part.encode(histories([[0, 1], [1, 0]])))


def test_only_the_newest_events_and_first_words(space, training, histories):
    assert fitted(space, training(), last=2).texts(histories([[0, 1, 4]])) == [
        "blue lamp; nail polish"
    ]
    assert fitted(space, training(), item_words=1).texts(histories([[0, 2]])) == ["red; old"]


@pytest.mark.parametrize("template", ["{action}", "{item} {what}", "{item", "{item} }", ""])
def test_templates_that_cannot_be_filled_are_refused(template, space, training):
    with pytest.raises(BadRecipe, match="cannot be filled"):
        fitted(space, training(), template=template)


def test_an_opening_that_leaves_no_room_keeps_to_the_budget(space, training, histories):
    part = fitted(space, training(), opening="one two three four five", tokens=4)
    assert part.texts(histories([[0]])) == ["one two three four"]


def test_no_word_at_all_in_the_budget_is_refused(space, training, histories):
    space.count = lambda texts: np.full(len(texts), 99)  # an encoder of very long words
    with pytest.raises(Refused, match="not a single word"):
        fitted(space, training(), tokens=8).texts(histories([[0]]))


def test_items_of_elsewhere_are_refused(space, training, histories):
    with pytest.raises(BadInput, match="item 9 of a block of 5"):
        fitted(space, training()).encode(histories([[9]]))


def test_the_actions_of_the_log_in_words(space, training, histories):
    done = ["view", "buy", "view", None, "gift"]
    words = {"view": "looked at", "buy": "bought"}
    part = fitted(space, training(actions=done), action_words=words)
    rows = [[0, 1, 2], [4, 0]]
    assert part.texts(histories(rows, actions=done)) == [
        "looked at red wine; bought blue lamp; looked at old dragon book",
        "nail polish; red wine",
    ]
    assert part.texts(histories([[0]])) == ["red wine"]


def test_actions_that_have_no_words(space, training):
    with pytest.raises(Refused, match="does not say what was done") as caught:
        fitted(space, training(), action_words={"buy": "bought"})
    assert caught.value.where == "action_words"
    log = training(actions=["buy"] * 5)
    with pytest.raises(BadRecipe, match='no action "sell"'):
        fitted(space, log, action_words={"sell": "sold"})
    with pytest.raises(BadRecipe, match="by the value and by the action"):
        fitted(space, log, action_words={"buy": "bought"}, actions={"liked": 4})
