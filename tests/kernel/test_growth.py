"""The growth contract bites: scorers that break a promise fail it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from palate.growth import grown
from palate.model.popularity import Popularity
from palate.model.text_kernel import TextKernel
from palate.tables import Histories
from palate.testing.growth import GrowthContract, grown_features
from palate.testing.scorer import made_training


def test_items_of_no_content_come_last_and_others_by_theirs() -> None:
    training = made_training()
    more = grown_features(training.features)
    histories = Histories.of(training.log, np.arange(5, dtype=np.int32))
    popular = grown(Popularity().fit(training), more).score(histories)
    assert (popular[:, -3:] < popular[:, :-3].min(axis=1, keepdims=True)).all()
    by_text = grown(TextKernel().fit(training), more).score(histories)
    assert np.ptp(by_text[:, -3]) > 0


@pytest.mark.parametrize("fault", ["known", "infinite", "before"])
def test_a_scorer_that_breaks_a_promise_fails_the_contract(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = made_training()
    fitted = TextKernel().fit(training)
    more = grown_features(training.features)
    histories = Histories.of(training.log, np.arange(5, dtype=np.int32))
    good = grown(fitted, more)

    def spoilt(cases: Histories) -> Any:
        scores = good.score(cases).copy()
        if fault == "known":
            scores[:, 0] += 1
        if fault == "infinite":
            scores[:, -1] = np.inf
        if fault == "before":
            scores[:, -1] = scores.max() + 1
        return scores

    broken = copy.copy(good)
    broken.score = spoilt  # type: ignore[method-assign]
    monkeypatch.setattr("palate.testing.growth.grown", lambda *_: broken)
    suite = GrowthContract()
    check = suite.test_known_items_keep_their_scores
    if fault == "before":
        monkeypatch.setattr(type(fitted), "new_items", "untouched")
        check = suite.test_items_that_cannot_be_scored_come_after_all_others
    with pytest.raises(AssertionError):
        check(fitted, histories, more)
