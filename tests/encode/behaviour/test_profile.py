"""A user's taste, read as the items are."""

from __future__ import annotations

import numpy as np
import pytest

from palate.arrays import dense, l2_normalised
from palate.encode.behaviour.profile import Profile, ProfileSettings
from palate.errors import BadInput


def fitted(space, training, **settings):
    return Profile(ProfileSettings(**settings)).fit(space, training)


def test_the_newest_items_in_words(space, training, histories):
    part = fitted(space, training(), last=2, every=1, opening="Likes: ")
    assert part.texts(histories([[0, 1, 2], [3], []])) == [
        "Likes: blue lamp; old dragon book",
        "",
        "",
    ]


def test_a_text_changes_with_every_so_many_events_alone(space, training, histories):
    part = fitted(space, training(), every=2, opening="")
    texts = part.texts(histories([[0], [0, 1], [0, 1, 2], [0, 1, 2, 0]]))
    assert texts[0] == "red wine"
    assert texts[1] == texts[2] == "red wine; blue lamp"
    assert texts[3] == "red wine; blue lamp; old dragon book; red wine"


def test_it_is_what_is_read_and_the_mean_of_the_items(space, training, histories):
    some = histories([[0, 1], []])
    read = fitted(space, training(), items_share=0.0, every=1, normalise=False)
    mean = fitted(space, training(), items_share=1.0, normalise=False)
    both = fitted(space, training(), items_share=0.25, every=1, normalise=False)
    expected = space.encode([f"{read.settings.opening}red wine; blue lamp"])[0][0]
    np.testing.assert_allclose(read.encode(some)[0], expected, rtol=1e-6)
    rows = dense(space.block.matrix)
    np.testing.assert_allclose(mean.encode(some)[0], rows[[0, 1]].mean(axis=0), rtol=1e-6)
    mixed = 0.25 * mean.encode(some) + 0.75 * read.encode(some)
    np.testing.assert_allclose(both.encode(some), mixed, rtol=1e-5, atol=1e-7)
    assert not both.encode(some)[1].any()
    unit = fitted(space, training(), items_share=0.25, every=1).encode(some)
    np.testing.assert_allclose(unit, l2_normalised(mixed.astype(np.float32)), rtol=1e-5, atol=1e-7)


def test_an_item_that_is_none_is_refused(space, training, histories):
    with pytest.raises(BadInput, match="item 99"):
        fitted(space, training()).encode(histories([[99]]))
