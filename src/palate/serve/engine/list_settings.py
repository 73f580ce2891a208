"""How lists are made of a catalogue of some size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from annotated_types import Ge, Gt


@dataclass(frozen=True)
class ListSettings:
    """Whether every item is looked at."""

    exhaustive_items: Annotated[int, Ge(0)] = 50_000
    """Catalogues of up to so many items are looked at whole, and nothing is missed. Of larger ones
    items are retrieved first that parts of the model find promising, and only these are scored in
    full, where the model can do that; others are looked at whole, too."""
    retrieve: Annotated[int, Gt(0)] = 200
    """Items that are retrieved from each part of the model."""


STANDARD: Final = ListSettings()
"""How lists are made if nothing else is said."""
