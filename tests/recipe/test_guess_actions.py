from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.data.action_words import weight_of
from palate.data.assemble import read
from palate.data.clean import clean
from palate.recipe.guess_actions import guessed_weights, weighed
from palate.recipe.init import init
from palate.recipe.recipe import load
from palate.tables import Event, Interactions


def written(folder: Path, kinds: tuple[str, ...]) -> Path:
    """Each of 60 people meets eight items by all of these kinds, a minute apart."""
    rows = [
        (u, (u * 3 + n * n) % 37, kind, 1_700_000_000 + u * 100 + n * 86_400 + 60 * place)
        for u in range(60)
        for n in range(8)
        for place, kind in enumerate(kinds)
    ]
    path = folder / "log.csv"
    columns = ["user_id", "item_id", "event_type", "timestamp"]
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path)
    return path


def test_a_purchase_is_not_lost_to_the_view_before_it(tmp_path: Path) -> None:
    init([written(tmp_path, ("view", "purchase"))], tmp_path / "recipe.toml")
    recipe = load(tmp_path / "recipe.toml")
    assert recipe.clean.drop_duplicates == "user-item-highest"
    log = clean(read(recipe.data, recipe.base), recipe.clean)[0].interactions
    assert log.action is not None
    assert log.action.counts()["purchase"] == len(log)


def test_what_was_only_shown_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, ("impression", "click"))
    shown = [(0, 30 + n, "impression", 1_700_000_000) for n in range(7)]
    with path.open("a") as file:
        file.writelines(f"{u},{i},{kind},{at}\n" for u, i, kind, at in shown)
    said = init([path], tmp_path / "recipe.toml").sentences
    assert any("count 0 are left out: min_value = 1" in sentence for sentence in said)
    recipe = load(tmp_path / "recipe.toml")
    assert recipe.clean.min_value == 1
    log = clean(read(recipe.data, recipe.base), recipe.clean)[0].interactions
    assert log.action is not None
    assert set(log.action.counts()) == {"click"}


@pytest.mark.parametrize(
    "kind", ["Impression", "skip", "remove_from_cart", "dislike", "曝光", "refunded"]
)
def test_kinds_that_choose_nothing(kind: str) -> None:
    assert weight_of(kind) == 0


def test_events_without_a_kind_keep_their_value() -> None:
    log = Interactions.of_events(
        [Event("u", "a", "view"), Event("u", "b", "buy"), Event("u", "c"), Event("u", "d", "skip")]
    )
    weights, _ = guessed_weights(log)
    assert weighed(log, weights).value.tolist() == [1, 5, 1]
