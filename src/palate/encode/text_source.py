"""Text sources: the texts behind a block and the language model that reads them, for models that
read texts themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from palate.language_model import LanguageModel
from palate.stages import Tunable
from palate.tables import Catalogue


@dataclass(frozen=True, eq=False)
class BlockTexts:
    """An encoder's texts and model (`palate.language_model.TextSource`); nothing is loaded before
    it is asked for.

    Attributes:
        reader: Gives the fitted encoder, as it was before any tuning.
        catalogue: All items.
    """

    reader: Callable[[], Tunable]
    catalogue: Catalogue

    def texts(self) -> Sequence[str | None]:
        """What is encoded of each item; None for an item without content."""
        return self._encoder.texts(self.catalogue)

    def language_model(self) -> LanguageModel:
        """A copy of the model in fp32 that may be trained; without what a tuner of the block made
        of it.
        """
        return self._encoder.language_model()

    @cached_property
    def _encoder(self) -> Tunable:
        return self.reader()
