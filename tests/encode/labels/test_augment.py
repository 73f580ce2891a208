"""Changed copies of texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.encode.labels.test_semi_supervised import TRAIN, part, shop

from palate.encode.labels.augment import (
    TextAugmentation,
    changed_text,
    frequent_words,
    similar_words,
)
from palate.encode.labels.self_training import LearnsLabels, learn_labels
from palate.tables.questions import Question

TEXT = "An old, red wine - from the hills of 红楼梦!"
WORDS = ["An", "old", "red", "wine", "from", "the", "hills", "of", "红", "楼", "梦"]
ALIKE = {w.casefold(): (f"<{w}>",) for w in WORDS}


def copies(kind: str, n: int = 40, text: str = TEXT) -> list[str]:
    rng = np.random.default_rng(0)
    settings = TextAugmentation(1, (kind,), 0.3)
    return [changed_text(text, settings, ALIKE, rng) for _ in range(n)]


def test_dropped_words_are_gone_and_others_stay_in_order() -> None:
    for found in copies("drop"):
        left = [w for w in WORDS if w in found]
        assert len(left) == len(WORDS) - 3
        assert "  " not in found


def test_a_crop_is_a_stretch_of_the_text() -> None:
    found = copies("crop")
    assert all(one in TEXT for one in found)
    assert len(set(found)) > 2


def test_swapped_words_are_similar_ones_and_the_rest_is_untouched() -> None:
    for found in copies("swap"):
        assert found.count("<") == 3
        assert found.replace("<", "").replace(">", "") == TEXT


@given(st.text(max_size=60), st.sampled_from(["drop", "crop", "swap"]), st.integers(0, 99))
def test_any_text_has_a_copy_and_short_ones_stay(text: str, kind: str, seed: int) -> None:
    found = changed_text(text, TextAugmentation(1, (kind,)), {}, np.random.default_rng(seed))
    if len(frequent_words([text])) < 1:
        assert found == text
    if kind == "swap":
        assert found == text
    assert set(found) <= set(text) | {" "}


def test_similar_words_are_the_nearest() -> None:
    vectors = np.array([[1.0, 0], [0.9, 0.1], [0, 1], [0, 0]])
    found = similar_words(["wine", "beer", "shoe", "?"], vectors, 1)
    assert found == {"wine": ("beer",), "beer": ("wine",), "shoe": ("beer",)}
    assert frequent_words(["b a", "a 鞋", "A!"]) == ["a", "b", "鞋"]


def test_copies_teach_and_none_is_the_default() -> None:
    items = shop()
    plain = part().fit(items, TRAIN).encode(items)
    none = part(augment={"copies": 0, "part": 0.5}).fit(items, TRAIN).encode(items)
    assert none.matrix.tobytes() == plain.matrix.tobytes()
    first, second = (part(augment={"copies": 2}).fit(items, TRAIN).encode(items) for _ in range(2))
    assert first.matrix.tobytes() == second.matrix.tobytes()
    assert first.matrix.tobytes() != plain.matrix.tobytes()
    assert first.columns == plain.columns


def test_a_copy_goes_where_its_original_goes() -> None:
    """Copies that are their originals give every fold what it had, twice."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6))
    Y = np.eye(2)[(X[:, 0] > 0).astype(int)]
    question = Question("kind", "label", options=("a", "b"))
    drawn = np.ones(60, np.bool_)
    twice = learn_labels(question, X, Y, drawn, X[:0], LearnsLabels(strength=1.0), X[:, None, :])
    once = learn_labels(question, X, Y, drawn, X[:0], LearnsLabels(strength=2.0))
    np.testing.assert_allclose(twice.probabilities(X), once.probabilities(X), atol=1e-3)
    assert twice.sets.n_labels == once.sets.n_labels == 60


def test_unknown_changes_are_refused() -> None:
    from palate.errors import PalateError

    with pytest.raises(PalateError, match="augment"):
        part(augment={"kinds": ["translate"]})
