"""Pictures as a vision model sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le, MinLen

from palate.arrays import Floats, l2_normalised
from palate.encode.file_rows import FileRows, OnError
from palate.encode.image.decode import ENDINGS, MOST_PIXELS, decode
from palate.encode.image.preprocess import Preprocessing, read_preprocessing
from palate.encode.image.vision import Pooling, VisionModel, kind_of, width_of
from palate.encode.text.weights import ModelFolder, find
from palate.encode.torch_choice import Precision, TorchChoice, torch_choice


@dataclass(frozen=True)
class ImageTransformerSettings:
    """Settings of `image.transformer.v1`."""

    model: Annotated[str, MinLen(1)] = "facebook/dinov2-small"
    """A folder, or a name on the Hugging Face hub: ViT, DeiT, CLIP, SigLIP, DINOv2 with or without
    registers."""

    revision: str | None = None
    """Branch, tag or commit on the hub; by default the newest that is in the hub's cache."""

    fields: tuple[str, ...] = ()
    """Fields that name a picture or hold its bytes, the first that an item has; none means the only
    such field."""

    folder: str = ""
    """Where names start from, itself from the folder of the catalogue's file on; may hold `~` and
    `$PALATE_DATA`."""

    pooling: Pooling = "own"
    """`"own"`: CLIP's projection, SigLIP's head, else the class token; `"cls"`: the class token;
    `"mean"`: patches."""

    normalise: bool = True
    """Scale every vector to length one."""

    precision: Precision = "auto"
    """Numbers inside the model; by default bf16 on a GPU, else f32."""

    batch: Annotated[int, Ge(1), Le(4096)] = 8
    """Pictures of a batch; changes the speed and the memory, never the numbers on a CPU."""

    max_pixels: Annotated[int, Ge(1), Le(MOST_PIXELS)] = 64_000_000
    """Pictures with more are refused before they are unpacked."""

    max_bytes: Annotated[int, Ge(1)] = 64_000_000
    """Larger files are refused before they are read."""

    on_error: OnError = "absent"
    """What a missing, broken or too large picture does: its item is absent, or the run fails."""


class ImageTransformer(FileRows[Floats]):
    """Vectors of a vision model: ViT, DeiT, CLIP, SigLIP and DINOv2, through transformers and
    without torchvision.

    For what a picture shows; for how it looks, with named columns and no weights, see
    `image.classical.v1`. Nothing is learnt from the catalogue, equal pictures are encoded once, and
    a vector does not depend on the pictures that share its batch. Weights load when they are first
    needed. Pictures are brought into shape as the model's folder says. An item without a picture,
    or with one that is missing, broken or too large, is absent.

    Args:
        settings: See `ImageTransformerSettings`.

    Cost: a ViT-B/16 takes 35 GFLOP a picture: about one a second and core in f32. Memory is that of
    the weights and one batch.

    Papers: A. Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021; A. Radford et al.,
    Learning transferable visual models from natural language supervision, ICML 2021; M. Oquab et
    al., DINOv2, TMLR 2024.
    """

    Settings = ImageTransformerSettings
    name: ClassVar[str] = "image.transformer.v1"
    block_name: ClassVar[str] = "image.transformer"
    local: ClassVar[tuple[str, ...]] = (
        "model",
        "revision",
        "folder",
        "batch",
        "precision",
        "device",
    )
    noun: ClassVar[str] = "picture"
    endings: ClassVar[tuple[str, ...]] = ENDINGS

    def __init__(self, settings: ImageTransformerSettings = ImageTransformerSettings()) -> None:
        self.settings = settings
        self.chunk = settings.batch

    def identity(self) -> Mapping[str, Any]:
        """Weights, preparation and every setting that changes a vector, each as it is in force
        here.
        """
        return {
            "part": self.name,
            "weights": self.model_folder.weights,
            "preprocessing": self.preprocessing.facts(),
            "pooling": self.settings.pooling,
            "normalise": self.settings.normalise,
            "precision": self.choice.precision,
            "device": self.choice.device,
        }

    def weights(self) -> str:
        """Digest of the model's weights."""
        return self.model_folder.weights

    def width(self) -> int:
        """d, the number of columns."""
        return width_of(self.model_folder, self.settings.pooling)

    def decoded(self, data: bytes, name: str) -> Floats:
        """float32 [3, h, w], as the model wants it."""
        return self.preprocessing(decode(data, name, self.settings.max_pixels).rgb)

    def encoded(self, some: Sequence[Floats]) -> Floats:
        """float32 [n, d]."""
        vectors = np.zeros((len(some), self.width()), np.float32)
        for shape in sorted({one.shape for one in some}):
            same = [place for place, one in enumerate(some) if one.shape == shape]
            vectors[same] = self.model.run(np.stack([some[place] for place in same]))
        return np.asarray(
            l2_normalised(vectors) if self.settings.normalise else vectors, np.float32
        )

    @cached_property
    def model_folder(self) -> ModelFolder:
        """Where the model lies.

        Raises:
            BadInput: It is no vision model that is known.
        """
        folder = find(self.settings.model, self.settings.revision)
        kind_of(folder, self.settings.pooling)
        return folder

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """How pictures are brought into shape."""
        return read_preprocessing(self.model_folder.path)

    @cached_property
    def choice(self) -> TorchChoice:
        """Where and in which precision it runs here."""
        return torch_choice(self.settings.precision)

    @cached_property
    def model(self) -> VisionModel:
        """The model itself, loaded on first use."""
        return VisionModel(
            self.model_folder, self.settings.pooling, self.choice.precision, self.choice.device
        )
