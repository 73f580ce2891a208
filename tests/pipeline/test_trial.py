"""A trial fits each model once, and again only what a control or an ablation touches."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.model.blend import Blend
from palate.model.item_item import ItemItem
from palate.model.text_kernel import TextKernel
from palate.pipeline.trial import NEW_ITEMS, Trial, new_items, run_trial
from palate.progress import Stopwatch
from palate.recipe.recipe import parse
from palate.tables import Dataset
from palate.tables.variant import Variant

Run = Callable[..., tuple[Trial, list[tuple[str, Any]]]]


@pytest.fixture
def data(frames: tuple[pl.DataFrame, pl.DataFrame]) -> Dataset:
    return palate.read(*frames).data


@pytest.fixture
def run(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a trial of ids, one kernel for each of two blocks and a blend of all; with it, every fit
    of a model: its name, and the context that it got.
    """
    fits: list[tuple[str, Any]] = []

    def counting(owner: type[Any], name_of: Callable[[Any], str]) -> None:
        original = owner.fit

        def fit(self: Any, training: Any, *context: Any) -> Any:
            fits.append((name_of(self), (self, training, *context)))
            return original(self, training, *context)

        monkeypatch.setattr(owner, "fit", fit)

    counting(ItemItem, lambda m: m.settings.block if isinstance(m, TextKernel) else "ids")
    counting(Blend, lambda model: "+".join(model.settings.members))

    def call(how: Any = run_trial, **evaluate: Any) -> tuple[Trial, list[tuple[str, Any]]]:
        fits.clear()
        table = {
            "seed": 1,
            "split": {"part": "split.leave_last_out.v1"},
            "blocks": {
                "title": {"part": "text.tfidf.v1", "fields": ["title"]},
                "genres": {"part": "text.tfidf.v1", "fields": ["genres"]},
            },
            "models": {
                "all": {"part": "model.blend.v1", "members": ["ids", "by-title", "by-genres"]},
                "ids": {"part": "model.cooccurrence.v1"},
                "by-title": {"part": "model.text_kernel.v1", "block": "title"},
                "by-genres": {"part": "model.text_kernel.v1", "block": "genres"},
            },
            "evaluate": {"metrics": ["ndcg@10"], "primary": "ndcg@10", **evaluate},
        }
        trial = how(parse(copy.deepcopy(table), Path()), data, 1, Stopwatch(), 5)
        return trial, list(fits)

    return call


def test_every_model_is_fitted_once_members_first(run: Run) -> None:
    trial, fits = run(controls=False, ablations=False)
    names = [name for name, _ in fits]
    assert sorted(names) == ["genres", "ids", "ids+by-title+by-genres", "title"]
    assert names[-1] == "ids+by-title+by-genres"
    # the order of the recipe, whatever the order of fitting
    assert [o.variant for o in trial.outcomes] == [
        Variant(name) for name in ("all", "ids", "by-title", "by-genres")
    ]
    assert set(trial.scorers) == {"ids", "by-title", "by-genres", "all"}


def test_a_control_fits_again_what_reads_a_block_and_nothing_else(run: Run) -> None:
    trial, fits = run(controls=True, ablations=False)
    count = Counter(name for name, _ in fits)
    # once as they are, and again with permuted contents and with random vectors
    assert count == {"ids": 1, "title": 3, "genres": 3, "ids+by-title+by-genres": 3}
    kinds = [o.variant for o in trial.outcomes[4:]]
    assert kinds == [Variant("all", kind, ("title", "genres")) for kind in ("permuted", "random")]


def test_a_control_has_the_same_log_and_other_blocks(run: Run) -> None:
    _, fits = run(controls=True, ablations=False)
    first, *again = [training for name, (_, training, *_) in fits if name == "title"]
    for training in again:
        assert training.log is first.log
        assert training.validation is first.validation
        before, after = (t.features.block("title").matrix for t in (first, training))
        assert before.shape[0] == after.shape[0]
        assert abs(before - after).sum() > 0


def test_an_ablation_fits_the_blend_alone_on_members_that_are_there(run: Run) -> None:
    trial, fits = run(controls=False, ablations=True)
    count = Counter(name for name, _ in fits)
    assert count == {
        "ids": 1,
        "title": 1,
        "genres": 1,
        "ids+by-title+by-genres": 1,
        "ids+by-genres": 1,
        "ids+by-title": 1,
    }
    without = {o.variant.changed for o in trial.outcomes if o.variant.kind == "without"}
    assert without == {("title",), ("genres",)}
    for name, (_, _, context) in fits:
        if name.startswith("ids+"):
            assert all(context.members[m] is trial.scorers[m] for m in name.split("+"))


def test_a_fusion_of_several_models_of_behaviour_is_blended_anew_without_its_features(
    data: Dataset,
) -> None:
    table = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"title": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "knn": {"part": "model.item_knn.v1"},
            "by-title": {"part": "model.text_kernel.v1", "block": "title"},
            "all": {"part": "model.blend.v1", "members": ["ids", "knn", "by-title"]},
        },
        "evaluate": {"controls": False, "ablations": False},
    }
    trial = run_trial(parse(table, Path()), data, 1, Stopwatch(), 5)
    assert trial.outcomes[-1].variant == Variant("all", "counterpart", ("title",))
    table["models"]["together"] = {"part": "model.blend.v1", "members": ["ids", "knn"]}
    again = run_trial(parse(table, Path()), data, 1, Stopwatch(), 5)
    assert [o.variant.kind for o in again.outcomes] == ["model"] * 5
    ranks = {o.variant.of: o.ranks.position for o in again.outcomes}
    assert ranks["together"].tolist() == trial.outcomes[-1].ranks.position.tolist()


def test_one_content_member_is_no_ablation(run: Run, data: Dataset) -> None:
    table = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"title": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "by-title": {"part": "model.text_kernel.v1", "block": "title"},
            "both": {"part": "model.blend.v1", "members": ["ids", "by-title"]},
        },
        "evaluate": {"controls": False, "ablations": True},
    }
    trial = run_trial(parse(table, Path()), data, 1, Stopwatch(), 5)
    assert [o.variant.kind for o in trial.outcomes] == ["model"] * 3


def test_nothing_of_the_test_part_is_fitted_on(run: Run) -> None:
    trial, fits = run(controls=True, ablations=True)
    test = trial.split.test.open("check for leaks")
    for _, (_, training, *_) in fits:
        assert training.log is trial.split.train
        for case in range(0, len(test), 7):
            own = training.log.item[training.log.user == test.histories.users[case]]
            assert not set(test.targets[case].tolist()) & set(own.tolist())


def test_lists_and_ranks_are_of_every_test_case(run: Run) -> None:
    trial, _ = run(controls=False, ablations=False)
    n = len(trial.split.test)
    for outcome in trial.outcomes:
        assert outcome.rankings.items.shape == (n, 5)
        assert outcome.ranks.n_cases == n
        assert outcome.fit_seconds >= 0
    assert trial.scope == ""


def test_new_items_are_in_no_training_event_and_have_no_ablations(run: Run) -> None:
    trial, fits = run(new_items, new_items=0.1, controls=True, ablations=True)
    assert trial.scope == NEW_ITEMS
    withheld = trial.split.withheld
    assert len(withheld) > 0
    assert not np.isin(trial.split.train.item, withheld).any()
    assert {o.variant.role for o in trial.outcomes} == {"model", "control"}
    assert Counter(name for name, _ in fits)["ids"] == 1
