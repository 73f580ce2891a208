from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.errors import BadInput
from palate.model.cooccurrence import Cooccurrence
from palate.model.history_weights import HistoryWeights
from palate.model.item_item import popularity_prior
from palate.model.item_knn import ItemKnnV2
from palate.tables import Histories
from palate.testing.scorer import made_training


def test_a_user_without_history_gets_the_items_by_popularity() -> None:
    training = made_training()
    scores = Cooccurrence().fit(training).score(Histories.of_items(Ragged.of([[], [3]])))
    counts = training.log.item_counts()
    np.testing.assert_allclose(scores[0], np.log1p(counts) / np.log1p(counts.max()), rtol=1e-6)
    assert not np.allclose(scores[1], scores[0])


@pytest.mark.parametrize("row", [-1, 80])
def test_items_that_do_not_exist_are_refused(row: int) -> None:
    model = Cooccurrence().fit(made_training())
    with pytest.raises(BadInput, match=f"item row {row}"):
        model.score(Histories.of_items(Ragged.of([[2, row]])))


def test_contributions_sum_to_the_score_exactly() -> None:
    training = made_training()
    model = Cooccurrence().fit(training)
    histories = Histories.of(training.log, np.arange(40, dtype=np.int32))
    item = (np.arange(40, dtype=np.int32) * 7) % 80
    sums = np.bincount(
        histories.items.row_of_value(), weights=model.contributions(histories, item), minlength=40
    )
    np.testing.assert_allclose(
        sums, model.score(histories)[np.arange(40), item], rtol=1e-5, atol=1e-7
    )


def test_a_catalogue_without_events_has_no_popularity() -> None:
    assert popularity_prior(np.zeros(3)).tolist() == [0, 0, 0]


def test_another_look_at_histories_needs_no_other_matrix() -> None:
    training = made_training()
    plain = Cooccurrence().fit(training)
    latest = replace(plain.settings, query=HistoryWeights(last=2, fade=1.0))
    again = plain.under(latest)
    assert again is not None
    assert again.similarity_ is plain.similarity_
    fresh = Cooccurrence(latest).fit(training)
    histories = training.validation.histories
    np.testing.assert_array_equal(again.score(histories), fresh.score(histories))
    assert not np.allclose(plain.score(histories), fresh.score(histories))
    assert plain.under(replace(latest, window=3)) is None
    assert ItemKnnV2().fit(training).under(latest) is None  # type: ignore[arg-type]
