"""Which model is made of which others and of which blocks.

A scorer says so by the names of its settings: `members` are models, `block` and `blocks` are
    feature blocks.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from palate import registry
from palate.errors import BadRecipe, nearest
from palate.registry import PartSpec


def members(spec: PartSpec) -> tuple[str, ...]:
    """Names of the models that this one is made of."""
    return tuple(getattr(spec.settings, "members", ()))


def own_blocks(spec: PartSpec) -> tuple[str, ...]:
    """Names of the blocks that this model reads itself."""
    single, several = (getattr(spec.settings, key, ()) for key in ("block", "blocks"))
    # a number of blocks is one of layers of a transformer, not of features
    named = several if isinstance(several, tuple) else ()
    return tuple(dict.fromkeys([*([single] if single else []), *named]))


def all_blocks(name: str, models: Mapping[str, PartSpec]) -> tuple[str, ...]:
    """Names of the blocks that a model reads itself or through its members."""
    spec = models[name]
    inner = [b for m in members(spec) for b in all_blocks(m, models)]
    return tuple(dict.fromkeys([*own_blocks(spec), *inner]))


def fusions(models: Mapping[str, PartSpec]) -> list[str]:
    """Models that are made of others, of which at least one reads a block."""
    return [name for name, spec in models.items() if members(spec) and all_blocks(name, models)]


def base_of(name: str, models: Mapping[str, PartSpec]) -> str:
    """The model without features that a fusion is measured against: its first member."""
    return members(models[name])[0]


def headline_model(models: Mapping[str, PartSpec]) -> str:
    """The fusion that the headline is about: the one of most blocks, the first of those; else the
    last model.

    It is chosen by the recipe and never by test figures, which would flatter it.
    """
    found = fusions(models)
    if not found:
        return list(models)[-1]
    return max(found, key=lambda name: (len(all_blocks(name, models)), -found.index(name)))


def reranks(spec: PartSpec) -> bool:
    """Whether the model learns an order of its own, so that it may beat its first member without
    any content.
    """
    return bool(getattr(registry.part_class(spec.name), "orders_anew", False))


def in_order(models: Mapping[str, PartSpec]) -> list[str]:
    """All names, members before what is made of them."""
    done: dict[str, None] = {}

    def _visit(name: str) -> None:
        if name not in done:
            for member in members(models[name]):
                _visit(member)
            done[name] = None

    for name in models:
        _visit(name)
    return list(done)


def problems(
    models: Mapping[str, PartSpec], blocks: Container[str] | Iterable[str]
) -> list[BadRecipe]:
    """Names of models and blocks that do not exist, and models that are made of themselves."""
    known_blocks = list(blocks) if isinstance(blocks, Iterable) else []
    found = []
    for name, spec in models.items():
        where = f"models.{name}"
        found += [
            _unknown("model", m, f"{where}.members", models)
            for m in members(spec)
            if m not in models
        ]
        found += [
            _unknown("block", b, where, known_blocks)
            for b in own_blocks(spec)
            if b not in known_blocks
        ]
    return found or _circles(models)


def _unknown(kind: str, name: str, where: str, known: Iterable[str]) -> BadRecipe:
    allowed = list(known)
    return BadRecipe(
        f'there is no {kind} "{name}"',
        where=where,
        allowed=", ".join(allowed) or "none",
        next_step=nearest(name, allowed),
    )


def _circles(models: Mapping[str, PartSpec]) -> list[BadRecipe]:
    def _reaches(start: str, goal: str, seen: frozenset[str]) -> bool:
        return any(
            m == goal or (m not in seen and _reaches(m, goal, seen | {m}))
            for m in members(models[start])
        )

    return [
        BadRecipe(f'"{name}" is made of itself', where=f"models.{name}.members")
        for name in models
        if _reaches(name, name, frozenset())
    ]
