"""Who is made of what in a recipe: models of members, user encoders and blocks, blocks of blocks.

The parts say what their settings name (`palate.capabilities`); nothing is guessed from the names of
settings. This is the one place where the names are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from palate.capabilities import Narrowed, Reads, Related
from palate.encode.tuned import can_be_tuned
from palate.errors import BadRecipe, nearest
from palate.recipe.blocks import BlockRecipe
from palate.registry import PartSpec, part_class
from palate.stages import Scorer, UserEncoder

Below = Callable[[str], Sequence[str]]
"""Name -> the names that it is directly made of."""


def in_order(names: Iterable[str], below: Below) -> list[str]:
    """The names and all that they are made of, each once, what one is made of before it.

    >>> in_order(["sum"], {"sum": ("b", "a"), "a": (), "b": ("a",)}.__getitem__)
    ['a', 'b', 'sum']
    """
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in done:
            for other in below(name):
                visit(other)
            done[name] = None

    for name in names:
        visit(name)
    return list(done)


def made_of_itself(names: Iterable[str], below: Below) -> list[str]:
    """Those that are made of themselves, near or far; `in_order` would never end on them."""

    def reaches(start: str, goal: str, seen: set[str]) -> bool:
        for other in below(start):
            if other == goal:
                return True
            if other not in seen:
                seen.add(other)
                if reaches(other, goal, seen):
                    return True
        return False

    return [name for name in names if reaches(name, name, set())]


def reads(spec: PartSpec[Any]) -> Reads:
    """What a part's settings name of the same recipe."""
    part = part_class(spec.name)
    return part.reads(spec.settings) if issubclass(part, Related) else Reads()


@dataclass(frozen=True)
class BlockGraph:
    """Which blocks are fused of which.

    Attributes:
        blocks: The recipe's blocks.
    """

    blocks: Mapping[str, BlockRecipe] = field(default_factory=dict)

    def sources(self, name: str) -> tuple[str, ...]:
        """The blocks that a block is fused of; none for a block that an encoder makes.

        A fuser that names none takes all blocks of encoders.
        """
        if not self.blocks[name].fuses:
            return ()
        found = reads(self.blocks[name].encoder)
        if found.every_block:
            return tuple(other for other, block in self.blocks.items() if not block.fuses)
        return found.blocks

    def order(self) -> list[str]:
        """All names, what a block is fused of before it."""
        return in_order(self.blocks, self.sources)

    def closure(self, name: str) -> list[str]:
        """A block and all that it is fused of, those first."""
        return in_order([name], self.sources)

    def problems(self) -> Iterator[BadRecipe]:
        """Fused blocks of blocks that do not exist, of nothing, or of themselves."""
        known = list(self.blocks)
        for name, block in self.blocks.items():
            where = f"blocks.{name}.of"
            for source in self.sources(name):
                if source not in self.blocks:
                    yield unknown("block", source, where, [b for b in known if b != name])
            if block.fuses and not self.sources(name):
                yield BadRecipe(
                    "there is nothing to fuse",
                    where=where,
                    next_step="add a block that an encoder makes",
                )
        for name in made_of_itself(self.blocks, self._known_sources):
            yield BadRecipe(f'"{name}" is made of itself', where=f"blocks.{name}.of")

    def _known_sources(self, name: str) -> list[str]:
        return [source for source in self.sources(name) if source in self.blocks]


@dataclass(frozen=True)
class Remaining:
    """What is left of the models when blocks are gone.

    Attributes:
        graph: The models that are left, with what is left in their settings.
        became: Model -> the model that stands for it now: itself, or the one member that a blend
            has left. Models that are gone are not in it.
    """

    graph: ModelGraph
    became: Mapping[str, str]


