"""Which ways to combine ids and blocks are set side by side: ids only, each block, each fusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from palate import registry
from palate.errors import BadRecipe, nearest
from palate.recipe.graph import ModelGraph
from palate.registry import PartSpec
from palate.stages import Fuser, Scorer
from palate.tables.variant import Variant

IDS_ONLY, IDS = "ids only", "ids"
"""The row of the model of behaviour alone, and what it is called among the blocks."""
FUSED = "~fused"
"""Name of the block that a fuser makes for the table."""

KERNELS = ("model.text_kernel.v2", "model.text_kernel.v1")
"""Models that read one block; the first is the one for recipes that have none."""
_KERNEL, _SUM = "~content", "~ids and content"


@dataclass(frozen=True)
class Combination:
    """One row of the table.

    Attributes:
        operator: How the blocks are brought together: `"alone"`, a fuser, or `"model.blend.v1"`.
        blocks: Which blocks take part.
        ids: Whether the model of behaviour alone takes part.
        models: All models that it is made of.
        measured: The one that is measured.
        refit: Those that are fitted for it.
        fuser: Makes the block `FUSED`; None where no block is made.
    """

    operator: str
    blocks: tuple[str, ...]
    ids: bool
    models: Mapping[str, PartSpec[Scorer]]
    measured: str
    refit: frozenset[str]
    fuser: PartSpec[Fuser] | None = None

    @property
    def variant(self) -> Variant:
        """What it is; no other combination has the same."""
        return Variant(self.operator, "combination", (*((IDS,) if self.ids else ()), *self.blocks))


def base_model(graph: ModelGraph) -> str:
    """The model of behaviour alone that everything is measured against.

    The first member of the first fusion that has one without blocks; else the last model that
    reads no block.

    Raises:
        BadRecipe: Every model reads a block.
    """
    for fusion in graph.fusions():
        for member in graph.members(fusion):
            if not graph.all_blocks(member):
                return member
    plain = [name for name in graph.models if not graph.all_blocks(name)]
    if not plain:
        raise BadRecipe(
            "every model reads a block, so there is nothing to measure the blocks against",
            where="evaluate.ablation_table",
            next_step='add [models.ids] part = "model.cooccurrence.v1"',
        )
    return plain[-1]


def combinations(graph: ModelGraph, wanted: bool | Sequence[str]) -> list[Combination]:
    """Every row but that of ids only, which is a model of the recipe.

    Each block alone and beside ids; with two blocks or more each fuser's block alone and beside
    ids, and the sum of scores over ids and all blocks. Content is read by the recipe's own model of
    that block where it has one that reads nothing else, and ids and content are summed as in the
    recipe's first blend.

    Args:
        graph: The recipe's models and blocks; blocks that are fused already take no part.
        wanted: Names of the fusers to try; true: all.

    Raises:
        BadRecipe: There is no such fuser, or no model of behaviour alone.
    """
    single = tuple(name for name, block in graph.blocks.items() if not block.fuses)
    if not wanted or not single:
        return []
    base = base_model(graph)
    found = [
        row for name in single for row in _read_by_kernel("alone", (name,), name, graph, base, None)
    ]
    if len(single) > 1:
        for fuser in _fusers(wanted):
            found += _read_by_kernel(fuser.name, single, FUSED, graph, base, fuser)
        found.append(_summed(single, graph, base))
    return found


def _read_by_kernel(
    operator: str,
    names: tuple[str, ...],
    block: str,
    graph: ModelGraph,
    base: str,
    fuser: PartSpec[Fuser] | None,
) -> Iterator[Combination]:
    """The block alone, and beside ids."""
    made = {**graph.models, _KERNEL: _reader(block, graph)}
    yield Combination(operator, names, False, made, _KERNEL, frozenset({_KERNEL}), fuser)
    made = {**made, _SUM: _blend((base, _KERNEL), graph)}
    beside = made[_SUM].name if fuser is None else operator
    yield Combination(beside, names, True, made, _SUM, frozenset({_KERNEL, _SUM}), fuser)


def _summed(names: tuple[str, ...], graph: ModelGraph, base: str) -> Combination:
    kernels = {f"{_KERNEL} {name}": _reader(name, graph) for name in names}
    blend = _blend((base, *kernels), graph)
    return Combination(
        blend.name,
        names,
        True,
        {**graph.models, **kernels, _SUM: blend},
        _SUM,
        frozenset({*kernels, _SUM}),
    )


def _fusers(wanted: bool | Sequence[str]) -> Iterator[PartSpec[Fuser]]:
    known = registry.names("fuser")
    for name in known if wanted is True else wanted or ():
        if name not in known:
            what, where = f'there is no fuser "{name}"', "evaluate.ablation_table"
            raise BadRecipe(
                what, where=where, allowed=", ".join(known), next_step=nearest(name, known)
            )
        yield PartSpec(name, registry.part_class(name).Settings())


def _reader(block: str, graph: ModelGraph) -> PartSpec[Scorer]:
    """The recipe's model that reads this block alone, else one like its first model of content,
    else the default.
    """
    own = [name for name, s in graph.models.items() if s.name in KERNELS]
    exact = [name for name in own if graph.own_blocks(name) == (block,)]
    found = [graph.models[name] for name in exact or own]
    default: PartSpec[Scorer] = PartSpec(KERNELS[0], registry.part_class(KERNELS[0]).Settings())
    like = found[0] if found else default
    return PartSpec(like.name, replace(like.settings, block=block))


def _blend(members: tuple[str, ...], graph: ModelGraph) -> PartSpec[Scorer]:
    blends = [s.settings for s in graph.models.values() if s.name == "model.blend.v1"]
    settings = blends[0] if blends else registry.part_class("model.blend.v1").Settings()
    # the base has no prior, so a prior's gain would be taken for the block's
    return PartSpec("model.blend.v1", replace(settings, members=members, prior=False))
