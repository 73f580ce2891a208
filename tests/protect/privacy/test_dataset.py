"""A data set without personal data: all its texts, counted by field and kind, nothing quoted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read_frames
from palate.errors import BadRecipe
from palate.pipeline.reading import data_of
from palate.protect.privacy.dataset import without_personal_data
from palate.recipe.recipe import Recipe, parse
from palate.tables import Dataset

SECRETS = ("ann@example.org", "+49 89 1234567", "4111-1111-1111-1111")
RECIPE = {
    "data": {"interactions": "log.csv", "items": "items.csv"},
    "split": {"part": "split.ratio.v1"},
    "models": {"popular": {"part": "model.popularity.v1"}},
}


def frames() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    log = pl.DataFrame({"user_id": ["u", "u", "v"], "item_id": ["a", "b", "b"]})
    items = pl.DataFrame(
        {
            "item_id": ["a", "b"],
            "title": ["Lamp", f"Chair, ask {SECRETS[0]}"],
            "tags": [["blue", SECRETS[1]], []],
            "price": [12.5, 1234567890.0],
        }
    )
    users = pl.DataFrame({"user_id": ["u", "v"], "note": [f"pays with {SECRETS[2]}", None]})
    return log, items, users


@pytest.fixture
def dataset() -> Dataset:
    return read_frames(*frames())


def test_every_text_of_items_and_users(dataset):
    done = without_personal_data(dataset)
    fields = done.catalogue.fields
    assert fields["title"].to_list() == ["Lamp", "Chair, ask [email]"]
    assert fields["tags"].to_list() == [["blue", "[phone]"], []]
    assert fields["price"].to_list() == [12.5, 1234567890.0]
    assert done.users is not None
    assert done.users["note"].to_list() == ["pays with [card]", None]


def test_contexts_of_events():
    context = pl.DataFrame({"page": [f"from {SECRETS[0]}", "x", None], "n": [1, 2, 3]})
    log = replace(read_frames(*frames()).interactions, context=context)
    done = without_personal_data(replace(read_frames(*frames()), interactions=log))
    assert done.interactions.context is not None
    assert done.interactions.context["page"].to_list() == ["from [email]", "x", None]
    assert [f.count for f in done.findings if f.where == "interactions, page"] == [1]


def test_findings_count_and_quote_nothing(dataset):
    found = [f for f in without_personal_data(dataset).findings if f.code == "personal-data"]
    assert {f.where: f.count for f in found} == {
        "items, title": 1,
        "items, tags": 1,
        "users, note": 1,
    }
    assert not any(secret in str(f) for f in found for secret in SECRETS)


def test_without_kinds_nothing_is_touched(dataset):
    assert without_personal_data(dataset, ()) is dataset


def test_ids_that_are_addresses_are_told():
    log = pl.DataFrame({"user_id": ["ann@example.org", "b"], "item_id": ["1", "2"]})
    found = without_personal_data(read_frames(log)).findings
    assert [(f.code, f.severity, f.count) for f in found] == [("personal-ids", "warning", 1)]
    plain = pl.DataFrame({"user_id": ["13800138000", "b"], "item_id": ["978-3-16", "2"]})
    assert without_personal_data(read_frames(plain)).findings == ()


def recipe(tmp_path: Path, **protect: object) -> Recipe:
    log, items, _ = frames()
    log.write_csv(tmp_path / "log.csv")
    items.drop("tags").write_csv(tmp_path / "items.csv")
    return parse({**RECIPE, **({"protect": protect} if protect else {})}, tmp_path)


@pytest.mark.parametrize(
    ("protect", "title"),
    [
        ({}, "Chair, ask [email]"),
        ({"scrub": True}, "Chair, ask [email]"),
        ({"scrub": False}, "Chair, ask ann@example.org"),
        ({"scrub": ["phone"]}, "Chair, ask ann@example.org"),
        ({"scrub": ["phone", "email"]}, "Chair, ask [email]"),
    ],
)
def test_a_recipe_says_what_is_replaced(tmp_path, protect, title):
    used = recipe(tmp_path, **protect)
    assert title in data_of(used).cleaned.catalogue.fields["title"].to_list()
    assert parse(used.resolved(), tmp_path).protect == used.protect


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(BadRecipe, match=r"protect\.scrub"):
        recipe(tmp_path, scrub=["mail"])
