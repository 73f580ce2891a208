from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
import tomli_w
from annotated_types import Ge, Gt, Le, Len, Lt
from hypothesis import given
from hypothesis import strategies as st

from palate.config import parse, resolved
from palate.config_errors import plain
from palate.errors import BadRecipe, PalateError, SeveralProblems


@dataclass(frozen=True)
class Inner:
    weight: Annotated[float, Ge(0), Le(1)] = 0.5
    fields: tuple[str, ...] = ("title",)


@dataclass(frozen=True)
class Other:
    kind: Literal["plain", "fancy"] = "plain"
    depth: int = 1


@dataclass(frozen=True)
class Settings:
    size: Annotated[int, Ge(1)]
    rate: Annotated[float, Gt(0), Lt(10)] = 1.0
    mode: Literal["fast", "exact"] = "fast"
    half: bool = False
    limit: int | None = None
    names: Annotated[tuple[str, ...], Len(0, 3)] = ()
    pair: tuple[int, int] = (1, 2)
    inner: Inner = Inner()
    maybe: Inner | None = None
    either: Inner | Other = Inner()
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = field(default_factory=dict)
    deep: Mapping[str, tuple[Inner, ...]] = field(default_factory=dict)
    whole: int | tuple[int, ...] = 0
    free: Mapping[str, Any] = field(default_factory=dict)
    path: Path = Path("here")
    fixed: int = field(default=3, init=False)


@dataclass(frozen=True)
class Careful:
    low: int = 0
    high: int = 1

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise BadRecipe(
                f"low {self.low} is above high {self.high}", where="low", allowed="low <= high"
            )


def problems(table: Any, settings: type[Any] = Settings, where: str = "") -> dict[str, PalateError]:
    """Place -> problem of everything that was refused."""
    with pytest.raises((BadRecipe, SeveralProblems)) as info:
        parse(settings, table, where)
    found = info.value.problems if isinstance(info.value, SeveralProblems) else [info.value]
    assert all(isinstance(p, BadRecipe) for p in found)
    assert len({p.where for p in found}) == len(found)
    return {p.where: p for p in found}


def only(table: Any, settings: type[Any] = Settings, where: str = "") -> PalateError:
    found = problems(table, settings, where)
    assert len(found) == 1, found
    return next(iter(found.values()))


def test_defaults_are_filled_in_and_tables_become_settings() -> None:
    toml = """
    size = 3
    rate = 2
    names = ["a", "b"]
    path = "data/x.csv"
    inner = { weight = 1 }
    many = [{}, { fields = [] }]
    [named.text]
    weight = 0.25
    [[deep.blocks]]
    weight = 0.75
    """
    got = parse(Settings, tomllib.loads(toml))
    assert got == Settings(
        size=3,
        rate=2.0,
        names=("a", "b"),
        path=Path("data/x.csv"),
        inner=Inner(weight=1.0),
        many=(Inner(), Inner(fields=())),
        named={"text": Inner(weight=0.25)},
        deep={"blocks": (Inner(weight=0.75),)},
    )
    assert isinstance(got.rate, float)


@pytest.mark.parametrize(
    ("table", "place", "key", "right"),
    [
        ({"sise": 3}, "recipe.sise", "sise", "size"),
        ({"inner": {"wieght": 1}}, "recipe.inner.wieght", "wieght", "weight"),
        ({"maybe": {"wight": 1}}, "recipe.maybe.wight", "wight", "weight"),
        ({"many": [{}, {"filds": []}]}, "recipe.many[1].filds", "filds", "fields"),
        ({"named": {"text": {"field": []}}}, "recipe.named.text.field", "field", "fields"),
        ({"deep": {"a": [{"Weight": 1}]}}, "recipe.deep.a[0].Weight", "Weight", "weight"),
        ({"either": {"kind": "fancy", "dept": 2}}, "recipe.either.dept", "dept", "depth"),
    ],
)
def test_an_unknown_key_at_any_depth_names_the_nearest(
    table: Any, place: str, key: str, right: str
) -> None:
    found = problems({"size": 1, **table}, where="recipe")
    error = found[place]
    assert error.what == f'unknown key "{key}"'
    assert error.next_step == f'did you mean "{right}"?'
    assert right in error.allowed


def test_keys_of_a_free_table_are_free() -> None:
    assert parse(Settings, {"size": 1, "free": {"anything": {"goes": [1]}}}).free == {
        "anything": {"goes": [1]}
    }


def test_a_field_that_is_not_set_by_its_constructor_is_no_key() -> None:
    assert only({"size": 1, "fixed": 4}).what == 'unknown key "fixed"'


