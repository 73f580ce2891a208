"""Whether anything of the test reached training: a check that runs in every trial."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import polars as pl

from palate.arrays import Doubles, Longs, Mask, Ragged, Rows
from palate.capabilities import Knowledge
from palate.evaluate.leaky_columns import leaky_columns, where_of
from palate.evaluate.user_columns import columns_of_users
from palate.tables import Cases, FeatureTable, Finding, Interactions, Split

MOST_UNSEEN: Final = 0.2
"""With a larger share of targets that training never saw, an ordinary split is no use."""

KNOWING: Final = ("column-knows-targets", "column-knows-users")
"""Findings about a block whose columns seem to have been made from the test as well."""


def leaks(
    split: Split,
    features: FeatureTable | None = None,
    log: Interactions | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Look for test data in the training part, in the tuning, and in the features.

    It cannot see what an encoder was fitted on, only whether its block says so; nor a leak that is
    spread over many columns. What it finds is worth a look, what it does not find is no proof.

    Args:
        split: What was made of the log.
        features: The blocks; None: they are not looked at.
        log: The whole log, for its times (if they are timestamps); None: times are not looked at.
        seed: Seed of the sample of items that columns are tried on.

    Returns:
        Findings, the errors first: `test-event-in-train`, `validation-event-in-train`,
        `validation-event-in-test`, `test-event-in-validation-history`, `withheld-item-in-train`,
        `targets-unseen` (errors); those of `KNOWING`, `block-without-origin` (warnings);
        `target-seen-before`, `trained-on-later-events` (notes).

    Cost: a few hash joins of the log; 2,000 items of each block.
    """
    found = [
        *_repeated_events(split),
        *_withheld(split),
        *_unseen(split),
        *_later_events(split, log),
    ]
    for name, block in (features.blocks if features is not None else {}).items():
        if not block.origin.data:
            found.append(_unknown_origin(name))
        found += leaky_columns(block, split, seed)
        found += columns_of_users(block, split, seed)
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda f: order[f.severity])


def knowing(findings: Iterable[Finding], blocks: Collection[str]) -> Finding | None:
    """What was found about the first of some blocks that seems to know the test; None if none does.

    Args:
        findings: Of `leaks`, among others.
        blocks: Names of blocks.
    """
    wanted = {where_of(block) for block in blocks}
    return next((f for f in findings if f.code in KNOWING and f.where in wanted), None)


def _repeated_events(split: Split) -> list[Finding]:
    """Pairs (user, item) that stand where they may not; where repeats are targets, any pair may
    come again.
    """
    if split.repeats:
        return []
    train = _pair(split.train.user, split.train.item, split)
    history = split.validation.histories
    looked_at = _pair(history.users[history.items.row_of_value()], history.items.values, split)
    test = split.test.open("check for leaks")
    tests, validations = _targets(test, split), _targets(split.validation, split)
    open_test, open_validation = ~_masked(test, split), ~_masked(split.validation, split)
    checks: list[tuple[str, str, Longs, Mask]] = [
        (
            "test-event-in-train",
            "test targets are among the training events",
            tests,
            open_test & _among(tests, train),
        ),
        (
            "validation-event-in-train",
            "validation targets are among the training events",
            validations,
            open_validation & _among(validations, train),
        ),
        (
            "validation-event-in-test",
            "test targets are validation targets too",
            tests,
            open_test & _among(tests, validations[open_validation]),
        ),
        (
            "test-event-in-validation-history",
            "test targets are in the history that models are tuned with",
            tests,
            open_test & _among(tests, looked_at) & ~_among(tests, train),
        ),
    ]
    found = [
        _finding(code, message, pairs[bad & (pairs >= 0)], split)
        for code, message, pairs, bad in checks
    ]
    return [*(f for f in found if f.count), *_seen_before(split, tests[~open_test])]


def _pair(user: Rows, item: Rows, split: Split) -> Longs:
    """int64 [n], one number for each pair of user and item; negative for an unknown user."""
    return np.where(user >= 0, np.asarray(user, np.int64) * split.train.n_items + item, -1)


def _targets(cases: Cases, split: Split) -> Longs:
    return _pair(cases.histories.users[cases.targets.row_of_value()], cases.targets.values, split)


def _masked(cases: Cases, split: Split) -> Mask:
    """bool [n_targets], targets that are masked in their own case, so that ranking them gains
    nothing.
    """

    def flat(part: Ragged) -> Longs:
        return part.row_of_value().astype(np.int64) * split.train.n_items + part.values

    return _among(flat(cases.targets), flat(cases.seen))


def _finding(code: str, message: str, pairs: Longs, split: Split) -> Finding:
    return Finding(
        code,
        "error",
        f"{len(pairs):,} {message}.",
        where="split",
        count=len(pairs),
        examples=_examples(pairs, split),
        advice="Remove repeated events under [clean], or correct the splitter.",
    )


def _examples(pairs: Longs, split: Split) -> tuple[str, ...]:
    users, items = np.divmod(pairs[:5], split.train.n_items)
    return tuple(
        f"{split.train.users.ids[u]}, {split.train.items.ids[i]}"
        for u, i in zip(users, items, strict=True)
    )


