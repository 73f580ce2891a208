"""Which user encoder is about which block, and which model reads which user encoders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from palate.errors import BadRecipe, nearest
from palate.recipe.blocks import BlockRecipe
from palate.registry import PartSpec


def users_of(spec: PartSpec) -> tuple[str, ...]:
    """Names of the user encoders that a model reads."""
    return tuple(getattr(spec.settings, "users", ()))


def block_of(user: PartSpec, blocks: Mapping[str, BlockRecipe]) -> str:
    """Name of the block that a user encoder is about: the one it names, else the recipe's first."""
    return str(user.settings.block) or next(iter(blocks), "")


def with_blocks(
    models: Mapping[str, PartSpec], users: Mapping[str, PartSpec], blocks: Mapping[str, BlockRecipe]
) -> dict[str, PartSpec]:
    """The models, those of user encoders with every block that they read named, so that controls
    can find them.
    """
    named = {}
    for name, model in models.items():
        own = [users[user] for user in users_of(model) if user in users]
        if not own:
            named[name] = model
            continue
        read = [
            *(getattr(model.settings, "blocks", ()) or blocks),
            *(block_of(user, blocks) for user in own),
        ]
        named[name] = PartSpec(
            model.name, replace(model.settings, blocks=tuple(dict.fromkeys(read)))
        )
    return named


def user_problems(
    users: Mapping[str, PartSpec], models: Mapping[str, PartSpec], blocks: Mapping[str, BlockRecipe]
) -> Iterator[BadRecipe]:
    """User encoders of blocks, and models of user encoders, that do not exist."""
    for name, user in users.items():
        if block_of(user, blocks) not in blocks:
            yield _unknown("block", block_of(user, blocks), f"users.{name}.block", list(blocks))
    for name, model in models.items():
        for user_name in users_of(model):
            if user_name not in users:
                yield _unknown("user encoder", user_name, f"models.{name}.users", list(users))


def _unknown(kind: str, name: str, where: str, known: list[str]) -> BadRecipe:
    return BadRecipe(
        f'there is no {kind} "{name}"',
        where=where,
        allowed=", ".join(known) or "none",
        next_step=nearest(name, known),
    )
