"""Verdicts, refusals and warnings; scorers with feature blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from palate.arrays import Ragged
from palate.data.worlds import copied_image
from palate.errors import BadInput, Refused, SeveralProblems
from palate.explain.importance.caution import (
    cautions,
    conditional_shares,
    similarities,
    strange_shares,
)
from palate.explain.importance.cosine import cosine_to_behaviour
from palate.explain.importance.permutation import Conditional
from palate.explain.importance.refit import DropAndRefit
from palate.explain.importance.study import stability, study, usual
from palate.explain.importance.verdict import judged, judged_family
from palate.inference import estimate
from palate.perturbation.problems import of_rows, of_scorer, sample_cases
from palate.perturbation.questions import CasesQuestion, question
from palate.tables import Cases, FeatureTable, Histories
from palate.tables.estimate import Estimate
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem
from palate.tables.labelled_rows import LabelledRows
from palate.testing.explainer import LinearPredictor, known_problem


def _fit(rows: LabelledRows) -> object:
    X = np.column_stack([np.ones(len(rows)), rows.matrix()])
    weights = np.linalg.lstsq(X, rows.label, rcond=None)[0]
    names = rows.names

    def predict(blocks: dict[str, np.ndarray]) -> np.ndarray:
        told = (
            weights[0]
            + np.concatenate(
                [np.empty((1, 0)) if not names else np.concatenate([blocks[n] for n in names], 1)]
            )
            @ weights[1:]
        )
        return np.asarray(told)

    return predict


def _rows(seed: int, user: int = 0, n_users: int = 150) -> LabelledRows:
    """driver and partner matter; twin is nearly the driver; noise is noise."""
    random = np.random.default_rng(seed)
    n = 8 * n_users
    driver, partner, noise = random.standard_normal((3, n, 2))
    twin = driver + 0.3 * random.standard_normal(driver.shape)
    label = driver.sum(axis=1) + 0.5 * partner.sum(axis=1) + random.standard_normal(n)
    users = user + np.repeat(np.arange(n_users, dtype=np.int32), 8)
    return LabelledRows(
        {"driver": driver, "twin": twin, "partner": partner, "noise": noise}, label, users
    )


@pytest.fixture(scope="module")
def problem() -> ImportanceProblem:
    return of_rows(_fit, _rows(1), _rows(2, user=1000))  # type: ignore[arg-type]


def test_verdicts_of_a_known_world(problem: ImportanceProblem) -> None:
    found = study(problem, 1)
    verdicts = found.verdicts()
    assert verdicts["twin"] in ("replaceable", "no evidence")
    # noise costs a linear model a little, so either word is true
    assert verdicts["noise"] in ("harmful", "no evidence")
    assert set(found.kept()) == {"driver", "partner"}
    assert found.evidence
    assert [f.code for f in found.findings if f.examples] == ["blocks-alike"]
    assert found.findings[-1].severity == "warning"
    assert found.rows[0].bytes == 8
    assert np.isnan(found.rows[0].seconds)
    assert len(found.rows) == 12


def test_merging_the_same_blocks_gives_their_worth_back(problem: ImportanceProblem) -> None:
    rows, held_out = _rows(1), _rows(2, user=1000)
    groups = {"driver+twin": ["driver", "twin"], "partner": ["partner"], "noise": ["noise"]}
    merged = study(of_rows(_fit, rows.grouped(groups), held_out.grouped(groups)), 1)  # type: ignore[arg-type]
    assert set(merged.kept()) == {"driver+twin", "partner"}


def test_a_block_used_by_a_method_that_shares_can_be_replaced() -> None:
    found = Estimate(1.0, 0.5, 1.5, 0.001, 0.25, 90)
    estimate = ImportanceEstimate("a", "permutation", "?", "mse", found, 0.0)
    (row,) = judged([estimate], known_problem())
    assert (row.verdict.answer, row.p) == ("replaceable", 0.001)
    assert (row.verdict.method, row.found.answer) == ("all methods", "keep")


def _mean(p: float) -> Estimate:
    """The mean 1.0 of 90 users with this p value."""
    return estimate(1.0, float(special.stdtrit(89, 1 - p / 2)) ** -2, 90)


def _asked(method: str, *p: float) -> list[ImportanceEstimate]:
    return [
        ImportanceEstimate(name, method, "?", "mse", _mean(one), 0.0)
        for name, one in zip("abcdef", p, strict=False)
    ]


def test_methods_that_can_each_keep_a_block_share_the_allowed_errors() -> None:
    alone = _asked("conditional permutation", 0.04, 0.9)
    both = [*alone, *_asked("drop and refit", 0.04, 0.9)]
    first, one, two = (judged(e, known_problem())[i] for e, i in ((alone, 0), (both, 0), (both, 2)))
    assert (first.found.answer, first.verdict.answer) == ("keep", "keep")
    assert {(row.found.answer, row.verdict.answer) for row in (one, two)} == {("no evidence",) * 2}
    assert [row.found.level for row in (first, one, two)] == [0.1, 0.05, 0.05]
    assert [row.estimate.found.level for row in (first, one, two)] == [0.95, 0.975, 0.975]


@given(st.lists(st.floats(1e-6, 0.99), min_size=1, max_size=6), st.sampled_from([0.05, 0.1, 0.2]))
def test_an_interval_leaves_zero_out_just_where_something_is_found(
    p: list[float], q: float
) -> None:
    found = judged_family(_asked("permutation", *p), q)
    assert len({one.estimate.found.level for one in found}) == 1
    for one, alone in zip(found, p, strict=True):
        assert one.estimate.found.level >= 0.95
        assert one.estimate.low <= _mean(alone).low
        if abs(alone / (1 - one.estimate.found.level) - 1) > 1e-6:
            assert (one.estimate.low > 0) == (one.found.answer == "keep")
        assert one.found.answer != "keep" or one.p <= q


def test_an_answer_without_a_p_value_or_an_error_stands_as_it_is() -> None:
    nan = float("nan")
    for mean in (Estimate(1.0, 0.5, 1.5, nan, 0.25, 90), Estimate(1.0, 0.5, 1.5, 0.01, nan, 90)):
        (one,) = judged_family([ImportanceEstimate("a", "mine", "?", "mse", mean, 0.0)], 0.01)
        assert (one.estimate.low, one.estimate.high) == pytest.approx((0.5, 1.5), abs=0.01)


def _refused(problem: ImportanceProblem, code: str) -> str:
    with pytest.raises((Refused, SeveralProblems)) as caught:
        study(problem, 1)
    assert code in [f.code for f in cautions(problem, 1)]
    forced = study(problem, 1, [Conditional()], force=True)
    assert not forced.evidence
    return str(caught.value)


def test_fewer_than_fifty_users_are_refused() -> None:
    assert "30 users are too few" in _refused(
        of_rows(_fit, _rows(1), _rows(2, 1000, 30)), "few-users"
    )  # type: ignore[arg-type]


def test_one_block_is_refused() -> None:
    one = ["driver"]
    told = _refused(of_rows(_fit, _rows(1).only(one), _rows(2, 1000).only(one)), "one-block")  # type: ignore[arg-type]
    assert "1 block" in told


def test_no_signal_is_refused() -> None:
    random = np.random.default_rng(3)
    rows, held_out = (
        replace(r, label=random.standard_normal(len(r))) for r in (_rows(1), _rows(2, 1000))
    )
    assert "no better than" in _refused(of_rows(_fit, rows, held_out), "no-signal")  # type: ignore[arg-type]


def test_a_leaked_target_is_found_and_named() -> None:
    def leaked(rows: LabelledRows) -> LabelledRows:
        X = np.random.default_rng(4).standard_normal((len(rows), 20))
        X[:, 7] = rows.label + 0.001 * X[:, 7]
        return replace(rows, blocks={**rows.blocks, "text": X})

    told = _refused(of_rows(_fit, leaked(_rows(1)), leaked(_rows(2, 1000))), "target-leaked")  # type: ignore[arg-type]
    assert '"text" alone predicts the label' in told
    clicks = replace(
        _rows(2, 1000), label=(_rows(2, 1000).label > 0).astype(np.float64), task="binary"
    )
    binary = replace(clicks, blocks={**clicks.blocks, "text": clicks.label[:, None] + 0.1})
    asked = ImportanceProblem(
        binary.blocks, LinearPredictor(dict.fromkeys(binary.names, 0.0)), question(binary, "auc")
    )
    assert [f.where for f in cautions(asked, 1) if f.code == "target-leaked"] == ["blocks.text"]


def test_same_user_on_both_sides_is_refused() -> None:
    with pytest.raises(BadInput, match="both sides"):
        of_rows(_fit, _rows(1), _rows(2))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="to evaluate on"):
        of_rows(_fit, _rows(1), _rows(2, 1000).only(["driver"]))  # type: ignore[arg-type]


def test_plain_exchange_leaves_what_occurs_and_conditional_exchange_does_not(
    problem: ImportanceProblem,
) -> None:
    assert strange_shares(problem, 1)["driver"] > 0.5
    assert strange_shares(problem, 1)["noise"] < 0.05
    assert conditional_shares(problem, 1)["driver"] < 0.05
    alike = {frozenset((a, b)): rho for a, b, rho in similarities(problem.normal(), 1)}
    assert alike[frozenset(("driver", "twin"))] > 0.9
    assert alike[frozenset(("driver", "noise"))] < 0.2


class Likeness:
    """Scores items by the likeness of their blocks to the history."""

    def __init__(self, table: FeatureTable) -> None:
        self.table = table

    def score(self, histories: Histories) -> np.ndarray:
        W = histories.matrix(len(self.table.items))
        parts = [W @ (b.matrix @ b.matrix.T) for b in self.table.blocks.values()]
        return np.asarray(sum(parts, np.zeros(W.shape)), np.float32)


def _cases() -> tuple[FeatureTable, Cases]:
    world = copied_image(1, n_users=120, n_items=80, per_user=12)
    log = world.data.interactions
    past = log.take(log.time < 10)
    users = np.arange(log.n_users, dtype=np.int32)
    histories = Histories.of(past, users)
    targets = Ragged.grouped(log.user[log.time >= 10], log.item[log.time >= 10], log.n_users)
    return world.features, Cases(histories, histories.items, targets)


def test_blocks_of_a_scorer() -> None:
    features, cases = _cases()
    problem = of_scorer(
        Likeness, features, cases, "ndcg@10", baseline=np.zeros((120, 80), np.float32)
    )  # type: ignore[arg-type]
    found = {w.block: w for w in DropAndRefit().estimate(problem, 1)}
    assert problem.bytes["text"] == 80 * 32 * 4
    assert found["noise"].value <= found["text"].value + 0.02
    rows = study(problem, 1, [Conditional()], force=True).rows
    assert len(rows) == 3
    assert isinstance(problem.question, CasesQuestion)
    some = sample_cases(cases, 50, 1)
    assert len(some) == 50
    assert len(sample_cases(cases, 500, 1)) == 120


def test_cosine_tells_content_from_noise() -> None:
    features, cases = _cases()
    found = {w.block: w for w in cosine_to_behaviour(features, cases, 1)}
    assert found["text"].low > 0
    assert found["image"].low > 0
    assert found["noise"].low < 0.02
    nobody = replace(features.block("text"), present=np.zeros(80, np.bool_))
    assert np.isnan(
        cosine_to_behaviour(FeatureTable(features.items, {"text": nobody}), cases, 1)[0].value
    )


def test_usual_methods_and_stability(problem: ImportanceProblem) -> None:
    assert len(usual(problem)) == 3
    assert len(usual(replace(problem, learner=None))) == 2
    runs = [study(problem, seed, [Conditional()]).rows for seed in range(3)]
    assert stability(runs, "conditional permutation") >= 0.6
    assert np.isnan(stability(runs[:1], "conditional permutation"))
    with pytest.raises(BadInput, match="no blocks"):
        study(replace(problem, blocks={}, reference={}), 1)
