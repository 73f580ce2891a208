"""What to pay for: words, heat map, swarm, coloured words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from palate.report import draw
from palate.report.importance_pictures import beeswarm, heat, highlighted, importance_view
from palate.runs.files import read
from palate.runs.importance_rows import (
    Because,
    BlockAdvice,
    Dot,
    ImportanceStudy,
    LeftOut,
    Piece,
    SimilarPair,
    Swarm,
    Words,
)

ALIKE = (
    SimilarPair("text", "image", 0.9),
    SimilarPair("text", "price", 0.1),
    SimilarPair("image", "price", 0.2),
)


def test_what_to_do_about_each_block() -> None:
    told = (
        BlockAdvice("text", "keep", "Worth paying for", "It knows something.", 0.01, 3.0, 2000),
        BlockAdvice("noise", "harmful", "Better left out"),
    )
    view = importance_view(
        ImportanceStudy(
            "blend", "ndcg@10", users=943, told=told, left_out=(LeftOut("shapley", "too slow"),)
        )
    )
    assert view is not None
    assert [(t.advice, t.tone) for t in view.advice] == [
        ("Worth paying for", "gain"),
        ("Better left out", "loss"),
    ]
    assert "3.0" in view.advice[0].cost or "3" in view.advice[0].cost
    assert "943 test users" in view.counts
    assert view.left_out == ("shapley: too slow",)


def test_no_file_no_section() -> None:
    assert importance_view(None) is None
    assert heat(()) is None
    assert beeswarm(()) is None
    assert beeswarm((Swarm("text", (Dot(None),)),)) is None


def test_heat_map_puts_like_blocks_side_by_side() -> None:
    found = heat(ALIKE)
    assert found is not None
    assert abs(found.names.index("text") - found.names.index("image")) == 1
    assert [cells[i][0] for i, (_, cells) in enumerate(found.rows)] == [100, 100, 100]
    cells = dict(found.rows)["text"]
    assert cells[found.names.index("image")] == (90, "0.90")
    assert "text and image (0.90" in found.note
    assert str(found.tree).count("twig") == 6


def test_unknown_likeness_is_none() -> None:
    found = heat((SimilarPair("a", "b", None),))
    assert found is not None
    assert found.note == ""
    assert dict(found.rows)["a"] in (((100, "1.00"), (0, "0.00")), ((0, "0.00"), (100, "1.00")))


def test_dots_stay_within_their_row() -> None:
    found = beeswarm(
        (
            Swarm("text", tuple(Dot(0.5, i / 99) for i in range(100))),
            Swarm("price", (Dot(-1.0, 0.0),)),
        )
    )
    assert found is not None
    assert [name for name, _ in found.rows] == ["text", "price"]
    drawn = str(found.rows[0][1])
    places = [
        float(part.split('"')[1]) for part in drawn.split(" cy=")[1:] for part in [f" {part}"]
    ]
    assert len(places) == 100
    assert 0 < min(places) < max(places) < 30


@pytest.mark.parametrize(("value", "kind"), [(1.0, "up"), (-1.0, "down"), (0.01, ""), (None, "")])
def test_words_are_coloured_by_what_they_add(value: float | None, kind: str) -> None:
    words = Words("Alien", "7", "text", (Piece("space", 1.0), Piece(" "), Piece("crew", value)))
    found = highlighted(words)
    assert found.pieces[0] == ("space", "up", 100)
    assert found.pieces[2][1] == kind


def test_nothing_moved_nothing_coloured() -> None:
    assert highlighted(Words("x", pieces=(Piece("a", 0.0),))).pieces == (("a", "", 0),)


def test_page_shows_it_and_nothing_breaks_out(tmp_path: Path) -> None:
    estimate = {
        "model": "blend",
        "metric": "ndcg@10",
        "users": 60,
        "evidence": False,
        "findings": [
            {"code": "few-users", "severity": "error", "message": "<b>too few", "advice": "more"}
        ],
        "told": [
            {
                "block": "<script>x</script>",
                "verdict": "keep",
                "advice": "Worth paying for",
                "sentence": "It does.",
            }
        ],
        "similarities": [{"a": "text", "b": "image", "correlation": 0.5}],
        "swarm": [{"block": "text", "dots": [{"x": 0.1, "level": 0.5}]}],
        "words": [
            {
                "title": "Alien",
                "user": "7",
                "block": "text",
                "pieces": [{"text": "<i>space", "value": 1.0}],
            }
        ],
        "reasons": [{"user": "7", "title": "Alien", "sentences": ["Because you liked “Dune”."]}],
        "left_out": [{"method": "shapley", "why": "too slow"}],
    }
    (tmp_path / "worth.json").write_text(json.dumps(estimate), encoding="utf-8")
    page = draw(tmp_path).read_text(encoding="utf-8")
    for words in (
        "Which features to pay for",
        "Not evidence",
        "Which blocks say the same?",
        "Because you liked",
        "Left out",
    ):
        assert words in page
    assert "<script>x" not in page
    assert "<i>space" not in page


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "worth.json").write_text('{"told": [{"verdict": 1}]}', encoding="utf-8")
    assert "not as expected" in read(tmp_path).absent["worth.json"]
    assert read(tmp_path).study is None


def test_reasons_are_kept_as_they_are() -> None:
    view = importance_view(ImportanceStudy(reasons=(Because("7", "Alien", ("Because.",)),)))
    assert view is not None
    assert view.reasons[0].sentences == ("Because.",)