def _seen_before(split: Split, pairs: Longs) -> list[Finding]:
    if not len(pairs):
        return []
    total = len(split.test.open("check for leaks").targets.values)
    return [
        Finding(
            "target-seen-before",
            "note",
            f"{len(pairs):,} of {total:,} test targets are masked, because they were seen before or"
            " are unknown to training: they count as misses, as in published work.",
            where="split",
            count=len(pairs),
            examples=_examples(pairs[pairs >= 0], split),
            advice=(
                "Remove repeated events under [clean] if repeats are not to be predicted"
                " item twice."
            ),
        )
    ]


def _withheld(split: Split) -> list[Finding]:
    bad = np.intersect1d(split.withheld, split.train.item)
    if not len(bad):
        return []
    message = f"{len(bad):,} items that were to be withheld have training events."
    names = tuple(split.train.items.names(bad[:5]))
    return [
        Finding(
            "withheld-item-in-train",
            "error",
            message,
            "split",
            len(bad),
            names,
            "Correct the splitter.",
        )
    ]


def _unseen(split: Split) -> list[Finding]:
    """Whether training never saw the items of many targets, though none was withheld."""
    if len(split.withheld):
        return []
    targets = split.test.open("check for leaks").targets.values
    new = targets[split.train.item_counts()[targets] == 0]
    if not len(targets) or len(new) <= MOST_UNSEEN * len(targets):
        return []
    return [
        Finding(
            "targets-unseen",
            "error",
            f"{len(new):,} of {len(targets):,} test targets ({len(new) / len(targets):.0%}) are of"
            " items that training never saw: no model that learns from events can find them.",
            where="split",
            count=len(new),
            examples=tuple(split.train.items.names(np.unique(new)[:5])),
            advice=(
                "If the order of the log is not that of events, split.ratio.v1 parts it at random;"
                " if new items are the question, split.cold_items.v1 asks it; else leave rare items"
                " out: [clean] min_item_events."
            ),
        )
    ]


def _later_events(split: Split, log: Interactions | None) -> list[Finding]:
    """Whether training knows what happened after the times of the test targets."""
    if (
        log is None
        or log.time is None
        or split.train.time is None
        or not len(split.train)
        or not log.has_timestamps()
    ):
        return []
    times = _times(
        _targets(split.test.open("check for leaks"), split),
        _pair(log.user, log.item, split),
        log.time,
    )
    early = int((times < split.train.time.max()).sum())
    if not early:
        return []
    share = float(np.mean(split.train.time > np.median(times)))
    return [
        Finding(
            "trained-on-later-events",
            "note",
            f"{early:,} of {len(times):,} choices to be predicted are older than the newest event"
            f" that models learn from, and {share:.0%} of these events are younger than the median"
            " choice: models know some of the future, so absolute figures are better than a live"
            " service's.",
            where="split",
            count=early,
            advice="Compare with split.time.v1 before promising these figures.",
        )
    ]


def knowing_models(
    split: Split, log: Interactions, known: Iterable[Knowledge]
) -> tuple[Finding, ...]:
    """A warning for each language model that may know by heart what came in the test period.

    Args:
        split: What was made of the log.
        log: The whole log; without timestamps nothing is said.
        known: The models behind blocks; one that names no last day may know everything.

    Returns:
        Findings `model-knows-test-period`.
    """
    models = list(dict.fromkeys(known))
    if not models or log.time is None or not log.has_timestamps():
        return ()
    cases = _targets(split.test.open("check for leaks"), split)
    times = _times(cases, _pair(log.user, log.item, split), log.time)
    if not len(times):
        return ()
    start = datetime.fromtimestamp(float(times.min()), UTC).date()
    return tuple(
        Finding(
            "model-knows-test-period",
            "warning",
            f"{model.model} learnt from texts until"
            f" {model.until or 'a day that is not known'}, and the test period starts on {start}:"
            " what it says of items may rest on what people said of them afterwards",
            where=model.model,
            advice="Read the lift of its attributes with this in mind, write knows_until if you"
            " know the day, or take a model from before; what it copies from an item's own text is"
            " not concerned.",
        )
        for model in models
        if not model.until or date.fromisoformat(model.until) >= start
    )


def _times(targets: Longs, events: Longs, times: Longs) -> Doubles:
    """float64 [n], the latest time of each target's pair in the log; pairs that are not there drop
    out.
    """
    wanted = pl.DataFrame({"pair": targets})
    log = pl.DataFrame({"pair": events, "time": times}).join(wanted.unique(), "pair", how="semi")
    latest = log.group_by("pair").agg(pl.col("time").max().cast(pl.Float64))
    found = wanted.join(latest, "pair", how="inner", maintain_order="left")
    return np.asarray(found["time"].to_numpy(), np.float64)


def _among(pairs: Longs, known: Longs) -> Mask:
    """bool [n], which pairs are among those that are known; by hashing, which takes a tenth of the
    time of sorting both.
    """
    return np.asarray(pl.Series(pairs).is_in(pl.Series(known).implode()).to_numpy(), np.bool_)


def _unknown_origin(name: str) -> Finding:
    return Finding(
        "block-without-origin",
        "warning",
        f'block "{name}" does not say which items it was fitted on.',
        where=f"blocks.{name}",
        count=1,
        advice="Give its Origin the digest of the content and rows it was fitted on.",
    )
