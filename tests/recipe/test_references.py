"""What a fusion is measured against: itself without its features, its weights chosen again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from palate.recipe.graph import ModelGraph
from palate.recipe.recipe import parse
from palate.recipe.references import (
    LANGUAGE_MODEL,
    base_of,
    counterpart,
    credits_of,
    of_language_models,
)
from palate.tables.variant import Variant

BLOCKS = {
    "words": {"part": "text.tfidf.v1"},
    "small": {"part": "text.transformer.v1"},
    "large": {"part": "text.http.v1"},
    "fields": {"part": "structured.fields.v1"},
    "mixed": {"part": "fuse.concat.v1", "of": ["words", "small"]},
}
MODELS = {
    "ease": {"part": "model.ease.v1"},
    "knn": {"part": "model.item_knn.v1"},
    **{f"by {b}": {"part": "model.text_kernel.v1", "block": b} for b in BLOCKS},
}


def graph_of(**models: dict[str, Any]) -> ModelGraph:
    start = {"data": {"interactions": "log.csv"}, "split": {"part": "split.ratio.v1"}}
    return parse({**start, "blocks": BLOCKS, "models": {**MODELS, **models}}, Path()).graph


def blend(*members: str, **settings: Any) -> dict[str, Any]:
    return {"part": "model.blend.v1", "members": list(members), **settings}


def test_a_blend_left_with_one_member_is_measured_against_that_member() -> None:
    graph = graph_of(both=blend("ease", "by words"))
    assert base_of(graph, "both") == Variant("ease")
    found = counterpart(graph, "both", ["words"])
    assert found is not None
    assert (found.name, found.refit) == ("ease", frozenset())


def test_several_members_of_behaviour_are_blended_anew() -> None:
    graph = graph_of(all=blend("ease", "knn", "by words", gate=False))
    assert base_of(graph, "all") == Variant("all", "counterpart", ("words",))
    found = counterpart(graph, "all", ["words"])
    assert found is not None
    assert (found.name, found.refit) == ("all", {"all"})
    assert found.graph.members("all") == ("ease", "knn")
    assert not found.graph.models["all"].settings.gate


def test_a_prior_stays_with_its_one_member() -> None:
    graph = graph_of(both=blend("ease", "by words", prior=True))
    found = counterpart(graph, "both", ["words"])
    assert found is not None
    assert found.graph.members("both") == ("ease",)
    assert found.graph.models["both"].settings.prior
    assert base_of(graph, "both") == Variant("both", "counterpart", ("words",))


def test_a_model_of_the_recipe_that_is_the_same_is_not_fitted_again() -> None:
    graph = graph_of(
        ids=blend("ease", "knn"),
        other=blend("ease", "knn", prior=True),
        all=blend("ease", "knn", "by words"),
    )
    assert base_of(graph, "all") == Variant("ids")
    found = counterpart(graph, "all", ["words"])
    assert found is not None
    assert not found.refit


def test_a_blend_that_names_nobody_is_the_same_as_one_that_names_them() -> None:
    start = {"data": {"interactions": "log.csv"}, "split": {"part": "split.ratio.v1"}}
    models = {
        "ease": MODELS["ease"],
        "knn": MODELS["knn"],
        "ids": {"part": "model.blend.v1"},
        "text": MODELS["by words"],
        "all": blend("ease", "knn", "text"),
    }
    graph = parse({**start, "blocks": BLOCKS, "models": models}, Path()).graph
    assert base_of(graph, "all") == Variant("ids")


def test_the_same_part_over_changed_members_is_another_model() -> None:
    graph = graph_of(
        sequence={"part": "model.sasrec.v1", "block": "words"},
        ids=blend("ease", "sequence"),
        all=blend("ease", "sequence", "by fields"),
    )
    found = counterpart(graph, "all", ["words", "fields"])
    assert found is not None
    # "ids" has the same members by name, but its sequence model reads words
    assert (found.name, found.refit) == ("all", {"all", "sequence"})
    assert not found.graph.models["sequence"].settings.block


def test_a_second_stage_is_fitted_again_over_what_is_left() -> None:
    graph = graph_of(
        trees={
            "part": "model.lambdamart.v1",
            "members": ["ease", "by words"],
            "blocks": ["words", "fields"],
            "trees": 17,
        }
    )
    found = counterpart(graph, "trees", graph.all_blocks("trees"))
    assert found is not None
    settings = found.graph.models[found.name].settings
    assert (settings.members, settings.blocks, settings.trees) == (("ease",), (), 17)
    assert base_of(graph, "trees") == Variant("trees", "counterpart", ("words", "fields"))


def test_members_of_members_lose_their_features_too() -> None:
    graph = graph_of(
        inner=blend("ease", "by words"),
        outer=blend("inner", "knn", "by fields"),
    )
    found = counterpart(graph, "outer", ["words", "fields"])
    assert found is not None
    assert found.graph.members("outer") == ("ease", "knn")


def test_of_features_alone_nothing_is_left() -> None:
    graph = graph_of(content=blend("by words", "by fields"))
    assert counterpart(graph, "content", ["words", "fields"]) is None
    assert base_of(graph, "content") is None


def test_every_block_is_asked_for_and_the_language_models_together() -> None:
    members = ["ease", *(f"by {b}" for b in ("words", "small", "large", "fields"))]
    found = credits_of(graph_of(all=blend(*members)), "all")
    assert [(c.claim, c.blocks) for c in found] == [
        ("words", ("words",)),
        ("small", ("small",)),
        ("large", ("large",)),
        ("fields", ("fields",)),
        (LANGUAGE_MODEL, ("small", "large")),
    ]
    assert found[-1].reference == Variant("all", "without", ("small", "large"))


def test_one_block_is_no_question_beside_the_lift() -> None:
    assert credits_of(graph_of(both=blend("ease", "by words")), "both") == ()


def test_a_smaller_fusion_of_the_recipe_is_what_is_left_of_the_larger() -> None:
    graph = graph_of(
        words=blend("ease", "by words"), all=blend("ease", "by words", "by small", gate=True)
    )
    claims = {c.claim: c.reference for c in credits_of(graph, "all")}
    assert claims["small"] == Variant("words")
    assert claims["words"] == Variant("all", "without", ("words",))


@pytest.mark.parametrize(
    ("block", "language_model"),
    [("words", False), ("small", True), ("large", True), ("fields", False), ("mixed", False)],
)
def test_which_blocks_are_of_language_models(block: str, language_model: bool) -> None:
    assert of_language_models(graph_of(), block) == language_model
