from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from palate.errors import BadRecipe, PalateError, SeveralProblems
from palate.recipe.recipe import load, parse


def test_every_default_is_written_out_and_read_back(table: dict[str, Any]) -> None:
    recipe = parse(table, Path())
    again = parse(tomllib.loads(recipe.toml()), Path())
    assert again == recipe
    assert recipe.evaluate.seeds == 1
    assert "seeds = 1" in recipe.toml()


def test_a_setting_that_nothing_reads_any_more_is_refused(table: dict[str, Any]) -> None:
    table["evaluate"] = {"resamples": 1000}
    with pytest.raises(PalateError, match="resamples"):
        parse(table, Path())


@pytest.mark.parametrize(
    ("path", "wrong", "near"),
    [
        (("modles",), {}, "models"),
        (("evaluate", "metrix"), [], "metrics"),
        (("data", "interactons"), "x.csv", "interactions"),
        (("models", "words", "blok"), "x", "block"),
        (("split", "min_evnts"), 3, "min_events"),
        (("blocks", "text.tfidf", "feilds"), [], "fields"),
        (("report", "titel_field"), "x", "title_field"),
    ],
)
def test_a_misspelt_key_names_the_nearest(
    table: dict[str, Any], path: tuple[str, ...], wrong: object, near: str
) -> None:
    place = table
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = wrong
    with pytest.raises(BadRecipe) as error:
        parse(table, Path())
    assert f'did you mean "{near}"?' in str(error.value)
    assert path[-1] in str(error.value)


@pytest.mark.parametrize(
    ("section", "name", "near"),
    [
        ("split", "split.leave_lst_out.v1", "split.leave_last_out.v1"),
        ("models.words", "model.text_kernl.v1", "model.text_kernel.v1"),
        ("blocks.text.tfidf", "text.tfdif.v1", "text.tfidf.v1"),
    ],
)
def test_a_misspelt_part_names_the_nearest(
    table: dict[str, Any], section: str, name: str, near: str
) -> None:
    head, _, rest = section.partition(".")
    (table[head][rest] if rest else table[head])["part"] = name
    with pytest.raises(BadRecipe, match=near):
        parse(table, Path())


def test_a_part_of_another_stage_is_refused(table: dict[str, Any]) -> None:
    table["split"]["part"] = "model.ease.v1"
    with pytest.raises(BadRecipe, match="for the stage scorer, not splitter"):
        parse(table, Path())


def test_problems_of_several_sections_come_together(table: dict[str, Any]) -> None:
    table["evaluate"]["seeds"] = 0
    table["models"]["popularity"]["part"] = "model.populrity.v1"
    with pytest.raises(SeveralProblems) as error:
        parse(table, Path())
    assert len(error.value.problems) == 2


@pytest.mark.parametrize("members", [["ids", "wrods"], ["both", "words"]])
def test_members_must_exist_and_not_go_in_circles(
    table: dict[str, Any], members: list[str]
) -> None:
    table["models"]["both"]["members"] = members
    with pytest.raises(PalateError, match=r"wrods|made of itself"):
        parse(table, Path())


def test_a_block_that_is_not_there_is_named(table: dict[str, Any]) -> None:
    table["models"]["words"]["block"] = "text.tfdf"
    with pytest.raises(BadRecipe, match=r'did you mean "text\.tfidf"'):
        parse(table, Path())


def test_the_primary_metric_must_be_measured(table: dict[str, Any]) -> None:
    table["evaluate"]["primary"] = "mrr@10"
    with pytest.raises(BadRecipe, match="not measured"):
        parse(table, Path())


def test_a_recipe_without_models_is_refused(table: dict[str, Any]) -> None:
    table["models"] = {}
    with pytest.raises(BadRecipe, match="no model"):
        parse(table, Path())


def test_a_value_in_place_of_a_table_is_refused(table: dict[str, Any]) -> None:
    table["models"] = 3
    with pytest.raises(BadRecipe, match="not a table"):
        parse(table, Path())


def test_overrides_change_keys_and_leave_the_table_alone(table: dict[str, Any]) -> None:
    recipe = parse(
        table,
        Path(),
        overrides=[
            "evaluate.seeds=3",
            'blocks."text.tfidf".fields=["title", "genres"]',
            "name=other",
        ],
    )
    assert recipe.evaluate.seeds == 3
    assert recipe.name == "other"
    assert recipe.blocks["text.tfidf"].encoder.settings.fields == ("title", "genres")
    assert "seeds" not in table["evaluate"]


@pytest.mark.parametrize("override", ["seeds", "=3", "a..b=1", "name.x=1"])
def test_an_override_that_makes_no_sense_is_refused(table: dict[str, Any], override: str) -> None:
    with pytest.raises(BadRecipe):
        parse(table, Path(), overrides=[override])


def test_files_that_are_missing_or_not_toml(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("[models\n")
    with pytest.raises(BadRecipe, match="not TOML"):
        load(tmp_path / "recipe.toml")
    with pytest.raises(BadRecipe, match='did you mean "recipe"'):
        load(tmp_path / "recpie.toml")


def test_a_recipe_is_frozen(table: dict[str, Any]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse(table, Path()).seed = 4  # type: ignore[misc]


def test_a_saved_recipe_names_its_files_in_full(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(
        """
[data]
interactions = "../clicks.csv"
items = "~/items.csv"
users = "$PALATE_DATA/users.csv"
[split]
part = "split.ratio.v1"
[blocks.v]
part = "vectors.file.v1"
path = "v.npy"
[models.p]
part = "model.popularity.v1"
"""
    )
    saved = tomllib.loads(load(tmp_path / "recipe.toml").toml_for_anywhere())
    assert saved["data"]["interactions"] == str(tmp_path / "../clicks.csv")
    assert saved["data"]["items"] == "~/items.csv"
    assert saved["data"]["users"] == "$PALATE_DATA/users.csv"
    assert saved["blocks"]["v"]["path"] == str(tmp_path / "v.npy")
