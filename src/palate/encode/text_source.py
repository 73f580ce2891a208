"""Text sources: the texts behind a block and the language model that reads them, for models that
read texts themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palate.arrays import Rows
from palate.encode.tuned import Named, can_be_tuned
from palate.language_model import LanguageModel
from palate.stages import Tunable
from palate.tables import Catalogue


@dataclass(frozen=True, eq=False)
class BlockTexts:
    """An encoder's texts and model, a `palate.language_model.TextSource`; nothing is loaded before
    it is asked for.

    Attributes:
        encoder: The encoder's name and settings; see `readable`.
        catalogue: All items.
        rows: int32 [n], items that the training part knows; the fields are chosen by these.
    """

    encoder: Named
    catalogue: Catalogue
    rows: Rows

    def texts(self) -> Sequence[str | None]:
        """What is encoded of each item; None for an item without content."""
        return self._tunable().texts(self.catalogue)

    def language_model(self) -> LanguageModel:
        """A copy of the model in fp32 that may be trained; without what a tuner of the block made
        of it.
        """
        return self._tunable().language_model()

    def _tunable(self) -> Tunable:
        found: Tunable = self.encoder.build().fit(self.catalogue, self.rows)
        return found


def readable(encoder: Named, catalogue: Catalogue, rows: Rows) -> BlockTexts | None:
    """The texts and model of an encoder; None for an encoder without a language model.

    Args:
        encoder: The encoder's name and settings.
        catalogue: All items.
        rows: int32 [n], items that the training part knows.
    """
    return BlockTexts(encoder, catalogue, rows) if can_be_tuned(type(encoder.build())) else None
