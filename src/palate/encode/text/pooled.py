"""One torch module from token numbers to one vector a text: transformer, pooling, dense layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from palate.encode.pretrained import load, unloadable
from palate.encode.text.weights import ModelFolder, Pooling
from palate.errors import BadInput
from palate.optional import need

Tensor: TypeAlias = Any

_UNUSED = frozenset({"pooler"})


def pooled_module(
    folder: ModelFolder,
    pooling: Pooling,
    *,
    traceable: bool = False,
    sums: Literal["plain", "products"] = "plain",
) -> Any:
    """A torch module: (tokens int64 [n, L], mask int64 [n, L]) -> float32 [n, d], not normalised.

    Texts are padded on the right, whatever the tokeniser would do; of an encoder-decoder only the
    encoder is used.

    Args:
        folder: The model.
        pooling: How tokens become one vector.
        traceable: Write attention out plainly, as converters to other engines like it.
        sums: Write sums over tokens as they are, or as products of matrices, for engines whose sums
            run in another order when the batch has another size.
    """
    torch = need("torch", extra="text", purpose="run a language model")
    body = load_body(folder, traceable=traceable)
    dense = torch.nn.Sequential(*[_dense(torch, d) for d in folder.dense])
    pool = {**_POOLS, **(_PRODUCTS if sums == "products" else {})}[pooling]

    class Pooled(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.body, self.dense = body, dense

        def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
            hidden = self.body(
                input_ids=tokens, attention_mask=mask, return_dict=True
            ).last_hidden_state
            return self.dense(pool(torch, hidden.float(), mask))

    return Pooled().eval()


def load_body(folder: ModelFolder, *, traceable: bool = False) -> Any:
    """The transformer of a folder, fp32, without a head.

    Raises:
        BadInput: transformers cannot load it, or some of its weights are missing.
    """
    transformers = need("transformers", extra="text", purpose="run a language model")
    need("torch", extra="text", purpose="run a language model")
    try:
        config = transformers.AutoConfig.from_pretrained(folder.path, local_files_only=True)
    except (OSError, ValueError, KeyError) as cause:
        raise unloadable(folder, cause) from cause
    encodes = type(config) in transformers.MODEL_FOR_TEXT_ENCODING_MAPPING
    kind = transformers.AutoModelForTextEncoding if encodes else transformers.AutoModel
    plain = {"attn_implementation": "eager"} if traceable else {}
    model = load(transformers, kind, folder, unused=_UNUSED, **plain)
    model.config.use_cache = False
    return model.get_encoder() if config.is_encoder_decoder and not encodes else model


def _mean(torch: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def _weighted_mean(torch: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    weights = (mask * mask.cumsum(1)).unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def _weighted_mean_as_product(torch: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    return _mean_as_product(torch, hidden, mask * mask.cumsum(1))


def _mean_as_product(torch: Any, hidden: Tensor, weights: Tensor) -> Tensor:
    weights = weights.unsqueeze(1).to(hidden.dtype)
    return torch.bmm(weights, hidden)[:, 0] / weights.sum(2).clamp(min=1.0)


def _max(torch: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    return (hidden + (1.0 - mask.unsqueeze(-1).to(hidden.dtype)) * -1e9).amax(1)


def _last(torch: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    # A product with the last token's indicator, because gathering by computed positions converts
    # badly.
    place = mask.cumsum(1)
    last = ((place == mask.sum(1, keepdim=True)) & (mask > 0)).unsqueeze(-1).to(hidden.dtype)
    return (hidden * last).sum(1)


def _cls(torch: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    return hidden[:, 0]


_POOLS: dict[Pooling, Callable[[Any, Tensor, Tensor], Tensor]] = {
    "mean": _mean,
    "weighted_mean": _weighted_mean,
    "max": _max,
    "last": _last,
    "cls": _cls,
}
_PRODUCTS: dict[Pooling, Callable[[Any, Tensor, Tensor], Tensor]] = {
    "mean": _mean_as_product,
    "weighted_mean": _weighted_mean_as_product,
}


def _dense(torch: Any, folder: Path) -> Any:
    """A sentence-transformers dense layer with its activation."""
    safetensors = need("safetensors.torch", extra="text", purpose="read a dense layer")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = safetensors.load_file(folder / "model.safetensors")
    except OSError as cause:
        raise BadInput(
            "a dense layer needs config.json and model.safetensors",
            where=str(folder),
            next_step=(
                "save the model again with a current sentence-transformers; pickled weights are"
                " never loaded"
            ),
        ) from cause
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rsplit(
        ".", 1
    )[-1]
    if activation not in ("Identity", "Tanh", "ReLU", "GELU", "Sigmoid"):
        raise BadInput(
            f'the activation "{activation}" is not known',
            where=str(folder),
            next_step="use another model",
        )
    linear = torch.nn.Linear(
        config["in_features"], config["out_features"], bias="linear.bias" in weights
    )
    linear.load_state_dict({k.removeprefix("linear."): v.float() for k, v in weights.items()})
    return torch.nn.Sequential(linear, getattr(torch.nn, activation)())
