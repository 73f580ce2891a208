"""Names of slices are looked up, not parsed."""

from __future__ import annotations

import pytest

from palate.tables.slice_names import FREQUENCIES, SHORT, SliceName, slice_called


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (SliceName("all"), "all"),
        (FREQUENCIES[0], "target 0"),
        (FREQUENCIES[1], "target 1-5"),
        (FREQUENCIES[3], "target >20"),
        (SliceName("new users"), "new users"),
        (SliceName("short histories", 0, SHORT), "users <=5 events"),
        (SliceName("new items"), "new items"),
    ],
)
def test_every_slice_is_found_by_its_name(one: SliceName, name: str) -> None:
    assert one.name == name
    assert slice_called(name) == one


@pytest.mark.parametrize("name", ["", "target", "target 7-9", "TARGET 0", "target 0 "])
def test_other_names_are_not_guessed_at(name: str) -> None:
    assert slice_called(name) is None


def test_what_training_never_saw() -> None:
    unseen = [one.name for one in FREQUENCIES if one.unseen]
    assert unseen == ["target 0"]
    assert SliceName("new items").unseen
    assert not SliceName("all").unseen
    assert not SliceName("short histories", 0, 0).unseen
