"""What cannot be drawn costs no result: a sentence on the page, and a warning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from palate.errors import BadInput, NotDrawn
from palate.report import page, render
from palate.report.pictures import Pictures
from palate.runs.files import read


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a fault")


def test_a_picture_that_fails_is_a_sentence_and_a_warning() -> None:
    pictures = Pictures()
    assert pictures.draw("the first", lambda: 1, 0) == 1
    with pytest.warns(NotDrawn, match="a fault"):
        assert pictures.draw("the second", lambda: 1 // 0 if not broken() else 1, 0) == 0
    assert list(pictures.reasons) == ["the second"]
    assert pictures.warned == list(pictures.reasons.values())


def test_nothing_to_draw_is_a_sentence_and_no_warning() -> None:
    def refused() -> int:
        raise BadInput("four items are too few")

    pictures = Pictures()
    assert pictures.draw("the map", refused, 7) == 7
    assert pictures.reasons == {"the map": "The map is not drawn: four items are too few."}
    assert pictures.warned == []


@pytest.mark.parametrize(
    ("function", "section"),
    [("atlas", "Map"), ("lists", "Recommendations"), ("sheet", "Data"), ("costs", "Cost")],
)
def test_a_section_that_fails_leaves_the_others(
    function: str,
    section: str,
    make_run: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = read(make_run())
    monkeypatch.setattr(page, function, broken)
    with pytest.warns(NotDrawn):
        drawn = page.page_of(files)
    assert len(drawn.warnings) == 1
    assert f"The section {section} could not be drawn" in drawn.text
    assert 'id="leaderboard"' in drawn.text


def test_a_page_that_fails_as_a_whole_says_the_headline(
    make_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = read(make_run())
    assert files.summary is not None
    monkeypatch.setattr(page, "filled", broken)
    with pytest.warns(NotDrawn, match="The page could not be drawn"):
        text = render(files)
    assert "The results lie in the files beside this page" in text
    assert "<h1>" in text
