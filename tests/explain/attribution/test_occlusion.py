"""Words and parts of a picture, on encoders whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from palate.errors import BadInput
from palate.explain.attribution.faithfulness import area, faithfulness
from palate.explain.attribution.gradients import by_piece
from palate.explain.attribution.occlusion import occluded_regions, occlusion
from palate.explain.attribution.pieces import Attribution, pieces_of, without

WEIGHTS = {"red": 3.0, "tea": 2.0, "bad": -1.0}


def bag(texts: Sequence[str]) -> np.ndarray:
    """A linear encoder: the sum of the words' weights."""
    return np.array([sum(WEIGHTS.get(w.text, 0.0) for w in pieces_of(t)) for t in texts])


def test_values_of_a_linear_encoder_are_its_weights() -> None:
    found = occlusion("a red, bad tea", bag)
    assert dict(zip((p.text for p in found.pieces), found.values, strict=True)) == {
        "a": 0.0,
        "red": 3.0,
        "bad": -1.0,
        "tea": 2.0,
    }
    assert found.values.sum() == found.score == 4.0
    assert [found.pieces[i].text for i in found.order()] == ["red", "tea", "a", "bad"]


def test_a_window_hides_what_covers_for_each_other() -> None:
    def either(texts: Sequence[str]) -> np.ndarray:
        return np.array([float("tea" in t or "chai" in t) for t in texts])

    alone, together = occlusion("hot tea chai", either), occlusion("hot tea chai", either, window=2)
    assert alone.values.tolist() == [0, 0, 0]
    assert together.values[1] > 0
    assert together.values[2] > 0
    with pytest.raises(BadInput):
        occlusion("x", bag, window=0)


def test_edges() -> None:
    assert occlusion("", bag).pieces == ()
    assert without("a b c", pieces_of("a b c"), [0, 2], "_") == "_ b _"


def test_faithful_order_beats_chance_and_the_reverse_does_not() -> None:
    text = " ".join(["red", "a", "b", "tea", "c", "d", "bad", "e"])
    good = occlusion(text, bag)
    found = faithfulness(good, bag, 1, 20)
    assert found.deletion < 0.8 * found.deletion_random
    assert found.insertion > found.insertion_random
    assert found.height == good.score
    wrong = Attribution(text, good.pieces, -good.values, good.score, "reversed")
    assert faithfulness(wrong, bag, 1, 20).deletion > found.deletion_random
    assert area(np.array([2.0])) == 2.0


def test_regions_find_the_bright_corner() -> None:
    image = np.zeros((12, 16, 3), np.uint8)
    image[:6, 8:] = 255
    found = occluded_regions(image, lambda images: images[:, :6, 8:].mean(axis=(1, 2, 3)), 2, 2)
    assert found.values.argmax() == 1
    assert found.edges == ((0, 6, 12), (0, 8, 16))
    for wrong in ((0, 1), (1, 99)):
        with pytest.raises(BadInput):
            occluded_regions(image, lambda images: np.zeros(len(images)), *wrong)
    with pytest.raises(BadInput):
        occluded_regions(image[..., 0], lambda images: np.zeros(len(images)))


def test_tokens_are_given_to_their_words() -> None:
    pieces = pieces_of("untidy room")
    assert by_piece(
        pieces, [(0, 0), (0, 2), (2, 6), (6, 7), (7, 11)], np.array([9.0, 1, 2, 5, 4])
    ).tolist() == [3, 4]
