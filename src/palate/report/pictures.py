"""Drawing that never costs a result: what cannot be drawn becomes a sentence and a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

from palate.errors import NotDrawn, PalateError
from palate.runs.fields import plain_text

T = TypeVar("T")


class Pictures:
    """Draws pictures one by one.

    Attributes:
        reasons: Picture -> why it is missing, in a sentence, in the order in which they failed.
        warned: Those of the sentences that are warnings.
    """

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self.warned: list[str] = []

    def draw(self, name: str, picture: Callable[[], T], instead: T) -> T:
        """What `picture` gives; `instead` where it fails.

        A `PalateError` says of the data that there is nothing to draw: that is a sentence. Any
        other error is a fault of palate or of a library: that is a warning too.

        Args:
            name: What people call it, e.g. "the map of the catalogue".
            picture: Draws it.
            instead: What stands for it.
        """
        try:
            return picture()
        except PalateError as cause:
            self.reasons[name] = f"{_capital(name)} is not drawn: {plain_text(cause.what)}."
        except Exception as cause:
            said = plain_text(f"{type(cause).__name__}: {cause}").splitlines()[0][:200]
            self.reasons[name] = f"{_capital(name)} could not be drawn ({said}); all else is whole."
            self.warned.append(self.reasons[name])
            warnings.warn(self.reasons[name], NotDrawn, stacklevel=2)
        return instead


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