@dataclass(frozen=True)
class ModelGraph:
    """Which model is made of which others, and reads which blocks and user encoders.

    Attributes:
        models: The recipe's models, in order.
        blocks: The recipe's blocks, in order.
        users: The recipe's user encoders.
    """

    models: Mapping[str, PartSpec[Scorer]]
    blocks: Mapping[str, BlockRecipe] = field(default_factory=dict)
    users: Mapping[str, PartSpec[UserEncoder]] = field(default_factory=dict)

    @cached_property
    def block_graph(self) -> BlockGraph:
        """Which blocks are fused of which."""
        return BlockGraph(self.blocks)

    def members(self, name: str) -> tuple[str, ...]:
        """The models that a model is made of itself."""
        found = reads(self.models[name])
        if found.every_member:
            names = list(self.models)
            return tuple(names[: names.index(name)])
        return found.members

    def users_of(self, name: str) -> tuple[str, ...]:
        """The user encoders that a model reads itself."""
        return reads(self.models[name]).users

    def block_of(self, user: str) -> str:
        """The block that a user encoder is about; empty where the recipe has none."""
        return next(iter(self._blocks(reads(self.users[user]))), "")

    def own_blocks(self, name: str) -> tuple[str, ...]:
        """The blocks that a model reads itself, or through its user encoders."""
        found = reads(self.models[name])
        users = [self.block_of(user) for user in found.users if user in self.users]
        return tuple(dict.fromkeys([*self._blocks(found), *filter(None, users)]))

    def all_blocks(self, name: str) -> tuple[str, ...]:
        """The blocks that a model reads itself or through its members."""
        inner = [block for member in self.members(name) for block in self.all_blocks(member)]
        return tuple(dict.fromkeys([*self.own_blocks(name), *inner]))

    def needed_blocks(self, name: str) -> tuple[str, ...]:
        """The blocks without which a model is gone: those that it cannot spare, and those of its
        first member, to which the others are added.
        """
        found = reads(self.models[name])
        own = () if found.spares_blocks or found.spares_all else self.own_blocks(name)
        first = [b for member in self.members(name)[:1] for b in self.needed_blocks(member)]
        return tuple(dict.fromkeys([*own, *first]))

    def order(self) -> list[str]:
        """All models, members before what is made of them."""
        return in_order(self.models, self.members)

    def closure(self, name: str) -> list[str]:
        """A model and all that it is made of, those first."""
        return in_order([name], self.members)

    def reading(self, name: str, blocks: Container[str]) -> list[str]:
        """Those of the closure of `name` that read one of the blocks, near or far."""
        return [m for m in self.closure(name) if any(b in blocks for b in self.all_blocks(m))]

    def fusions(self) -> list[str]:
        """Models that are made of others, of which at least one reads a block."""
        return [name for name in self.models if self.members(name) and self.all_blocks(name)]

    def headline(self) -> str:
        """The fusion that the headline is about: the one of most blocks, the first of those; else
        the last model.

        It is chosen by the recipe and never by test figures, which would flatter it.
        """
        found = self.fusions()
        if not found:
            return list(self.models)[-1]
        return max(found, key=lambda name: (len(self.all_blocks(name)), -found.index(name)))

    def without(self, gone: Container[str], *, collapse: bool = True) -> Remaining:
        """What is left when blocks go.

        A model that has lost a block that it cannot spare is gone; so is one that has lost all its
        members. A model that reads no block itself and has one member left is that member, if
        it adds nothing to it.

        Args:
            gone: Blocks.
            collapse: Whether it is; else it stays a model of one member.
        """
        left: dict[str, PartSpec[Scorer]] = {}
        became: dict[str, str] = {}
        for name in self.order():
            members = tuple(dict.fromkeys(became[m] for m in self.members(name) if m in became))
            own, found = self.own_blocks(name), reads(self.models[name])
            blocks = tuple(b for b in own if b not in gone)
            bare = bool(own) and not blocks
            if (bare and not found.spares_all) or (self.members(name) and not members):
                continue
            lost = members != self.members(name)
            alone = len(members) == 1 and not own and not found.more_than_members
            if collapse and lost and alone:
                became[name] = members[0]
                continue
            spec = self.narrowed(name, blocks, members)
            if spec is not None:
                left[name], became[name] = spec, name
        ordered = {name: left[name] for name in self.models if name in left}
        return Remaining(replace(self, models=ordered), became)

    def problems(self) -> list[BadRecipe]:
        """Names of models, blocks and user encoders that do not exist, and models that are made of
        themselves.
        """
        found = []
        for name, spec in self.models.items():
            where, named = f"models.{name}", reads(spec)
            found += _unknown_among("model", named.members, f"{where}.members", self.models)
            found += _unknown_among("block", named.blocks, where, self.blocks)
            found += _unknown_among("user encoder", named.users, f"{where}.users", self.users)
        for name, user in self.users.items():
            named, where = reads(user), f"users.{name}.block"
            if named.first and not self.blocks:
                found.append(unknown("block", "", where, ()))
            found += _unknown_among("block", named.blocks, where, self.blocks)
        return found or [
            BadRecipe(f'"{name}" is made of itself', where=f"models.{name}.members")
            for name in made_of_itself(self.models, self.members)
        ]

    def _blocks(self, found: Reads) -> tuple[str, ...]:
        if found.every_block:
            return tuple(self.blocks)
        if found.first:
            return tuple(
                n for n, b in self.blocks.items() if found.first == "block" or _of_texts(b)
            )[:1]
        return found.blocks

    def narrowed(
        self, name: str, blocks: tuple[str, ...], members: tuple[str, ...]
    ) -> PartSpec[Scorer] | None:
        """The part with what is left named; None where it cannot do without what is gone."""
        if blocks == self.own_blocks(name) and members == self.members(name):
            return self.models[name]
        return self.explicit(name, blocks, members)

    def explicit(
        self, name: str, blocks: tuple[str, ...], members: tuple[str, ...]
    ) -> PartSpec[Scorer] | None:
        """The part with just these named, be they all that it reads or not; None where its settings
        name nothing that could be left out.
        """
        spec = self.models[name]
        part = part_class(spec.name)
        if not issubclass(part, Narrowed):
            return None
        users = tuple(u for u in self.users_of(name) if self.block_of(u) in blocks)
        settings = part.narrowed(spec.settings, Reads(blocks, members, users))
        return PartSpec(spec.name, settings)


def unknown(kind: str, name: str, where: str, known: Iterable[str]) -> BadRecipe:
    """The refusal of a name that nothing has."""
    allowed = list(known)
    return BadRecipe(
        f'there is no {kind} "{name}"',
        where=where,
        allowed=", ".join(allowed) or "none",
        next_step=nearest(name, allowed),
    )


def _unknown_among(
    kind: str, names: Iterable[str], where: str, known: Iterable[str]
) -> list[BadRecipe]:
    return [unknown(kind, name, where, known) for name in names if name not in known]


def _of_texts(block: BlockRecipe) -> bool:
    return not block.fuses and can_be_tuned(part_class(block.encoder.name))
