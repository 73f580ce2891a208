"""What a fusion is measured against: itself with its features gone, or with some of them gone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from palate.capabilities import NamesModel
from palate.encode.tuned import can_be_tuned
from palate.recipe.graph import ModelGraph
from palate.registry import PartSpec, part_class
from palate.stages import Encoder, Scorer
from palate.tables.variant import Kind, Variant


@dataclass(frozen=True)
class Counterpart:
    """A fusion that has lost blocks: the same part with the same settings over what is left.

    Attributes:
        name: The model in `graph` that is measured.
        graph: The models that are left.
        refit: Those that have to be fitted again, `name` among them; empty where `name` is a model
            of the recipe as it stands.
    """

    name: str
    graph: ModelGraph
    refit: frozenset[str]


@dataclass(frozen=True)
class Credit:
    """A claim about some of a fusion's blocks, and what it is held against.

    Attributes:
        claim: What earned the gain, if it is true: the name of a block, or `LANGUAGE_MODEL`.
        blocks: The blocks that are gone from the reference.
        reference: The variant without them.
    """

    claim: str
    blocks: tuple[str, ...]
    reference: Variant


LANGUAGE_MODEL = "the language model"
"""The claim about all blocks of language models together."""


def counterpart(graph: ModelGraph, name: str, gone: Collection[str]) -> Counterpart | None:
    """What is left of a fusion without some blocks.

    Members that read only those blocks are gone, the others stay; the part keeps its settings
    (prior, gate, second stage) and chooses its weights again. A model of the recipe that is the
    same stands for it, so that nothing is fitted twice.

    Args:
        graph: The recipe's models.
        name: The fusion.
        gone: Blocks.

    Returns:
        None where nothing is left of it.
    """
    left = graph.without(gone)
    if name not in left.became:
        return None
    models = dict(left.graph.models)
    same: dict[str, str] = {}
    changed: set[str] = set()
    for model in left.graph.closure(left.became[name]):
        members = tuple(same[m] for m in left.graph.members(model))
        now = replace(left.graph, models=models)
        spec = now.narrowed(model, now.own_blocks(model), members) or models[model]
        models[model] = spec
        if spec == graph.models[model] and not changed.intersection(members):
            same[model] = model
            continue
        twin = None if changed.intersection(members) else _twin(graph, spec, model)
        same[model] = twin or model
        if twin is None:
            changed.add(model)
        else:
            models[twin] = graph.models[twin]
    return Counterpart(
        same[left.became[name]], replace(left.graph, models=models), frozenset(changed)
    )


def base_of(graph: ModelGraph, name: str) -> Variant | None:
    """The fusion without any of its blocks; None where nothing is left of it."""
    return _variant(graph, name, graph.all_blocks(name), "counterpart")


def credits_of(graph: ModelGraph, name: str) -> tuple[Credit, ...]:
    """Each block of a fusion of several, and its language models together where that is another
    question.
    """
    blocks = graph.all_blocks(name)
    if len(blocks) < 2:
        return ()
    wanted: list[tuple[str, tuple[str, ...]]] = [(block, (block,)) for block in blocks]
    spoken = tuple(b for b in blocks if of_language_models(graph, b))
    if 1 < len(spoken) < len(blocks):
        wanted.append((LANGUAGE_MODEL, spoken))
    found = ((claim, gone, _variant(graph, name, gone, "without")) for claim, gone in wanted)
    return tuple(Credit(claim, gone, v) for claim, gone, v in found if v is not None)


def of_language_models(graph: ModelGraph, block: str) -> bool:
    """Whether a block, and all that it is fused of, are vectors of language models."""
    made = graph.block_graph.closure(block)
    encoders = [graph.blocks[b].encoder for b in made if not graph.blocks[b].fuses]
    return bool(encoders) and all(_is_language_model(encoder) for encoder in encoders)


def _is_language_model(encoder: PartSpec[Encoder]) -> bool:
    part = part_class(encoder.name)
    return issubclass(part, NamesModel) or can_be_tuned(part)


def _variant(graph: ModelGraph, name: str, gone: tuple[str, ...], kind: Kind) -> Variant | None:
    found = counterpart(graph, name, gone)
    if found is None:
        return None
    return Variant(name, kind, gone) if found.refit else Variant(found.name)


def _twin(graph: ModelGraph, spec: PartSpec[Scorer], but: str) -> str | None:
    """A model of the recipe that is the same part with the same settings."""
    for name, other in graph.models.items():
        if name == but or other.name != spec.name:
            continue
        explicit = graph.explicit(name, graph.own_blocks(name), graph.members(name))
        if spec in (other, explicit):
            return name
    return None
