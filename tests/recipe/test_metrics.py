"""From names to metrics."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.splits.ratio import Ratio
from palate.errors import BadRecipe
from palate.evaluate.ranking import rank_scores
from palate.evaluate.slices import slices
from palate.recipe import metrics as names
from palate.testing.logs import made_log


@pytest.mark.parametrize(
    "label",
    ["ndcg@10", "ndcg@3", "recall@20", "precision@1", "hit@5", "mrr@10", "map@10", "mrr", "map"],
)
def test_labels_come_back(label: str) -> None:
    assert names.metric(label).label == label
    assert not names.is_list_metric(label)


def test_list_metrics_and_auc() -> None:
    assert names.is_list_metric("coverage@10")
    assert names.metric("auc").label == "auc"
    assert names.metric(" NDCG@10 ").label == "ndcg@10"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("ndgc@10", 'did you mean "ndcg"'),
        ("hr@10", 'did you mean "hit@10"'),
        ("hit_rate@10", 'did you mean "hit@10"'),
        ("recal", 'did you mean "recall"'),
        ("auc@10", '"auc" has no length'),
        ("recall", 'write "recall@10"'),
        ("coverage", 'write "coverage@10"'),
        ("ndcg@0", "evaluate.metrics"),
        ("ndcg@", "there is no metric"),
        ("", "there is no metric"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(label: str, said: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        names.metric(label)
    assert said in str(caught.value)


def test_measure_over_slices() -> None:
    log = made_log()
    split = Ratio().split(log, 0)
    counts = split.train.item_counts().astype(np.float32)
    ranks, lists = rank_scores(
        lambda h: np.tile(counts, (len(h), 1)), split.test.open("inspect"), 10
    )
    whole = names.measure("ndcg@10", ranks, lists, split)
    parts = {s.name: s for s in slices(split)}
    np.testing.assert_array_equal(
        whole, names.measure("ndcg@10", ranks, lists, split, parts["all"])
    )
    part = parts["target 1-5"]
    sliced = names.measure("ndcg@10", ranks, lists, split, part)
    inside = np.isin(np.arange(len(split.test.open("inspect"))), ranks.case[part.targets])
    assert np.array_equal(~np.isnan(sliced), inside)
    novelty = names.measure("novelty@10", ranks, lists, split, part)
    assert np.array_equal(~np.isnan(novelty), inside)
    assert (
        names.measure("novelty@10", ranks, lists, split)[inside].tolist()
        == novelty[inside].tolist()
    )
