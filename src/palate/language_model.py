"""Language models that can be trained further, and the texts that they read: what adaptation and
models that read texts themselves need of an encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from palate.arrays import Ragged


class LanguageModel(Protocol):
    """A language model that can be trained further; its tensors are torch's.

    Attributes:
        module: Torch module: (tokens int64 [n, L], mask int64 [n, L]) -> float32 [n, d], not
            normalised; its attribute `body` is the transformer without the pooling.
        padding: Token number of the padding.
        identity: Digest of weights and tokeniser as they are.
    """

    module: Any
    padding: int
    identity: str

    def tokens(self, texts: Sequence[str]) -> Ragged:
        """Token numbers of each text [n], special ones included."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model as it stands into an empty folder, so that `Tunable.with_model` can take
        it up.
        """
        ...


class TextSource(Protocol):
    """The texts behind a block, and the language model that reads them."""

    def texts(self) -> Sequence[str | None]:
        """What is encoded of each item; None for an item without content."""
        ...

    def language_model(self) -> LanguageModel:
        """A copy of the model in fp32 that may be trained."""
        ...
