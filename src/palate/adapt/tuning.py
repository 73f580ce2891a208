"""What all tuning of a language model shares: which weights move, how texts become vectors, and
where they are kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from palate import store
from palate.arrays import Floats, Longs, Ragged
from palate.errors import BadRecipe
from palate.gradient.engine import Parameters, Tensor, tensor, torch_library
from palate.language_model import LanguageModel
from palate.optional import need
from palate.seeding import seed_of

ROWS_AT_ONCE = 64
"""Texts that are encoded at once when no gradient is wanted."""


@dataclass(frozen=True)
class Weights:
    """Which weights of a language model are tuned."""

    method: Literal["full", "lora", "dora"] = "full"
    """`"full"`: the weights themselves; `"lora"`: a low-rank addition to every linear layer, merged
    at the end; `"dora"`: one that also learns the length of each row. Only what merges is offered,
    so that a tuned model is an ordinary model: prefixes do not."""
    layers: Annotated[int, Ge(1)] | None = None
    """Only the so many last layers of the transformer are tuned, the others stay; None: all of
    it."""
    rank: Annotated[int, Ge(1)] = 16
    """Rank of the addition of `"lora"` and `"dora"`."""
    max_tokens: Annotated[int, Ge(4)] = 64
    """Longer texts are cut off while tuning."""
    half: bool = False
    """Compute in bf16 where torch can; weights and gradients stay fp32. Only quicker on hardware
    made for it."""


class TextVectors:
    """Texts -> vectors with gradients.

    Args:
        model: The language model, changed in place.
        tokens: Token numbers of all texts that will be requested.
        weights: What is tuned.
        seed: Seed of the first values of a low-rank addition.
    """

    def __init__(self, model: LanguageModel, tokens: Ragged, weights: Weights, seed: int) -> None:
        self.model = model
        self.weights = weights
        self.tokens = _cut(tokens, weights.max_tokens)
        _check_layers(model.module.body, weights.layers)
        if weights.method != "full":
            model.module.body = _with_additions(model.module.body, weights, seed)
        else:
            _freeze(model.module.body, weights.layers)
        # Dropout would draw from torch's global generator; without it tuning is the same on every
        # run.
        model.module.eval()
        self.parameters: Parameters = {
            n: p for n, p in model.module.named_parameters() if p.requires_grad
        }

    def __call__(self, rows: Longs) -> Tensor:
        """float32 [n, d], of length 1, for the texts `rows` [n]; the longest texts go through the
        model last.
        """
        torch = torch_library()
        order = np.argsort(self.tokens.lengths()[rows], kind="stable")
        parts = [
            self._encoded(rows[part])
            for part in np.array_split(order, max(1, len(rows) // ROWS_AT_ONCE))
        ]
        back = np.argsort(order, kind="stable")
        return torch.nn.functional.normalize(torch.cat(parts), dim=1)[tensor(back)]

    def all(self) -> Floats:
        """float32 [n_texts, d], of length 1, without gradients."""
        with torch_library().inference_mode():
            return np.asarray(self(np.arange(len(self.tokens))).numpy(), np.float32)

    def merged(self) -> LanguageModel:
        """The model with any addition merged into its weights."""
        if self.weights.method != "full":
            self.model.module.body = self.model.module.body.merge_and_unload()
        return self.model

    def _encoded(self, rows: Longs) -> Tensor:
        part = self.tokens.take(rows)
        lengths = part.lengths()
        mask = np.arange(max(int(lengths.max(initial=1)), 1)) < lengths[:, None]
        ids = np.full(mask.shape, self.model.padding, np.int64)
        ids[mask] = part.values
        with self._precision():
            out = self.model.module(tensor(ids), tensor(mask.astype(np.int64)))
        return out.float()

    def _precision(self) -> AbstractContextManager[Any]:
        torch = torch_library()
        found: AbstractContextManager[Any] = torch.autocast(
            "cpu", torch.bfloat16, enabled=self.weights.half
        )
        return found


def kept(kind: str, facts: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
    """The folder of a tuned model, made only if the cache does not have it.

    Args:
        kind: Name of the part.
        facts: Everything that the weights depend on; their digest names the folder.
        make: Fills an empty folder with the model.
    """
    place = store.cache_folder() / "tuned" / store.digest({"part": kind, **facts})[:40]
    # The manifest is written last, so a folder without one is the ruin of an interrupted run.
    if store.read(place) is None:
        model = place / "model"
        model.mkdir(parents=True, exist_ok=True)
        make(model)
        store.write(place, {}, {"part": kind, **facts})
    return place / "model"


def drawn(n: int, size: int) -> Iterator[slice]:
    """Slices of `size` over `n` examples."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def _cut(tokens: Ragged, most: int) -> Ragged:
    """The first most - 1 tokens of longer texts, and their last one, which models expect at the
    end.
    """
    lengths = tokens.lengths()
    place = np.arange(len(tokens.values)) - np.repeat(tokens.offsets[:-1], lengths)
    from_end = np.repeat(tokens.offsets[1:], lengths) - np.arange(len(tokens.values))
    keep = (place < most - 1) | (from_end == 1)
    kept_lengths = np.minimum(lengths, most)
    return Ragged(
        tokens.values[keep], np.concatenate([[0], np.cumsum(kept_lengths)]).astype(np.int64)
    )


def _freeze(body: Any, layers: int | None) -> None:
    if layers is None:
        return
    stack = _layers_of(body)
    for parameter in body.parameters():
        parameter.requires_grad_(False)
    for layer in list(stack)[len(stack) - layers :]:
        for parameter in layer.parameters():
            parameter.requires_grad_(True)


def _check_layers(body: Any, layers: int | None) -> None:
    if layers is not None and layers > len(_layers_of(body)):
        raise BadRecipe(
            f"{layers} layers are to be tuned and the model has {len(_layers_of(body))}",
            where="weights.layers",
            allowed=f"1 to {len(_layers_of(body))}",
        )


def _layers_of(body: Any) -> Any:
    """The longest list of modules: in every transformer that is the stack of its layers."""
    torch = torch_library()
    lists = [m for m in body.modules() if isinstance(m, torch.nn.ModuleList)]
    if not lists:
        raise BadRecipe(
            "this model has no stack of layers",
            where="weights.layers",
            next_step="leave layers out",
        )
    return max(lists, key=len)


def _with_additions(body: Any, weights: Weights, seed: int) -> Any:
    peft = need("peft", extra="adapt", purpose="tune a language model by low-rank additions")
    names = _linear_names(body, weights.layers)
    with _seeded_global_rng(seed), warnings.catch_warnings():
        # peft still asks transformers for names that transformers has renamed.
        warnings.simplefilter("ignore", FutureWarning)
        dora = weights.method == "dora"
        settings = peft.LoraConfig(
            r=weights.rank, lora_alpha=2 * weights.rank, target_modules=names, use_dora=dora
        )
        return peft.get_peft_model(body, settings)


def _linear_names(body: Any, layers: int | None) -> list[str]:
    """Full names of the linear layers inside the last `layers` layers of the stack, or in all of
    it.
    """
    torch = torch_library()
    stack = _layers_of(body)
    last = list(stack)[len(stack) - (layers or len(stack)) :]
    wanted = {id(m) for layer in last for m in layer.modules() if isinstance(m, torch.nn.Linear)}
    return [name for name, module in body.named_modules() if id(module) in wanted]


@contextmanager
def _seeded_global_rng(seed: int) -> Iterator[None]:
    """peft draws first values from torch's global generator; here it gets a seed of ours and is put
    back after.
    """
    torch = torch_library()
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed_of(seed, "low-rank additions"))
        yield
