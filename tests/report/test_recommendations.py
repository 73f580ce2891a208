"""Lists with their reasons."""

from __future__ import annotations

import re

from palate.report.recommendations import MOST_HISTORY, MOST_USERS, lists
from palate.runs.documents import Item, Reason, Recommendations, Recommended, Term, UserList

TERMS = (Term("behaviour", 1.0), Term("text", 0.5), Term("bias", -0.25))
REASONS = (Reason("9", "Old", 1.0, 0.666), Reason("8", ""))


def one(
    *items: Recommended, history: tuple[Item, ...] = (), targets: tuple[Item, ...] = ()
) -> Recommendations:
    return Recommendations("blend", ("id", "text"), (UserList("u", history, targets, items),))


def test_a_slot_tells_score_terms_and_reasons() -> None:
    made = lists(
        one(
            Recommended("1", "New", 1.25, 1, True, 0, TERMS, REASONS),
            targets=(Item("1", "New"), Item("2")),
        )
    )
    assert made
    [panel] = made.panels
    [slot] = panel.slots
    assert (slot.title, slot.score, slot.seen, slot.is_new) == (
        "New",
        "1.25",
        "never seen in training",
        True,
    )
    assert slot.reasons == (("Old", "67\N{NARROW NO-BREAK SPACE}%"), ("8", ""))
    assert slot.tip == "behaviour: +1\ntext: +0.5\nbias: \N{MINUS SIGN}0.25"
    assert panel.summary == "1 of 2 held-back items among the 1 shown."
    assert panel.targets == (("New", True), ("2", False))
    assert made.terms == ("behaviour", "text", "bias")


def test_bars_stack_gains_to_the_right_and_losses_to_the_left() -> None:
    made = lists(one(Recommended("1", "New", 1.25, terms=TERMS)))
    assert made
    bar = str(made.panels[0].slots[0].bar)
    pieces = [
        (float(x), float(w)) for x, w in re.findall(r'<rect x="([\d.]+)%" width="([\d.]+)%"', bar)
    ]
    (a, a_width), (b, b_width), (c, c_width) = pieces
    assert abs(a + a_width - b) < 0.02
    assert abs(c + c_width - a) < 0.02
    assert abs(a_width - 2 * b_width) < 0.02
    assert abs(b + b_width - 100) < 0.02
    assert c == 0


def test_ranks_are_counted_where_they_are_not_told() -> None:
    made = lists(one(Recommended("1"), Recommended("2")))
    assert made
    assert [s.item.rank for s in made.panels[0].slots] == [1, 2]
    assert made.panels[0].slots[0].bar is None
    assert made.panels[0].slots[0].seen == ""


def test_long_histories_are_cut() -> None:
    made = lists(one(history=tuple(Item(str(i)) for i in range(MOST_HISTORY + 5))))
    assert made
    assert (len(made.panels[0].history), made.panels[0].earlier) == (MOST_HISTORY, 5)
    assert made.panels[0].history[0] == "0"
    assert made.panels[0].summary == "Nothing was held back for this user."


def test_many_users_are_cut_and_told() -> None:
    made = lists(Recommendations(users=tuple(UserList(str(i)) for i in range(MOST_USERS + 3))))
    assert made
    assert (len(made.panels), made.left_out) == (MOST_USERS, 3)


def test_nothing_to_show() -> None:
    assert lists(None) is None
    assert lists(Recommendations()) is None
