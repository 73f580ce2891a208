"""Nobody fits twice: a part of a recipe is fitted once by its run, and by nobody who opens it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate import registry
from palate.runs.open import open_run
from palate.study.importance.explanations import people, reasons, words
from palate.study.importance.importance import ImportanceOptions, importance

pytestmark = pytest.mark.integration

STAGES = ("encoder", "block_transform", "adapter", "fuser", "user_encoder", "scorer")


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count calls of `fit` by the name of the part; a part that fits others inside counts once."""
    found: Counter[str] = Counter()
    depth = 0

    def counting(fit: Any) -> Any:
        @wraps(fit)
        def wrapped(self: Any, *args: Any, **named: Any) -> Any:
            nonlocal depth
            if depth == 0:
                found[type(self).__name__] += 1
            depth += 1
            try:
                return fit(self, *args, **named)
            finally:
                depth -= 1

        return wrapped

    parts = [registry.part_class(n) for stage in STAGES for n in registry.names(stage)]
    owners = {next(c for c in part.__mro__ if "fit" in vars(c)) for part in parts}
    with pytest.MonkeyPatch.context() as patch:
        for owner in owners:
            patch.setattr(owner, "fit", counting(vars(owner)["fit"]))
        yield found


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    """A recipe with every kind of part that is fitted, tuners aside."""
    return {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "words": {
                "part": "text.tfidf.v1",
                "fields": ["title", "plot?"],
                "shape": [{"part": "geometry.centre.v1"}, {"part": "geometry.l2.v1"}],
            },
            "chosen": {
                "part": "text.hashing.v1",
                "dims": 32,
                "fields": ["title"],
                "adapt": [{"part": "geometry.choose.v1", "candidates": ["none", "centre"]}],
            },
            "price": {"part": "structured.fields.v1", "fields": ["price"]},
            "both": {
                "part": "fuse.concat.v1",
                "of": ["words", "price"],
                "shape": [{"part": "geometry.truncate.v1", "dims": 6}],
            },
        },
        "users": {
            "told": {"part": "behaviour.tokens.v1", "block": "chosen", "tokens": 40},
            "mean": {"part": "behaviour.pooled.v1", "block": "both"},
        },
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "kernel": {"part": "model.text_kernel.v1", "block": "words"},
            "told": {"part": "model.two_sided.v1", "users": ["told"], "blocks": ["chosen"]},
            "mean": {"part": "model.two_sided.v1", "users": ["mean"], "blocks": ["both"]},
            "all": {"part": "model.blend.v1", "members": ["ids", "kernel", "told", "mean"]},
        },
        "evaluate": {
            "metrics": ["ndcg@10"],
            "controls": False,
            "ablations": False,
        },
        "report": {"users": 1, "k": 3, "map_items": 20},
    }


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
    frames: tuple[pl.DataFrame, pl.DataFrame],
    recipe: dict[str, Any],
) -> tuple[Path, Counter[str]]:
    """A finished run, and what was fitted for it."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    with counted() as found:
        palate.run(palate.read(*frames), recipe, folder=folder)
    return folder, found


def test_a_run_fits_each_part_once(made: tuple[Path, Counter[str]]) -> None:
    assert made[1] == {
        # encoders, transforms, an adapter, a fuser
        "Tfidf": 1,
        "Hashing": 1,
        "Fields": 1,
        "Centre": 1,
        "L2": 1,
        "Truncate": 1,
        "Choose": 1,
        "Concat": 1,
        # encoders of users, and models
        "Tokens": 1,
        "Pooled": 1,
        "Popularity": 1,
        "Cooccurrence": 1,
        "TextKernel": 1,
        "TwoSidedModel": 2,
        "Blend": 1,
    }


def test_a_run_that_is_opened_again_fits_nothing(made: tuple[Path, Counter[str]]) -> None:
    with counted() as found:
        run = palate.Run(made[0])
        assert run.recommend("u1", 5).height == 5
        opened = open_run(made[0])
        shown = people(opened, "all", opened.scorer("all"))
        assert words(opened, ["words"], shown)
        reasons(opened, opened.scorer("kernel"), shown)
        more = opened.data.catalogue
        for name, fitted in opened.fitted.blocks.items():
            again = fitted.extend(more)
            assert again.origin.key() == opened.fitted.features.block(name).origin.key()
    assert found == {}


def test_a_study_refits_only_the_models_that_its_question_takes_content_from(
    made: tuple[Path, Counter[str]],
) -> None:
    with counted() as found:
        importance(made[0], ImportanceOptions(budget=60.0, cases=60, force=True))
    # what is left when every block is gone is popularity, which the study fits for itself
    assert found.pop("Popularity") == 1
    assert set(found) <= {"TextKernel", "TwoSidedModel", "Blend"}


def test_the_count_sees_a_second_fit(made: tuple[Path, Counter[str]]) -> None:
    opened = open_run(made[0])
    with counted() as found:
        opened.recipe.models["ids"].build().fit(opened.training())
        opened.recipe.models["ids"].build().fit(opened.training())
    assert found == {"Cooccurrence": 2}
