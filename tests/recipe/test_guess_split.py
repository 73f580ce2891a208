"""Which split is proposed, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.data.assemble import read_frames
from palate.data.clean import CleanSettings, clean
from palate.data.likes import likes_of
from palate.data.settings import DataSettings
from palate.data.splits.time import Time
from palate.errors import BadRecipe
from palate.recipe.guess_split import against_time, guessed_split
from palate.recipe.propose import guessed_recipe
from palate.recipe.recipe import load, parse
from palate.registry import spec
from palate.tables import Dataset, Split

T0 = 1_500_000_000


def jokes(seed: int = 0, n_users: int = 60, n_items: int = 40) -> Dataset:
    """Nearly everybody has rated nearly everything, -10 to 10, items in order."""
    rng = np.random.default_rng(seed)
    rows = [
        (u, i, round(float(rng.uniform(-10, 10)), 2) or 1.0)
        for u in range(n_users)
        for i in range(n_items)
        if rng.random() < 0.9
    ]
    return read_frames(pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row"))


def stamped(seed: int = 0, n_users: int = 1200, span: int = 400) -> pl.DataFrame:
    """People who come again over all the time; few items."""
    rng = np.random.default_rng(seed)
    n = n_users * 20
    return pl.DataFrame(
        {
            "user_id": rng.integers(0, n_users, n),
            "item_id": rng.integers(0, 3000, n),
            "timestamp": T0 + rng.integers(0, span * 86_400, n),
        }
    ).unique(["user_id", "item_id"], maintain_order=True)


def made(data: Dataset, seed: int = 0) -> Split:
    table = guessed_recipe(data)
    cleaned, _ = clean(data, CleanSettings(**table.get("clean", {})))
    return spec(table["split"], "splitter").build().split(cleaned.interactions, seed)


@pytest.mark.parametrize("seed", range(5))
def test_signed_ratings_without_order_are_split_at_random_and_only_likes_count(seed: int) -> None:
    data = jokes(seed)
    found = guessed_split(data.interactions)
    values = data.interactions.value
    assert found.split["part"] == "split.ratio.v1"
    assert found.split["relevant_min"] == pytest.approx(float(values[values > 0].min()))
    assert any("above 0 are read as liked" in r for r in found.reasons)
    assert any("ascend" in r for r in found.reasons)
    split = made(data)
    log = data.interactions
    value = {(u, i): v for u, i, v in zip(log.user, log.item, log.value, strict=True)}
    assert (split.train.value > 0).all()
    for cases in (split.validation, split.test.open("inspect")):
        for row, user in enumerate(cases.histories.users):
            assert all(value[user, i] > 0 for i in cases.targets[row])
            assert all(value[user, i] > 0 for i in cases.histories.items[row])
        disliked = [
            value[u, i] <= 0 for r, u in enumerate(cases.histories.users) for i in cases.seen[r]
        ]
        assert any(disliked)  # they are masked all the same


@pytest.mark.parametrize(
    ("values", "least", "word"),
    [
        ([1.0, -1.0], 1.0, "not liked"),
        ([0.0, 1.0, 1.0], 1.0, "not liked"),
        ([0.0, 0.0, 1.0], 1.0, "shown and not taken"),
        ([-3.0, 0.0, 2.5, 4.0], 2.5, "not liked"),
        ([1.0, 5.0], None, ""),
        ([0.0, 1.0, 2.0], None, ""),
        ([1.0], None, ""),
        ([-1.0, -2.0], None, ""),
        ([0.0], None, ""),
    ],
)
def test_likes(values: list[float], least: float | None, word: str) -> None:
    log = read_frames(
        pl.DataFrame(
            {"user_id": range(len(values)), "item_id": range(len(values)), "rating": values}
        )
    ).interactions
    found = likes_of(log.value)
    assert (found.least if found else None) == least
    assert found is None or word in found.reason


def test_least_is_written_so_that_it_reads_back_as_the_same_number() -> None:
    for value in np.random.default_rng(0).uniform(0, 1, 200).astype(np.float32):
        log = read_frames(
            pl.DataFrame({"user_id": [1, 2], "item_id": [1, 2], "rating": [-1.0, float(value)]})
        ).interactions
        found = likes_of(log.value)
        assert found is not None
        assert (log.value >= found.least).tolist() == [False, True]


def test_dates_lead_to_a_split_by_time_where_it_tells_enough() -> None:
    data = read_frames(stamped())
    found = guessed_split(data.interactions)
    assert found.split == {"part": "split.time.v1", "cold_users": "drop"}
    split = made(data)
    assert len(split.test) >= 500
    tested = _tested(data)
    assert any(f"the newest {tested:.0%} of the events test" in r for r in found.reasons)


def _tested(data: Dataset) -> float:
    time = data.interactions.time
    assert time is not None
    return float((time >= Time().cuts(time)[1]).mean())


def test_the_share_that_tests_is_what_ties_leave_of_it() -> None:
    span = 75 * 86_400
    log = stamped().with_columns(timestamp=T0 + (pl.col("timestamp") - T0) // span * span)
    data = read_frames(log)
    found = guessed_split(data.interactions)
    assert found.split["part"] == "split.time.v1"
    tested = _tested(data)
    assert abs(tested - 0.1) > 0.02
    assert any(f"the newest {tested:.0%} of the events test" in r for r in found.reasons)


@pytest.mark.parametrize("kind", ["sittings", "new items", "few dates"])
def test_or_the_reasons_say_why_not(kind: str) -> None:
    log = stamped()
    if kind == "sittings":
        log = log.with_columns(timestamp=T0 + pl.col("user_id") * 9000 + pl.int_range(pl.len()))
    if kind == "new items":
        log = log.with_columns(
            item_id=(pl.col("timestamp") - T0) // 8640 + pl.col("item_id") // 500
        )
    if kind == "few dates":
        days = 130 * 86_400
        log = log.with_columns(timestamp=T0 + (pl.col("timestamp") - T0) // days * days)
    log = log.unique(["user_id", "item_id"], maintain_order=True)
    found = guessed_split(read_frames(log).interactions)
    said = {
        "sittings": "would have earlier events to learn from",
        "new items": "training never saw",
        "few dates": "share their time",
    }[kind]
    assert found.split["part"] != "split.time.v1"
    assert any("No split by time" in r and said in r for r in found.reasons)


def test_a_log_without_times_has_no_split_by_time() -> None:
    assert against_time(jokes().interactions) == "it has no times"


def test_what_was_shown_and_not_taken_is_cleaned_away() -> None:
    rng = np.random.default_rng(0)
    log = stamped(n_users=300).with_columns(
        click=pl.Series(rng.random(len(stamped(n_users=300))) < 0.2)
    )
    data = read_frames(log)
    found = guessed_split(data.interactions)
    assert found.clean["min_value"] == 1.0
    assert found.split["relevant_min"] == 1.0
    assert (made(data).train.value == 1).all()


def test_pairs_that_meet_again_are_kept_once() -> None:
    log = stamped(n_users=300)
    found = guessed_split(read_frames(pl.concat([log, log])).interactions)
    assert found.clean == {"drop_duplicates": "user-item-first"}
    assert any("met before" in r for r in found.reasons)


def test_of_a_view_and_a_purchase_the_purchase_is_kept() -> None:
    log = stamped(n_users=300)
    both = pl.concat([log.with_columns(event=pl.lit(kind)) for kind in ("view", "buy")])
    weights = DataSettings(action_values={"view": 1.0, "buy": 5.0})
    found = guessed_split(read_frames(both, settings=weights).interactions)
    assert found.clean == {"drop_duplicates": "user-item-highest"}
    assert any("counts most" in why for why in found.reasons)


def test_short_histories_and_tiny_logs_are_split_too() -> None:
    two = read_frames(stamped(n_users=400).group_by("user_id", maintain_order=True).head(2))
    assert guessed_split(two.interactions).split == {"part": "split.ratio.v1", "order": "time"}
    one = read_frames(pl.DataFrame({"user_id": [1, 2], "item_id": [1, 1]}))
    assert guessed_split(one.interactions).split["part"] == "split.ratio.v1"


def test_reasons_stay_in_the_recipe_and_are_never_inherited(
    tmp_path: Path, table: dict[str, Any]
) -> None:
    recipe = parse({**table, "reasons": ["It is so."]}, Path())
    assert recipe.reasons == ("It is so.",)
    (tmp_path / "a.toml").write_text(recipe.toml())
    assert load(tmp_path / "a.toml").reasons == ("It is so.",)
    (tmp_path / "b.toml").write_text('extends = "a.toml"\n')
    assert load(tmp_path / "b.toml").reasons == ()
    for wrong in ("one", [1], 3):
        with pytest.raises(BadRecipe, match="not a list of sentences"):
            parse({**table, "reasons": wrong}, Path())


def shopping(again: float, seed: int = 0) -> Dataset:
    """Thirty events of each user; with the probability `again` one of the last ten things."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(80):
        basket = rng.permutation(300)[:30].tolist()
        for step in range(30):
            old = basket[max(0, step - 10) : max(step - 1, 1)]
            item = int(rng.choice(old)) if rng.random() < again else basket[step]
            rows.append((user, item, T0 + 86_400 * step + user))
    return read_frames(pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("again", "seen"), [(0.0, None), (0.1, None), (0.6, "allow")])
def test_repeats_are_allowed_where_they_are_many(again: float, seen: str | None, seed: int) -> None:
    found = guessed_split(shopping(again, seed).interactions)
    assert found.split.get("seen") == seen
    assert any('seen = "allow"' in reason for reason in found.reasons) is (seen is not None)
    assert ("drop_duplicates" in found.clean) is (seen is None and again > 0)
    made(shopping(again, seed))


def test_the_same_page_opened_twice_is_no_repeat() -> None:
    rows = [(u, i, T0 + 100 * i + n) for u in range(40) for i in range(u % 7, 12) for n in range(3)]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    assert "seen" not in guessed_split(read_frames(log).interactions).split
