"""A transformer that can be trained further: a `palate.language_model.LanguageModel`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from palate import store
from palate.arrays import Ragged
from palate.encode.text.pooled import pooled_module
from palate.encode.text.tokens import Tokeniser
from palate.encode.text.weights import ModelFolder, Pooling
from palate.optional import need


class TrainableTransformer:
    """The model of a folder in fp32, with its own pooling.

    Args:
        folder: The model.
        pooling: How tokens become one vector.
        tokeniser: Cuts texts into tokens.
        prompt: Put before every text.
    """

    def __init__(
        self, folder: ModelFolder, pooling: Pooling, tokeniser: Tokeniser, prompt: str
    ) -> None:
        self._folder, self._tokeniser, self._prompt = folder, tokeniser, prompt
        self.module = pooled_module(folder, pooling)
        self.padding = tokeniser.padding
        self.identity = store.digest(
            [folder.weights, folder.tokeniser, pooling, prompt, tokeniser.max_tokens]
        )

    def tokens(self, texts: Sequence[str]) -> Ragged:
        """Token numbers of each text's first piece."""
        pieces = self._tokeniser([self._prompt + text for text in texts])
        return pieces.tokens.take(np.unique(pieces.owner, return_index=True)[1])

    def save(self, folder: Path) -> None:
        """Write the model beside copies of every other file of its folder (tokeniser, pooling,
        dense layers).
        """
        root, own = self._folder.root, self._folder.path
        shutil.copytree(
            root,
            folder,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns(".*", "model*.safetensors"),
        )
        for layer in self._folder.dense:
            shutil.copy(layer / "model.safetensors", folder / layer.relative_to(root))
        # Not save_pretrained, which draws progress bars whether anybody watches or not.
        safetensors = need("safetensors.torch", extra="text", purpose="save a language model")
        place = folder / own.relative_to(root) / "model.safetensors"
        safetensors.save_model(self.module.body, str(place), metadata={"format": "pt"})
