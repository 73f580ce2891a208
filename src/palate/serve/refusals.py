"""What the service refuses, beside bad input: what is not there, is there already, or cannot be
done now.
"""

from __future__ import annotations

from palate.errors import PalateError


class NotFound(PalateError):
    """There is no such item, user or key."""


class Conflict(PalateError):
    """It exists already, or another process holds it."""


class Unavailable(PalateError):
    """It cannot be kept or answered now; the same request may succeed later."""


class Overloaded(Unavailable):
    """More work is waiting than will be done in time."""


class Gone(PalateError):
    """It was there, and it is kept no longer."""
