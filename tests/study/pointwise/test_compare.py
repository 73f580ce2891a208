"""What content adds to the features of the trade, and that meaningless content adds nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.errors import Refused
from palate.model.pointwise_classifiers import fit_rows
from palate.study.pointwise import FeatureSet, PointwiseSettings, compare
from palate.tables import Block, Interactions
from palate.tables.labelled_rows import LabelledRows

pytest.importorskip("lightgbm")
QUICK = PointwiseSettings(positives=700, directions=3, tail=20)
NO_GROUPS = np.empty((240, 0), np.int32)


def test_content_helps_and_permuted_content_does_not(log: Interactions, taste: Block) -> None:
    found = compare(log, [taste], NO_GROUPS, QUICK, seed=0)
    lifts = {(r.model, r.features, r.slice, r.metric): r for r in found.lifts}
    for model in ("trees", "line"):
        true = lifts[model, FeatureSet(("taste",)), "all", "auc"]
        assert true.low > 0.05
        assert true.relative == pytest.approx(true.value / true.base - 1)
        assert lifts[model, FeatureSet(("taste",)), "cold", "auc"].difference > 0.05
        false = lifts[model, FeatureSet(("taste",), permuted=True), "all", "auc"]
        assert false.low < 0.02
        assert abs(false.difference) < 0.03
    slices = {r.slice: r.n_rows for r in found.rows}
    assert (
        slices["all"] == slices["head"] + slices["tail"] + slices["cold"] == found.facts.test_rows
    )
    assert found.facts.share_of_yes == pytest.approx(0.5, abs=0.02)


def test_the_same_seed_says_the_same(log: Interactions, taste: Block) -> None:
    small = replace(QUICK, positives=200, models=("trees",), controls=False)
    assert (
        compare(log, [taste], NO_GROUPS, small).rows == compare(log, [taste], NO_GROUPS, small).rows
    )


def test_several_blocks_are_tried_together(log: Interactions, taste: Block) -> None:
    small = replace(QUICK, positives=200, models=("line",), controls=False)
    found = compare(log, [taste, replace(taste, name="again")], NO_GROUPS, small)
    assert {r.features.name for r in found.rows} == {
        "traditional",
        "traditional + taste",
        "traditional + again",
        "traditional + all content",
    }


def test_one_class_only_is_refused() -> None:
    rows = LabelledRows({"x": np.zeros((5, 1))}, np.ones(5), np.zeros(5, np.int32), "binary")
    mixed = replace(rows, label=np.array([0.0, 1, 0, 1, 1]))
    with pytest.raises(Refused, match="one class only"):
        fit_rows("line", rows, mixed, 0)
    with pytest.raises(Refused, match="no rows among the validation"):
        fit_rows("trees", mixed, mixed.take(np.arange(0)), 0)
