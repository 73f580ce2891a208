"""Who is made of what: declared by the parts, followed in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from palate import registry
from palate.capabilities import Reads, Related
from palate.errors import BadRecipe, SeveralProblems
from palate.recipe.graph import ModelGraph, in_order, made_of_itself, reads
from palate.recipe.recipe import Recipe, parse

BLOCKS = {"words": {"part": "text.tfidf.v1"}, "hashes": {"part": "text.hashing.v1"}}
KERNELS = {
    f"by {block}": {"part": "model.text_kernel.v1", "block": block} for block in ("words", "hashes")
}
BLEND = {"part": "model.blend.v1", "members": ["ids", "by words", "by hashes"]}


def recipe_of(models: dict[str, Any], **more: Any) -> Recipe:
    table = {"blocks": BLOCKS, "models": {"ids": {"part": "model.ease.v1"}, **models}, **more}
    start = {"data": {"interactions": "log.csv"}, "split": {"part": "split.ratio.v1"}}
    return parse({**start, **table}, Path())


@pytest.fixture
def graph() -> ModelGraph:
    return recipe_of({"all": BLEND, **KERNELS}).graph


def test_members_come_before_what_is_made_of_them(graph: ModelGraph) -> None:
    assert list(graph.models)[1] == "all"
    assert graph.order() == ["ids", "by words", "by hashes", "all"]
    assert graph.closure("all") == graph.order()
    assert graph.closure("by words") == ["by words"]


def test_what_is_read_near_and_far(graph: ModelGraph) -> None:
    assert graph.own_blocks("all") == ()
    assert graph.all_blocks("all") == ("words", "hashes")
    assert graph.reading("all", {"hashes"}) == ["by hashes", "all"]
    assert graph.fusions() == ["all"]
    assert graph.headline() == "all"


def test_the_headline_is_the_fusion_of_most_blocks_else_the_last_model() -> None:
    less = {"part": "model.blend.v1", "members": ["ids", "by words"]}
    assert (
        recipe_of({**KERNELS, "one": less, "all": BLEND, "again": BLEND}).graph.headline() == "all"
    )
    assert recipe_of({"last": {"part": "model.popularity.v1"}}).graph.headline() == "last"


def test_a_number_of_layers_is_no_block() -> None:
    graph = recipe_of({"seq": {"part": "model.sasrec.v1", "blocks": 2}}).graph
    assert graph.own_blocks("seq") == ()
    graph = recipe_of({"seq": {"part": "model.sasrec.v1", "blocks": 2, "block": "words"}}).graph
    assert graph.own_blocks("seq") == ("words",)


@pytest.mark.parametrize(
    ("model", "read"),
    [
        ({"part": "model.text_kernel.v1"}, ("words",)),
        ({"part": "model.linear.v1"}, ("words", "hashes")),
        ({"part": "model.linear.v1", "blocks": ["hashes"]}, ("hashes",)),
        ({"part": "model.slist.v1"}, ()),
        ({"part": "model.slist.v1", "teacher": "hashes"}, ("hashes",)),
        ({"part": "model.ials.v1"}, ()),
        ({"part": "model.lambdamart.v1", "members": ["ids"]}, ("words", "hashes")),
        ({"part": "model.lambdamart.v1", "members": ["ids"], "blocks": []}, ()),
    ],
)
def test_what_a_model_reads_without_naming_it(model: dict[str, Any], read: tuple[str, ...]) -> None:
    assert recipe_of({"x": model}).graph.own_blocks("x") == read


def test_a_cross_encoder_reads_the_first_block_with_a_language_model() -> None:
    blocks = {"words": {"part": "text.tfidf.v1"}, "meaning": {"part": "text.transformer.v1"}}
    model = {"x": {"part": "model.cross_encoder.v1"}}
    graph = recipe_of(model, blocks=blocks).graph
    assert graph.own_blocks("x") == ("meaning",)
    assert graph.members("x") == ("ids",)


def test_a_blend_that_names_nobody_is_of_all_models_before_it() -> None:
    graph = recipe_of({**KERNELS, "all": {"part": "model.blend.v1"}, "later": BLEND}).graph
    assert graph.members("all") == ("ids", "by words", "by hashes")


def test_blocks_of_user_encoders_are_read_too() -> None:
    users = {"u": {"part": "behaviour.pooled.v1", "block": "hashes"}}
    two = {"part": "model.two_sided.v1", "users": ["u"], "blocks": ["words"]}
    graph = recipe_of({"two": two}, users=users).graph
    assert graph.own_blocks("two") == ("words", "hashes")
    left = graph.without({"hashes"}).graph
    assert left.models["two"].settings.users == ()
    assert left.own_blocks("two") == ("words",)


def test_when_a_block_goes_its_readers_go_and_a_blend_of_one_is_that_one(graph: ModelGraph) -> None:
    left = graph.without({"words"})
    assert list(left.graph.models) == ["ids", "all", "by hashes"]
    assert left.graph.members("all") == ("ids", "by hashes")
    both = graph.without({"words", "hashes"})
    assert list(both.graph.models) == ["ids"]
    assert both.became == {"ids": "ids", "all": "ids"}
    assert graph.without({"words", "hashes"}, collapse=False).graph.members("all") == ("ids",)
    assert graph.without(set()).graph == graph


def test_what_stands_for_a_collapsed_blend_takes_its_place() -> None:
    inner = {"part": "model.blend.v1", "members": ["by words", "by hashes"]}
    outer = {"part": "model.blend.v1", "members": ["ids", "inner"]}
    graph = recipe_of({**KERNELS, "inner": inner, "outer": outer}).graph
    left = graph.without({"words"})
    assert left.became["inner"] == "by hashes"
    assert left.graph.members("outer") == ("ids", "by hashes")


def test_a_list_of_blocks_is_narrowed_and_a_single_one_is_needed() -> None:
    graph = recipe_of({**KERNELS, "line": {"part": "model.linear.v1"}}).graph
    assert graph.without({"words"}).graph.models["line"].settings.blocks == ("hashes",)
    assert "line" not in graph.without({"words", "hashes"}).became
    assert graph.needed_blocks("line") == ()
    assert graph.needed_blocks("by words") == ("words",)


@pytest.mark.parametrize(
    ("model", "setting", "left"),
    [
        ({"part": "model.ials.v1", "block": "words"}, "block", None),
        ({"part": "model.slist.v1", "teacher": "words"}, "teacher", None),
        ({"part": "model.sasrec.v1", "block": "words"}, "block", ""),
        ({"part": "model.gbdt.v1", "members": ["ids"]}, "blocks", ()),
    ],
)
def test_a_model_of_behaviour_goes_on_without_its_content(
    model: dict[str, Any], setting: str, left: object
) -> None:
    graph = recipe_of({"x": model}).graph
    assert graph.needed_blocks("x") == ()
    found = graph.without({"words", "hashes"})
    assert found.became["x"] == "x"
    assert vars(found.graph.models["x"].settings)[setting] == left


def test_a_blend_of_one_with_a_prior_is_more_than_that_one() -> None:
    graph = recipe_of({**KERNELS, "all": {**BLEND, "prior": True}}).graph
    left = graph.without({"words", "hashes"})
    assert left.became["all"] == "all"
    assert left.graph.members("all") == ("ids",)
    assert left.graph.models["all"].settings.prior


def test_fused_blocks_come_after_their_sources() -> None:
    fused = {"part": "fuse.concat.v1"}
    blocks = recipe_of({}, blocks={"both": fused, **BLOCKS}).graph.block_graph
    assert blocks.sources("both") == ("words", "hashes")
    assert blocks.order() == ["words", "hashes", "both"]
    assert blocks.closure("hashes") == ["hashes"]


@pytest.mark.parametrize(
    ("models", "more", "said"),
    [
        ({"x": {"part": "model.blend.v1", "members": ["isd"]}}, {}, 'did you mean "ids"'),
        ({"x": {"part": "model.slist.v1", "teacher": "wrods"}}, {}, 'no block "wrods"'),
        ({"x": {"part": "model.two_sided.v1", "users": ["u"]}}, {}, 'no user encoder "u"'),
        ({"x": {"part": "model.blend.v1", "members": ["x"]}}, {}, '"x" is made of itself'),
        ({}, {"users": {"u": {"part": "behaviour.pooled.v1", "block": "z"}}}, 'no block "z"'),
        ({}, {"blocks": {"f": {"part": "fuse.concat.v1", "of": ["f"]}}}, '"f" is made of itself'),
        ({}, {"blocks": {"f": {"part": "fuse.concat.v1"}}}, "nothing to fuse"),
    ],
)
def test_names_that_lead_nowhere_are_refused(
    models: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    with pytest.raises((BadRecipe, SeveralProblems), match=said):
        recipe_of(models, **more)


def test_order_and_circles_of_any_names() -> None:
    below = {"a": ["b", "c"], "b": ["c"], "c": [], "d": ["d"]}.__getitem__
    assert in_order(["a"], below) == ["c", "b", "a"]
    assert made_of_itself(["a", "b", "c", "d"], below) == ["d"]


@pytest.mark.parametrize("stage", ["scorer", "fuser", "user_encoder"])
def test_a_part_with_a_setting_that_names_others_declares_it(stage: str) -> None:
    for name in registry.names(stage):
        part = registry.part_class(name)
        named = {"block", "members", "users", "of", "teacher"} & set(part.Settings.__annotations__)
        assert not named or issubclass(part, Related), f"{name} does not declare {named}"
        assert isinstance(reads(registry.spec({"part": name}, stage)), Reads)
