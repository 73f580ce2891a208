"""States of fitted parts: whose they are, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from palate import part_state
from palate.errors import BadInput, Refused
from palate.part_state import PartState, fitted, nested, several, state_of
from palate.store import Artefact
from palate.testing.stored import stored


@dataclass(frozen=True)
class Settings:
    dims: int = 4
    folder: str = ""
    groups: tuple[str, ...] = ("a", "b")


@dataclass
class Part:
    settings: Settings = field(default_factory=Settings)
    name: str = "some.part.v1"


def kept(arrays: Any = None, facts: Any = None) -> PartState:
    return PartState.of(Part(), state_of(Part(), arrays, facts))


def test_it_says_whose_it_is_and_survives_a_folder(tmp_path: Path) -> None:
    state = stored(state_of(Part(), {"mean": np.ones(3, np.float32)}, {"n": 2}), tmp_path / "s")
    assert state.facts["part"] == "some.part.v1"
    found = PartState.of(Part(), state)
    assert found.array("mean", np.float32, 3).tolist() == [1, 1, 1]
    assert found.fact("n", int) == 2


def test_another_part_and_other_settings_are_refused() -> None:
    state = state_of(Part())
    with pytest.raises(BadInput, match=r"state of some\.part\.v1"):
        PartState.of(Part(name="other.part.v1"), state)
    with pytest.raises(BadInput, match="learnt with dims = 4, and here it is 5"):
        PartState.of(Part(Settings(dims=5)), state)
    with pytest.raises(BadInput, match="no part at all"):
        PartState.of(Part(), Artefact({}, {}))


def test_settings_that_say_where_something_lies_may_differ() -> None:
    state = state_of(Part(Settings(folder="here")), elsewhere=("folder",))
    assert PartState.of(Part(Settings(folder="there")), state).part == "some.part.v1"


def test_a_setting_that_did_not_exist_yet_is_no_difference() -> None:
    state = state_of(Part())
    settings = {k: v for k, v in state.facts["settings"].items() if k != "dims"}
    old = replace(state, facts={**state.facts, "settings": settings})
    assert PartState.of(Part(), old).part == "some.part.v1"


@pytest.mark.parametrize(
    ("shape", "dtype", "what"),
    [((4,), np.float32, r"\[3\]"), ((3,), np.float64, "float32"), ((3, 1), np.float32, "any|3")],
)
def test_an_array_of_another_shape_or_type_is_refused(shape: Any, dtype: Any, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        kept({"mean": np.ones(3, np.float32)}).array("mean", dtype, *shape)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(BadInput, match='no array "mean"'):
        kept().array("mean", np.float32, None)
    with pytest.raises(BadInput, match='does not say "n"'):
        kept().fact("n", int)
    with pytest.raises(BadInput, match='what it says of "n"'):
        kept(facts={"n": "many"}).fact("n", int)


@pytest.mark.parametrize("values", [(), ("",), ("a", "", "红楼", "\ud800 broken"), ("x" * 5000,)])
def test_texts_come_back(values: tuple[str, ...], tmp_path: Path) -> None:
    state = stored(state_of(Part(), part_state.texts("words", values)), tmp_path / "s")
    assert PartState.of(Part(), state).texts("words") == values


def test_texts_that_are_not_whole_are_refused() -> None:
    arrays = dict(part_state.texts("words", ("ab", "c")))
    with pytest.raises(BadInput, match="lengths"):
        kept({**arrays, "words": arrays["words"][:-1]}).texts("words")
    with pytest.raises(BadInput, match="UTF-8"):
        kept({**arrays, "words": np.full(3, 255, np.uint8)}).texts("words")
    with pytest.raises(BadInput, match="lengths"):
        kept({**arrays, "words_ends": np.array([5, 3])}).texts("words")


def test_arrays_of_several_shapes_come_back() -> None:
    some = [np.arange(6.0).reshape(2, 3).T, np.zeros((0, 4)), np.ones((1, 1))]
    found = kept(several("maps", some, np.float64, 2)).arrays("maps", np.float64, 2)
    assert all(
        np.array_equal(a, b) and a.shape == b.shape for a, b in zip(found, some, strict=True)
    )
    assert all(a.flags.c_contiguous for a in found)
    assert kept(several("maps", [], np.float64, 2)).arrays("maps", np.float64, 2) == []


def test_arrays_that_are_not_whole_are_refused() -> None:
    arrays = dict(several("maps", [np.ones((2, 2))], np.float64, 2))
    with pytest.raises(BadInput, match="lengths"):
        kept({**arrays, "maps": np.ones(3)}).arrays("maps", np.float64, 2)
    with pytest.raises(BadInput, match="lengths"):
        kept({**arrays, "maps_shapes": np.array([[-2, -2]])}).arrays("maps", np.float64, 2)


def test_a_state_inside_a_state() -> None:
    inner = state_of(Part(), {"mean": np.ones(2)}, {"n": 1})
    arrays, facts = nested("geometry", inner)
    found = kept({**arrays, "own": np.zeros(1)}, facts).inside("geometry")
    assert list(found.arrays) == ["mean"]
    assert PartState.of(Part(), found).fact("n", int) == 1


def test_what_is_not_fitted_says_so() -> None:
    with pytest.raises(Refused, match="Part has not been fitted"):
        fitted(Part(), "mean_")
