"""Sounds as an audio model hears them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, MinLen

from palate.arrays import Floats, l2_normalised
from palate.encode.audio.decode import ENDINGS, decode
from palate.encode.audio.models import AudioFolder, AudioModel, Pooling
from palate.encode.file_rows import FileRows, OnError
from palate.encode.text.weights import find
from palate.encode.torch_choice import Precision, TorchChoice, torch_choice
from palate.errors import BadRecipe


@dataclass(frozen=True)
class AudioTransformerSettings:
    """Settings of `audio.transformer.v1`."""

    model: Annotated[str, MinLen(1)] = "facebook/wav2vec2-base"
    """A folder, or a name on the Hugging Face hub: wav2vec 2.0, HuBERT, WavLM, AST, Whisper (its
    encoder)."""

    revision: str | None = None
    """Branch, tag or commit on the hub; by default the newest that is in the hub's cache."""

    fields: tuple[str, ...] = ()
    """Fields that name a sound or hold its bytes, the first that an item has; none means the only
    such field."""

    folder: str = ""
    """Where names start from, itself from the folder of the catalogue's file on; may hold `~` and
    `$PALATE_DATA`."""

    pooling: Pooling = "mean"
    """`"mean"` over the time that holds sound, or, of AST alone, `"own"`: the mean of its two class
    tokens."""

    window_seconds: Annotated[float, Ge(0.1)] | None = None
    """Longer sounds are heard in windows of so much, averaged by length; by default what the model
    takes, or 10."""

    max_seconds: Annotated[float, Gt(0), Le(3600)] = 60.0
    """Only so much from the beginning of a sound is heard."""

    normalise: bool = True
    """Scale every vector to length one."""

    precision: Precision = "auto"
    """Numbers inside the model; by default bf16 on a GPU, else f32."""

    batch: Annotated[int, Ge(1), Le(1024)] = 4
    """Windows of a batch on a GPU; on a CPU one is work enough, and they are run one by one."""

    max_bytes: Annotated[int, Ge(1)] = 256_000_000
    """Larger files are refused before they are read."""

    on_error: OnError = "absent"
    """What a missing, broken or too large sound does: its item is absent, or the run fails."""


class AudioTransformer(FileRows[Floats]):
    """Vectors of an audio model: wav2vec 2.0, HuBERT, WavLM, AST and Whisper's encoder, through
    transformers.

    For what is said or played; for timbre and level with named columns and no weights, see
    `audio.spectral.v1`. Nothing is learnt from the catalogue, equal sounds are encoded once, and a
    vector does not depend on the sounds that share its batch. Weights load when they are first
    needed. An item without a sound, or with one that is missing, broken or too large, is absent.

    Args:
        settings: See `AudioTransformerSettings`.

    Cost: a base model takes some 14 GFLOP a second of sound. Memory is that of the weights and one
        batch.

    Papers: A. Baevski et al., wav2vec 2.0, NeurIPS 2020; W.-N. Hsu et al., HuBERT, TASLP 2021; Y.
    Gong et al., AST, Interspeech 2021; A. Radford et al., Robust speech recognition via large-scale
    weak supervision, ICML 2023.
    """

    Settings = AudioTransformerSettings
    name: ClassVar[str] = "audio.transformer.v1"
    block_name: ClassVar[str] = "audio.transformer"
    local: ClassVar[tuple[str, ...]] = (
        "model",
        "revision",
        "folder",
        "batch",
        "precision",
        "device",
    )
    noun: ClassVar[str] = "sound"
    endings: ClassVar[tuple[str, ...]] = ENDINGS

    def __init__(self, settings: AudioTransformerSettings = AudioTransformerSettings()) -> None:
        self.settings = settings
        self.chunk = settings.batch

    def identity(self) -> Mapping[str, Any]:
        """Weights, preparation and every setting that changes a vector, each as it is in force
        here.
        """
        return {
            "part": self.name,
            "weights": self.weights(),
            "preparation": self.model_folder.preparation_digest,
            "pooling": self.settings.pooling,
            "window": self.model_folder.window(self.settings.window_seconds),
            "max_seconds": self.settings.max_seconds,
            "normalise": self.settings.normalise,
            "precision": self.choice.precision,
            "device": self.choice.device,
        }

    def weights(self) -> str:
        """Digest of the model's weights."""
        return self.model_folder.model.weights

    def width(self) -> int:
        """d, the number of columns."""
        return self.model_folder.width

    def decoded(self, data: bytes, name: str) -> Floats:
        """float32 [n_samples], the beginning of the sound at the model's rate."""
        return decode(data, name, self.model_folder.rate, self.settings.max_seconds).samples

    def encoded(self, some: Sequence[Floats]) -> Floats:
        """float32 [n, d]: the mean of each sound's windows, weighted by their lengths."""
        size = self.model_folder.window(self.settings.window_seconds)
        windows = [
            (place, part) for place, samples in enumerate(some) for part in _windows(samples, size)
        ]
        owner = np.array([place for place, _ in windows])
        lengths = np.array([len(part) for _, part in windows])
        vectors = self._of_windows([part for _, part in windows], lengths)
        total = np.zeros((len(some), self.width()))
        np.add.at(total, owner, vectors * lengths[:, None].astype(np.float64))
        means = (total / np.bincount(owner, weights=lengths, minlength=len(some))[:, None]).astype(
            np.float32
        )
        return np.asarray(l2_normalised(means) if self.settings.normalise else means, np.float32)

    def _of_windows(self, windows: Sequence[Floats], lengths: Any) -> Floats:
        # On a CPU the sums of a convolution depend on the batch, and a vector must not.
        batch = self.settings.batch if self.choice.device == "cuda" else 1
        vectors = np.zeros((len(windows), self.width()), np.float32)
        for length in np.unique(lengths):
            same = np.flatnonzero(lengths == length)
            for start in range(0, len(same), batch):
                positions = same[start : start + batch]
                inputs = np.stack([self.model.prepared(windows[p]) for p in positions])
                vectors[positions] = self.model.run(inputs, int(length))
        return vectors

    @cached_property
    def model_folder(self) -> AudioFolder:
        """Where the model lies.

        Raises:
            BadInput: It is no audio model that is known.
            BadRecipe: It makes no embedding of its own, and that is requested.
        """
        folder = AudioFolder(find(self.settings.model, self.settings.revision))
        if folder.kind[1] != "patches" and self.settings.pooling == "own":
            raise BadRecipe(
                "this model makes no embedding of its own", where="pooling", allowed="mean"
            )
        return folder

    @cached_property
    def choice(self) -> TorchChoice:
        """Where and in which precision it runs here."""
        return torch_choice(self.settings.precision)

    @cached_property
    def model(self) -> AudioModel:
        """The model itself, loaded on first use."""
        return AudioModel(
            self.model_folder, self.settings.pooling, self.choice.precision, self.choice.device
        )


def _windows(samples: Floats, size: int) -> list[Floats]:
    """The sound in windows of `size` samples; a rest under a tenth of one is left out, unless it is
    all there is.
    """
    parts = [samples[start : start + size] for start in range(0, len(samples), size)]
    return parts[:-1] if len(parts) > 1 and 10 * len(parts[-1]) < size else parts
