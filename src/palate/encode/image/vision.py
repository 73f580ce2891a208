"""Vision models of the kinds that are known, from arrays of pictures to one vector each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from palate.arrays import Floats
from palate.encode.pretrained import known_kind, load
from palate.encode.text.weights import ModelFolder
from palate.errors import BadRecipe
from palate.optional import need

Pooling: TypeAlias = Literal["own", "cls", "mean"]
"""The model's own embedding (CLIP's projection, SigLIP's head, the class token elsewhere), the
class token, or the mean of the patches."""

Tensor: TypeAlias = Any


@dataclass(frozen=True)
class Kind:
    """A family of vision models.

    Attributes:
        model: Name of its class in transformers.
        own: Field of the model's output that is its own embedding; empty for the class token.
        head: Name of the module that makes this embedding of what the body gives; empty where there
            is none.
        extra_tokens: Tokens before the patches (class token first); -1 if the configuration tells
            the registers.
        arguments: For loading.
    """

    model: str
    own: str = ""
    head: str = ""
    extra_tokens: int = 1
    arguments: tuple[tuple[str, Any], ...] = ()

    def positions_before_patches(self, config: Any) -> int:
        """How many tokens are no patches."""
        return self.extra_tokens if self.extra_tokens >= 0 else 1 + int(config.num_register_tokens)


_CLIP = Kind("CLIPVisionModelWithProjection", own="image_embeds", head="visual_projection")
_SIGLIP = Kind("SiglipVisionModel", own="pooler_output", head="head", extra_tokens=0)
_NO_POOLER = (("add_pooling_layer", False),)

KINDS: Mapping[str, Kind] = {
    "clip": _CLIP,
    "clip_vision_model": _CLIP,
    "siglip": _SIGLIP,
    "siglip_vision_model": _SIGLIP,
    "vit": Kind("ViTModel", arguments=_NO_POOLER),
    "deit": Kind("DeiTModel", extra_tokens=2, arguments=_NO_POOLER),
    "dinov2": Kind("Dinov2Model"),
    "dinov2_with_registers": Kind("Dinov2WithRegistersModel", extra_tokens=-1),
}
"""`model_type` in config.json -> what it is."""


def kind_of(folder: ModelFolder, pooling: Pooling) -> Kind:
    """The family of a model.

    Raises:
        BadInput: It is none of those that are known.
        BadRecipe: It has no class token, and that is requested.
    """
    found = known_kind(folder, KINDS)
    if pooling == "cls" and found.extra_tokens == 0:
        raise BadRecipe("this model has no class token", where="pooling", allowed="own, mean")
    return found


def width_of(folder: ModelFolder, pooling: Pooling) -> int:
    """d, the length of a vector."""
    config, kind = folder.config, kind_of(folder, pooling)
    inner = {**config, **(config.get("vision_config") or {})}
    if kind.own == "image_embeds" and pooling == "own":
        return int(config.get("projection_dim") or inner.get("projection_dim") or 512)
    return int(inner.get("hidden_size") or 768)


class VisionModel:
    """A model in torch.

    Args:
        folder: Where it lies.
        pooling: What becomes of its tokens.
        precision: `"f32"` or `"bf16"`.
        device: `"cpu"` or `"cuda"`.
    """

    def __init__(self, folder: ModelFolder, pooling: Pooling, precision: str, device: str) -> None:
        self._torch = need("torch", extra="image,text", purpose="run a vision model")
        self._kind, self._pooling, self._device = kind_of(folder, pooling), pooling, device
        self._dtype = self._torch.bfloat16 if precision == "bf16" else self._torch.float32
        self._model = _loaded(folder, self._kind, self._torch).to(device, self._dtype)
        self._before = self._kind.positions_before_patches(self._model.config)

    def run(self, pixels: Floats) -> Floats:
        """float32 [n, d] of pictures [n, 3, h, w]."""
        torch = self._torch
        with torch.inference_mode():
            out = self._model(pixel_values=torch.from_numpy(pixels).to(self._device, self._dtype))
            return np.asarray(self._pooled(out).float().cpu().numpy(), np.float32)

    def _pooled(self, out: Any) -> Tensor:
        if self._pooling == "mean":
            return out.last_hidden_state[:, self._before :].mean(dim=1)
        if self._pooling == "own" and self._kind.own:
            return out[self._kind.own]
        # CLIP's own embedding starts from the class token after a last normalisation; its plain one
        # is before it.
        return out.last_hidden_state[:, 0]


def _loaded(folder: ModelFolder, kind: Kind, torch: Any) -> Any:
    transformers = need("transformers", extra="image,text", purpose="run a vision model")
    model = load(
        transformers,
        getattr(transformers, kind.model),
        folder,
        **_arguments(transformers, folder, kind),
    )
    for name, module in model.named_modules():
        if kind.head and name.rpartition(".")[2] == kind.head:
            # A product with few rows is summed in another order than one with many: the batch would
            # show.
            module.forward = partial(_one_by_one, torch, module.forward)
    return model.eval()


def _one_by_one(torch: Any, forward: Any, batch: Tensor) -> Tensor:
    return torch.cat([forward(batch[i : i + 1]) for i in range(len(batch))])


def _arguments(transformers: Any, folder: ModelFolder, kind: Kind) -> dict[str, Any]:
    if kind.own != "image_embeds" or "vision_config" not in folder.config:
        return dict(kind.arguments)
    # The picture half of a whole CLIP model forgets how wide the common space is.
    config = transformers.AutoConfig.from_pretrained(folder.path, local_files_only=True)
    config.vision_config.projection_dim = config.projection_dim
    return {"config": config.vision_config}
