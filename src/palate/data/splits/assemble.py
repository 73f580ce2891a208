"""From a mark on each event (train, validation, test ...) to a `Split`: the one place that builds
cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Longs, Mask, Ragged, Rows
from palate.data.splits.liked import Liked
from palate.errors import Refused
from palate.seeding import generator
from palate.tables import Cases, Histories, Interactions, SealedCases, Split

TRAIN, VALIDATION, TEST, HISTORY, HIDDEN = 0, 1, 2, 3, 4
"""What an event is for. HISTORY: a model may look at it when it scores its user, but is not fitted
on it. HIDDEN: no model sees it, but its item is masked for its user."""


@dataclass(frozen=True)
class Rules:
    """What counts as a right answer, what is masked, and whose cases there are.

    Attributes:
        liked: Least value of a target, of an event that masks its item, and of one that is trained
            on; whether any masks its item at all.
        known_items_only: Whether items without a training event are masked for everybody.
        drop_cold_items: Whether targets without a training event are left out (else they stay, and
            are misses if masked).
        drop_cold_users: Whether users without a training event are left out of the cases.
        test_sees_validation: Whether the history of a test case holds the user's validation events.
        min_history: Least events in the history of a case.
        n_validation_users: Most validation cases, chosen at random; None: all.
    """

    liked: Liked
    known_items_only: bool = False
    drop_cold_items: bool = False
    drop_cold_users: bool = False
    test_sees_validation: bool = True
    min_history: int = 0
    n_validation_users: int | None = None


def assemble(
    log: Interactions,
    mark: NDArray[Any],
    rules: Rules,
    seed: int,
    withheld: Rows | None = None,
    notes: tuple[str, ...] = (),
) -> Split:
    """Build the training part and the cases.

    Args:
        log: The whole log.
        mark: int [n_rows], one of TRAIN, VALIDATION, TEST, HISTORY for each event.
        rules: What counts.
        seed: Seed of the choice of validation cases.
        withheld: Rows of items that were taken out of training on purpose.
        notes: Sentences to put first.

    Raises:
        Refused: No event is left to train on, or no case to test on.
    """
    learnt = _at_least(log, rules.liked.train_min)
    train = log.take((mark == TRAIN) & learnt)
    context = (mark == TRAIN) | (mark == HISTORY)
    before = context | (mark == VALIDATION)
    hidden = mark == HIDDEN
    validation = _cases(log, context & learnt, context | hidden, mark == VALIDATION, train, rules)
    test = _cases(
        log,
        learnt & (before if rules.test_sees_validation else context),
        before | hidden,
        mark == TEST,
        train,
        rules,
    )
    if not len(train) or not len(test):
        raise Refused(
            f"the split leaves {len(train)} training events and {len(test)} test cases of"
            f" {len(log)} events",
            where="split",
            allowed="at least one of each",
            next_step=(
                "give the test a larger share, ask for fewer events a user, or bring more data"
            ),
        )
    found = (*notes, *_notes(validation, test, rules))
    if rules.n_validation_users is not None and len(validation) > rules.n_validation_users:
        chosen = generator(seed, "split", "validation cases").permutation(len(validation))[
            : rules.n_validation_users
        ]
        validation = validation.take(np.sort(chosen))
        found = (
            *found,
            f"{len(validation):,} validation cases were chosen at random to save time.",
        )
    return Split(
        train,
        validation,
        SealedCases(test),
        np.empty(0, np.int32) if withheld is None else withheld,
        found,
        rules.liked.seen == "allow",
    )


def users_of(log: Interactions, min_events: int) -> Mask:
    """bool [n_users], users with at least `min_events` events."""
    return np.bincount(log.user, minlength=log.n_users) >= min_events


def _at_least(log: Interactions, least: float | None) -> Mask:
    return np.ones(len(log), np.bool_) if least is None else log.value >= np.float32(least)


def _cases(
    log: Interactions, history: Mask, seen: Mask, target: Mask, train: Interactions, rules: Rules
) -> Cases:
    known = train.item_counts() > 0
    target = target & _at_least(log, rules.liked.relevant_min)
    if rules.drop_cold_items:
        target = target & known[log.item]
    seen = seen & _at_least(log, rules.liked.seen_min) & (rules.liked.seen == "mask")
    evaluated = np.bincount(log.user[target], minlength=log.n_users) > 0
    evaluated &= np.bincount(log.user[history], minlength=log.n_users) >= rules.min_history
    if rules.drop_cold_users:
        evaluated &= np.bincount(train.user, minlength=log.n_users) > 0
    users = np.flatnonzero(evaluated).astype(np.int32)
    place = np.full(log.n_users, -1, np.int64)
    place[users] = np.arange(len(users))
    masked = _items(log, seen, place, len(users))
    if rules.known_items_only:
        masked = _with(masked, np.flatnonzero(~known))
    events = _events(log, target, place)
    # a stable order by case, as that of the targets
    ordered = events[np.argsort(place[log.user[events]], kind="stable")]
    return Cases(
        Histories.of(log.take(history), users),
        masked,
        _items(log, target, place, len(users)),
        log.value[ordered].astype(np.float64),
    )


def _items(log: Interactions, chosen: Mask, place: Longs, n_cases: int) -> Ragged:
    """The distinct items of each case among the chosen events, in the order of the log."""
    rows = _events(log, chosen, place)
    return Ragged.grouped(place[log.user[rows]].astype(np.int32), log.item[rows], n_cases)


def _events(log: Interactions, chosen: Mask, place: Longs) -> Longs:
    """The first of the chosen events of every case with each of its items, in the order of the
    log.
    """
    rows = np.flatnonzero(chosen)
    rows = rows[place[log.user[rows]] >= 0]
    pair = place[log.user[rows]] * log.n_items + log.item[rows]
    return np.asarray(rows[np.sort(np.unique(pair, return_index=True)[1])], np.int64)


def _with(masked: Ragged, extra: NDArray[Any]) -> Ragged:
    """`masked` with the `extra` items added to every row; an item may then stand twice in a row."""
    group = np.concatenate([masked.row_of_value(), np.repeat(np.arange(len(masked)), len(extra))])
    return Ragged.grouped(
        group.astype(np.int32),
        np.concatenate([masked.values, np.tile(extra, len(masked))]),
        len(masked),
    )


def _notes(validation: Cases, test: Cases, rules: Rules) -> list[str]:
    notes = []
    if not len(validation):
        notes.append("There are no validation cases: nothing can be tuned on this split.")
    unreachable = _masked_targets(test)
    if unreachable:
        notes.append(
            f"{unreachable:,} of {len(test.targets.values):,} test targets are masked (seen before,"
            " or unknown to training): nothing can recommend them, so they count as misses."
        )
    liked = rules.liked
    if liked.relevant_min is not None:
        notes.append(f"Only events of value {liked.relevant_min:g} or more are targets.")
    if liked.seen == "allow":
        notes.append("Items of a history may be recommended again, and repeats are targets.")
    if liked.seen_min is not None:
        notes.append(f"Only events of value {liked.seen_min:g} or more mask their item.")
    if liked.train_min is not None:
        notes.append(
            f"Only events of value {liked.train_min:g} or more are trained on and stand in"
            " histories."
        )
    if rules.known_items_only:
        notes.append("Only items with a training event compete.")
    return notes


def _masked_targets(cases: Cases) -> int:
    """How many targets stand among the masked items of their own case."""
    if not len(cases.targets.values):
        return 0
    width = 1 + int(max(cases.targets.values.max(), cases.seen.values.max(initial=0)))
    target = cases.targets.row_of_value().astype(np.int64) * width + cases.targets.values
    seen = cases.seen.row_of_value().astype(np.int64) * width + cases.seen.values
    return int(np.isin(target, seen).sum())
