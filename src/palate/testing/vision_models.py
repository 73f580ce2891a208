"""Tiny vision models with random weights, made on the spot: the real classes and files, a
thousandth of the size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias

from palate.encode.pretrained import quiet
from palate.optional import need

VisionFamily: TypeAlias = Literal[
    "vit", "deit", "clip", "clip_vision_model", "siglip", "dinov2", "dinov2_with_registers"
]

_SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
_WIDE = {**_SMALL, "intermediate_size": 64}
_WORDS = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4}
_SHORT_SIDE = {
    "size": {"shortest_edge": 36},
    "crop_size": {"height": 32, "width": 32},
    "do_center_crop": True,
    "resample": 3,
    "image_mean": [0.48, 0.46, 0.41],
    "image_std": [0.27, 0.26, 0.28],
}
_SQUARE = {
    "size": {"height": 32, "width": 32},
    "resample": 2,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}


def make_vision_model(folder: Path, family: VisionFamily = "vit", seed: int = 0) -> Path:
    """Write a model of hidden width 32 for pictures of 32 x 32, with its preprocessor_config.json.

    Args:
        folder: Where to; made if it is not there.
        family: Which architecture.
        seed: Of the random weights; the caller's random state is left as it was.
    """
    torch = need("torch", extra="image,text", purpose="make a tiny vision model")
    transformers = need("transformers", extra="image,text", purpose="make a tiny vision model")
    with torch.random.fork_rng(), quiet(transformers):
        torch.manual_seed(seed)
        model = _model(transformers, family)
        for parameter in model.parameters():
            # The usual tiny initial weights make all pictures look alike.
            torch.nn.init.normal_(parameter, std=0.15)
        model.save_pretrained(folder)
    preparation = {
        "image_processor_type": _processor(family),
        **(_SQUARE if family in ("vit", "siglip") else _SHORT_SIDE),
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(preparation), encoding="utf-8")
    return folder


def _processor(family: VisionFamily) -> str:
    if family.startswith("clip"):
        return "CLIPImageProcessor"
    return {
        "vit": "ViTImageProcessor",
        "deit": "DeiTImageProcessor",
        "siglip": "SiglipImageProcessor",
    }.get(family, "BitImageProcessor")


def _model(transformers: Any, family: VisionFamily) -> Any:
    if family == "clip":
        text = {**_WORDS, "intermediate_size": 64, "max_position_embeddings": 16}
        return transformers.CLIPModel(
            transformers.CLIPConfig(text_config=text, vision_config=dict(_WIDE), projection_dim=24)
        )
    if family == "clip_vision_model":
        return transformers.CLIPVisionModelWithProjection(
            transformers.CLIPVisionConfig(**_WIDE, projection_dim=24)
        )
    if family == "siglip":
        text = {**_WORDS, "intermediate_size": 64, "max_position_embeddings": 16}
        return transformers.SiglipModel(
            transformers.SiglipConfig(text_config=text, vision_config=dict(_WIDE))
        )
    if family == "dinov2":
        return transformers.Dinov2Model(transformers.Dinov2Config(**_SMALL, mlp_ratio=2))
    if family == "dinov2_with_registers":
        config = transformers.Dinov2WithRegistersConfig(
            **_SMALL, mlp_ratio=2, num_register_tokens=3
        )
        return transformers.Dinov2WithRegistersModel(config)
    kind = {"vit": "ViT", "deit": "DeiT"}[family]
    return getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**_WIDE))
