"""Who may take whose values, and the conditional law that is drawn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.errors import BadInput
from palate.perturbation.exchange import Exchange
from palate.perturbation.loss import exchange_loss
from palate.perturbation.sampler import Components, RidgeSampler, ridge
from palate.tables.importance_problem import ImportanceProblem
from palate.testing.explainer import LinearPredictor, known_problem


def test_values_move_between_owners_and_within_requests() -> None:
    random = np.random.default_rng(1)
    entity = np.repeat(np.arange(6, dtype=np.int32), 4)
    request = np.tile(np.arange(4, dtype=np.int32), 6)
    blocks = {
        "item": entity[:, None] * 1.0,
        "pair": random.standard_normal((24, 1)),
        "query": request[:, None] * 1.0,
    }
    asked = known_problem(5).question
    problem = ImportanceProblem(
        blocks, LinearPredictor({}), asked, request=request, entity={"item": entity}
    )
    item = Exchange.of(problem, "item")
    donor = item.draw(random)
    assert sorted(donor.tolist()) == list(range(6))
    assert not (donor == np.arange(6)).any()
    pair = Exchange.of(problem, "pair")
    assert (request[pair.draw(random)] == request).all()
    assert (pair.draw(random) != np.arange(24)).all()
    assert len(Exchange.of(problem, "query").group) == 4
    partly = replace(problem, present={"item": entity < 3})
    assert set(Exchange.of(partly, "item").draw(random)[:3].tolist()) == {0, 1, 2}


def test_everybody_is_equally_likely_to_be_the_donor() -> None:
    problem = replace(known_problem(5), request=np.zeros(25, np.int32))
    exchange = Exchange.of(problem, "much")
    counts = np.zeros((25, 25))
    random = np.random.default_rng(1)
    for _ in range(4000):
        counts[np.arange(25), exchange.draw(random)] += 1
    assert np.trace(counts) == 0
    apart = counts[~np.eye(25, dtype=bool)]
    # chi-squared with 599 degrees of freedom, 99.9 % bound
    assert np.sum((apart - 4000 / 24) ** 2 / (4000 / 24)) < 720


def test_the_conditional_law_of_an_embedding() -> None:
    random = np.random.default_rng(1)
    base = random.standard_normal((2000, 60))
    turned = base @ np.linalg.qr(random.standard_normal((60, 60)))[0][:, :40]
    blocks = {
        "a": base,
        "b": turned + 0.1 * random.standard_normal(turned.shape),
        "c": base[:, :1] ** 2,
    }
    narrow = RidgeSampler().fit({"b": turned, "a": base[:, :30]}, "b")
    rest = turned - narrow.expected({"b": turned, "a": base[:, :30]})
    assert rest.var() / turned.var() == pytest.approx(0.5, abs=0.08)
    bent = blocks["c"] - RidgeSampler().fit({"c": blocks["c"], "a": base[:, :1]}, "c").expected(
        {"a": base[:, :1]}
    )
    assert bent.var() < 0.05 * blocks["c"].var()
    alone = RidgeSampler().fit({"a": base}, "a").expected({"a": base})
    assert alone == pytest.approx(np.broadcast_to(base.mean(axis=0), base.shape))


def test_ridge_chooses_no_strength_for_lines_and_much_for_noise() -> None:
    random = np.random.default_rng(2)
    Z = random.standard_normal((400, 30))
    W = random.standard_normal((30, 2))
    assert ridge(Z, Z @ W) == pytest.approx(W, abs=0.01)
    assert np.abs(ridge(Z, random.standard_normal((400, 2)))).max() < 0.05
    assert ridge(np.empty((5, 0)), np.ones((5, 1))).shape == (0, 1)


def test_components_of_wide_blocks_are_white() -> None:
    X = np.random.default_rng(3).standard_normal((500, 50)) * np.linspace(5, 0.1, 50)
    Z = Components.of(X, 4).of_rows(X)
    assert Z.shape == (500, 4)
    assert np.cov(Z.T) == pytest.approx(np.eye(4), abs=0.02)
    assert Components.of(np.ones((5, 40)), 4).of_rows(np.ones((5, 40))).shape[1] <= 4


def test_repeats() -> None:
    problem = known_problem()
    with pytest.raises(BadInput):
        exchange_loss(problem, "much", 1, 0)
    once, often = exchange_loss(problem, "much", 1, 1), exchange_loss(problem, "much", 1, 20)
    assert once.error > often.error
    assert ImportanceProblem({}, problem.predict, problem.question).n_units == 0
