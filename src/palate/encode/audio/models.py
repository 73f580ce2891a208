"""Audio models of the kinds that are known: samples -> what the model reads -> one vector a
window.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from palate import store
from palate.arrays import Floats, Mask
from palate.encode.pretrained import known_kind, load, quiet
from palate.encode.text.weights import ModelFolder
from palate.errors import BadInput, BadRecipe
from palate.optional import need

Pooling: TypeAlias = Literal["mean", "own"]
"""The mean over the time that holds sound, or the embedding that the model itself makes (AST
alone)."""

Form: TypeAlias = Literal["samples", "whisper", "patches"]

KINDS: Mapping[str, tuple[str, Form]] = {
    "wav2vec2": ("Wav2Vec2Model", "samples"),
    "hubert": ("HubertModel", "samples"),
    "wavlm": ("WavLMModel", "samples"),
    "whisper": ("WhisperModel", "whisper"),
    "audio-spectrogram-transformer": ("ASTModel", "patches"),
}
"""`model_type` in config.json -> its class in transformers, and what it reads."""

PLAIN_SECONDS = 10.0
"""Window of models that take sounds of any length."""

_FEWEST = 0.1
_UNUSED = frozenset({"masked_spec_embed"})


@dataclass(frozen=True)
class AudioFolder:
    """What the folder of an audio model says.

    Attributes:
        model: The folder with its weights.
    """

    model: ModelFolder

    @cached_property
    def kind(self) -> tuple[str, Form]:
        """Its class and what it reads.

        Raises:
            BadInput: It is none of those that are known.
        """
        return known_kind(self.model, KINDS)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """Its preprocessor_config.json.

        Raises:
            BadInput: There is none.
        """
        path = self.preparation
        try:
            config: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as cause:
            raise BadInput(
                f"the model does not say how sounds are prepared for it: {cause}",
                where=str(path),
                next_step="save its feature extractor beside it with save_pretrained",
            ) from cause
        inner: Mapping[str, Any] = config.get("feature_extractor", config)
        return inner

    @property
    def preparation(self) -> Path:
        """The file that says how sounds are prepared."""
        plain = self.model.path / "preprocessor_config.json"
        return plain if plain.is_file() else self.model.path / "processor_config.json"

    @property
    def preparation_digest(self) -> str:
        """Digest of what it says."""
        return store.digest(dict(self.config))

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self.config.get("sampling_rate", 16_000))

    @property
    def longest(self) -> float | None:
        """Seconds of the longest window that it takes; None for any."""
        form = self.kind[1]
        if form == "samples":
            return None
        if form == "whisper":
            return float(self.config.get("chunk_length", 30))
        return int(self.config.get("max_length", 1024)) * 0.01

    @property
    def width(self) -> int:
        """d, the length of a vector."""
        config = self.model.config
        return int(config.get("hidden_size") or config.get("d_model") or 768)

    def window(self, seconds: float | None) -> int:
        """Samples of a window.

        Raises:
            BadRecipe: The model does not take so much.
        """
        longest = self.longest
        if seconds is not None and longest is not None and seconds > longest:
            raise BadRecipe(
                f"{seconds:g} s are more than this model takes",
                where="window_seconds",
                allowed=f"up to {longest:g}",
            )
        return int((seconds or longest or PLAIN_SECONDS) * self.rate)


class AudioModel:
    """A model in torch, with what prepares sounds for it.

    Args:
        folder: Where it lies.
        pooling: What becomes of its frames.
        precision: `"f32"` or `"bf16"`.
        device: `"cpu"` or `"cuda"`.
    """

    def __init__(self, folder: AudioFolder, pooling: Pooling, precision: str, device: str) -> None:
        self._torch = need("torch", extra="audio,text", purpose="run an audio model")
        self._folder, self._pooling, self._device = folder, pooling, device
        self._form = folder.kind[1]
        self._dtype = self._torch.bfloat16 if precision == "bf16" else self._torch.float32
        transformers = need("transformers", extra="audio,text", purpose="run an audio model")
        self._model = _loaded(transformers, folder).to(device, self._dtype)
        with quiet(transformers):
            self._extractor = transformers.AutoFeatureExtractor.from_pretrained(
                folder.model.path, local_files_only=True
            )

    def prepared(self, samples: Floats) -> Floats:
        """What the model reads of a window [n_samples]; of one shape for windows of one length."""
        short = int(_FEWEST * self._folder.rate) - len(samples)
        padded = np.pad(samples, (0, short)) if short > 0 else samples
        out = self._extractor(padded, sampling_rate=self._folder.rate, return_tensors="np")
        return np.asarray(out[self._extractor.model_input_names[0]][0], np.float32)

    def run(self, inputs: Floats, n_samples: int) -> Floats:
        """float32 [n, d] of prepared windows [n, ...] of `n_samples` samples each."""
        torch = self._torch
        with torch.inference_mode():
            out = self._model(torch.from_numpy(inputs).to(self._device, self._dtype))
            hidden = out.last_hidden_state
            if self._pooling == "own":
                return np.asarray(out.pooler_output.float().cpu().numpy(), np.float32)
            heard = torch.from_numpy(self._heard(n_samples, hidden.shape[1])).to(self._device)
            return np.asarray(hidden[:, heard].float().mean(dim=1).cpu().numpy(), np.float32)

    def _heard(self, n_samples: int, n_tokens: int) -> Mask:
        """bool [n_tokens]: which of the model's frames hold sound and not what fills the window
        up.
        """
        config = self._model.config
        if self._form == "samples":
            return np.ones(n_tokens, np.bool_)
        if self._form == "whisper":
            step = 2 * int(self._folder.config.get("hop_length", 160))
            return np.arange(n_tokens) < max(1, -(-n_samples // step))
        frames = 1 + max(n_samples - int(0.025 * self._folder.rate), 0) // int(
            0.01 * self._folder.rate
        )
        times = (config.max_length - config.patch_size) // config.time_stride + 1
        heard = np.arange(times) < max(1, (frames - config.patch_size) // config.time_stride + 1)
        return np.concatenate([np.zeros(2, np.bool_), np.tile(heard, (n_tokens - 2) // times)])


def _loaded(transformers: Any, folder: AudioFolder) -> Any:
    name, form = folder.kind
    model = load(transformers, getattr(transformers, name), folder.model, unused=_UNUSED)
    return (model.get_encoder() if form == "whisper" else model).eval()
