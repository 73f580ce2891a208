"""Weights of events against what was hardly seen."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.worlds.looked_at import seen_lists
from palate.errors import BadInput, BadRecipe
from palate.model.debias import InversePropensity
from palate.model.ials import IalsV2, IalsV2Settings
from palate.model.popularity import RecentPopularityV2, RecentPopularityV2Settings
from palate.seeding import generator
from palate.tables import Event, Interactions
from palate.testing.scorer import made_training


def log_of(*events: Event) -> Interactions:
    return Interactions.of_events(events)


TWO = log_of(
    Event("u", "a", position=1, propensity=0.5),
    Event("u", "b", position=4, propensity=0.25),
    Event("v", "a", position=2),
)


class TestWeights:
    def test_position_and_mean_one(self) -> None:
        found = InversePropensity(examination=(1.0, 0.5)).weights(TWO)
        assert found.tolist() == pytest.approx([0.6, 1.2, 1.2])

    def test_unknown_positions_and_propensities_are_not_raised(self) -> None:
        log = log_of(Event("u", "a", position=2), Event("u", "b"))
        raw = InversePropensity(examination=(1.0, 0.5)).weights(log)
        assert raw[0] / raw[1] == pytest.approx(2)
        found = InversePropensity("propensity").weights(TWO)
        assert (found / found[2]).tolist() == pytest.approx([2, 4, 1])

    def test_popularity(self) -> None:
        found = InversePropensity("popularity", power=1.0).weights(TWO)
        assert found[1] == pytest.approx(2 * found[0])

    def test_large_weights_are_cut(self) -> None:
        log = log_of(
            *(Event(f"u{k}", "a", position=1) for k in range(99)), Event("v", "a", position=2)
        )
        found = InversePropensity(examination=(1.0, 1e-6), most=10).weights(log)
        assert found.mean() == pytest.approx(1)
        assert found[-1] / found.sum() < 0.1001 * 10_000

    def test_a_pair_has_the_mean_of_its_events(self) -> None:
        log = log_of(
            Event("u", "a", position=1), Event("u", "a", position=2), Event("v", "b", position=1)
        )
        X = InversePropensity(examination=(1.0, 0.5)).matrix(log)
        assert X[0, 0] / X[1, 1] == pytest.approx(1.5)

    def test_an_empty_log(self) -> None:
        assert len(InversePropensity("popularity").weights(TWO.take(np.zeros(0, np.int64)))) == 0


class TestRefusals:
    def test_no_positions(self) -> None:
        with pytest.raises(BadInput, match="no positions"):
            InversePropensity(examination=(1.0,)).weights(log_of(Event("u", "a")))

    def test_no_propensities(self) -> None:
        with pytest.raises(BadInput, match="no propensities"):
            InversePropensity("propensity").weights(log_of(Event("u", "a")))

    def test_no_examination(self) -> None:
        with pytest.raises(BadRecipe, match="looked at"):
            InversePropensity().weights(TWO)


class TestModels:
    def test_popularity_comes_nearer_to_relevance(self) -> None:
        seen = seen_lists(generator(2, "tests", "debias"), users=300)
        log, truth = seen.clicks(), seen.relevance.mean(axis=0)
        training = made_training()

        def correlation(debias: InversePropensity | None) -> float:
            settings = RecentPopularityV2Settings(debias=debias)
            fitted = RecentPopularityV2(settings).fit(
                type(training)(log, training.features, training.validation)
            )
            return float(np.corrcoef(fitted.counts_, truth)[0, 1])

        right = InversePropensity(examination=tuple(seen.examination))
        wrong = InversePropensity(examination=tuple(seen.examination[::-1]))
        assert correlation(right) > correlation(None) + 0.1
        assert correlation(wrong) < correlation(None)  # the control

    def test_ials_with_weights_all_alike_is_ials(self) -> None:
        training = made_training()
        plain = IalsV2(IalsV2Settings(factors=4)).fit(training)
        alike = InversePropensity("popularity", power=0.0)
        same = IalsV2(IalsV2Settings(factors=4, debias=alike)).fit(training)
        other = IalsV2(
            IalsV2Settings(factors=4, debias=InversePropensity("popularity", power=1.0))
        ).fit(training)
        histories = training.validation.histories
        np.testing.assert_allclose(plain.score(histories), same.score(histories), atol=1e-6)
        assert np.abs(plain.score(histories) - other.score(histories)).max() > 1e-3
