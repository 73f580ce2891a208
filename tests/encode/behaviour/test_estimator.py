from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from palate.encode.behaviour.estimator import BehaviourEncoder
from palate.encode.text.estimator import TextEncoder
from palate.errors import BadInput, BadRecipe


@pytest.fixture
def model(tiny):
    return str(tiny("bert"))


def test_histories_are_read_as_texts(model):
    part = BehaviourEncoder(model, cache=False)
    history = [{"item": "red wine", "action": "liked", "time": "a day before"}, "blue lamp"]
    made = part.fit_transform([history, [], ["  "]])
    expected = TextEncoder(model, cache=False).fit_transform(
        ["liked red wine, a day before; blue lamp"]
    )
    assert np.array_equal(made[0], expected[0])
    assert not made[1:].any()
    assert made.dtype == np.float32
    assert len(part.get_feature_names_out()) == made.shape[1]
    assert clone(part).get_params() == part.get_params()


def test_the_newest_events_are_kept_of_long_histories(model):
    part = BehaviourEncoder(model, cache=False, last=10_000).fit()
    long = [f"thing number {i}" for i in range(part.part_.max_tokens)]
    text = part._text(long, 0)
    assert text.endswith(long[-1])
    assert not text.startswith(long[0])
    assert int(part.part_.tokeniser([text]).text_lengths()[0]) < part.part_.max_tokens


@pytest.mark.parametrize(
    "X", [["red wine"], [[3]], [[{"title": "x"}]], [{"item": "x"}], [[{"item": "x", "when": 1}]]]
)
def test_what_is_no_history_is_refused(X, model):
    with pytest.raises(BadInput, match="is no"):
        BehaviourEncoder(model).transform(X)


def test_a_template_that_cannot_be_filled_is_refused(model):
    with pytest.raises(BadRecipe):
        BehaviourEncoder(model, template="{x}").fit()