@pytest.mark.parametrize(
    ("table", "place", "allowed"),
    [
        ({"size": "5"}, "size", "a whole number"),
        ({"size": True}, "size", "a whole number"),
        ({"size": 1.5}, "size", "a whole number"),
        ({"size": 0}, "size", "1 or more"),
        ({"rate": "much"}, "rate", "a number"),
        ({"rate": 0}, "rate", "more than 0"),
        ({"rate": 10.0}, "rate", "less than 10"),
        ({"inner": {"weight": 1.5}}, "inner.weight", "1 or less"),
        ({"inner": {"weight": float("nan")}}, "inner.weight", "1 or less"),
        ({"half": 1}, "half", "true or false"),
        ({"limit": "none"}, "limit", "a whole number"),
        ({"names": "abc"}, "names", "a list"),
        ({"names": ["a", 2]}, "names[1]", "text"),
        ({"names": ["a", "b", "c", "d"]}, "names", "at most 3 entries"),
        ({"pair": [1]}, "pair", "at least 2 entries"),
        ({"pair": [1, 2, 3]}, "pair", "at most 2 entries"),
        ({"inner": 3}, "inner", "a table"),
        ({"named": []}, "named", "a table"),
        ({"named": {"a": 1}}, "named.a", "a table"),
        ({"many": [{"fields": [1]}]}, "many[0].fields[0]", "text"),
        ({"mode": "exakt"}, "mode", '"fast" or "exact"'),
        ({"whole": 0.5}, "whole", "a whole number or a list"),
        ({"whole": [1, "x"]}, "whole[1]", "a whole number"),
        ({"path": 3}, "path", "text"),
        ({"free": 3}, "free", "a table"),
    ],
)
def test_a_wrong_value_is_refused_at_its_place_in_plain_words(
    table: Any, place: str, allowed: str
) -> None:
    error = only({"size": 1, **table})
    assert (error.where, error.allowed) == (place, allowed)
    assert "not allowed" in error.what
    for jargon in ("Input", "valid", "dataclass", "tuple", "instance", "validation", "pydantic"):
        assert jargon not in error.message()


def test_a_misspelt_choice_names_the_nearest() -> None:
    assert only({"size": 1, "mode": "exakt"}).next_step == 'did you mean "exact"?'


def test_values_are_shown_as_a_recipe_writes_them_and_long_ones_cut() -> None:
    assert only({"size": "5"}).what == '"5" is not allowed'
    assert only({"size": True}).what == "true is not allowed"
    assert len(only({"size": "5" * 500}).what) < 100


def test_a_missing_key_says_what_to_add() -> None:
    error = only({}, where="models.mine")
    assert error.where == "models.mine.size"
    assert error.next_step == "add size = ..."


def test_several_problems_come_together() -> None:
    found = problems(
        {
            "sise": 1,
            "rate": -1,
            "mode": "x",
            "inner": {"weight": 2, "wait": 1},
            "many": [{"weight": "a"}],
        }
    )
    assert set(found) == {
        "sise",
        "size",
        "rate",
        "mode",
        "inner.weight",
        "inner.wait",
        "many[0].weight",
    }


@pytest.mark.parametrize("table", [3, [1], "text", None])
def test_something_that_is_no_table_is_refused(table: Any) -> None:
    assert only(table, where="models").allowed == "a table of settings"


def test_what_the_settings_class_itself_refuses_gets_its_place() -> None:
    error = only({"low": 3}, Careful, "split")
    assert (error.what, error.where, error.allowed) == (
        "low 3 is above high 1",
        "split.low",
        "low <= high",
    )


def test_a_value_that_no_recipe_can_hold_is_refused() -> None:
    assert "a recipe cannot hold object" in only({"size": object()}).what


def test_values_from_python_are_taken_as_those_of_a_recipe() -> None:
    table = {
        "size": np.int64(2),
        "names": ("a",),
        "path": Path("x") / "y",
        "inner": resolved(Inner()),
    }
    assert parse(Settings, table) == Settings(size=2, names=("a",), path=Path("x/y"))
    assert parse(Settings, {"size": 1, "free": {"day": datetime.date(2020, 1, 2)}}).free == {
        "day": "2020-01-02"
    }


def test_the_table_is_not_changed() -> None:
    table = {"size": 1, "inner": {"weight": 1}, "names": ["a"]}
    parse(Settings, table)
    assert table == {"size": 1, "inner": {"weight": 1}, "names": ["a"]}


inners = st.builds(
    Inner, weight=st.floats(0, 1), fields=st.lists(st.text(max_size=3), max_size=2).map(tuple)
)
whole_settings = st.builds(
    Settings,
    size=st.integers(1, 2**40),
    rate=st.floats(0.001, 9.99),
    mode=st.sampled_from(["fast", "exact"]),
    half=st.booleans(),
    limit=st.none() | st.integers(-5, 5),
    names=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    pair=st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
    inner=inners,
    maybe=st.none() | inners,
    either=inners | st.builds(Other, depth=st.integers(0, 3)),
    many=st.lists(inners, max_size=2).map(tuple),
    named=st.dictionaries(st.text("ab", min_size=1, max_size=2), inners, max_size=2),
    whole=st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2).map(tuple),
)


@given(whole_settings)
def test_resolved_settings_written_to_toml_and_read_again_are_the_same(settings: Settings) -> None:
    table = resolved(settings)
    table.pop("fixed")
    assert parse(Settings, tomllib.loads(tomli_w.dumps(table))) == settings


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["weight", "kind", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Settings.__dataclass_fields__, "x"]), anything))
def test_any_table_is_either_understood_or_refused_with_a_place(table: dict[str, Any]) -> None:
    try:
        parse(Settings, table, "recipe")
    except (BadRecipe, SeveralProblems) as error:
        for problem in getattr(error, "problems", [error]):
            assert problem.where.startswith("recipe")
            assert problem.what


def test_a_refusal_without_words_of_ours_keeps_its_own() -> None:
    strange = {
        "type": "date_type",
        "loc": ("day",),
        "msg": "Input should be a valid date",
        "input": 3,
    }
    assert plain([strange], {"day": 3})[0].allowed == "Input should be a valid date"
