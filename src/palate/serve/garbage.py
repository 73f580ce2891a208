"""Garbage collection without long pauses: what has lived long is not looked through each time."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

_OLDEST: Final = 2
_GROWN: Final = 2
"""All objects are looked through again when so many times as many are set aside as after the last
time."""


@contextmanager
def short_pauses() -> Iterator[None]:
    """While this lasts a collection takes as long as objects are new, and not as there are any.

    A full collection stops every thread, and a service keeps hundreds of thousands of objects that
    stay: lists that can be continued, states of users. So what a full collection leaves is set
    aside (`gc.freeze`). It is still freed when nothing refers to it; only cycles among such objects
    wait, until what is set aside has doubled and all of it is looked through once.
    """
    gc.collect()
    gc.freeze()
    most = _GROWN * gc.get_freeze_count()

    def set_aside(phase: str, about: Mapping[str, Any]) -> None:
        nonlocal most
        if phase == "start" or about["generation"] < _OLDEST:
            return
        everything = gc.get_freeze_count() == 0
        gc.freeze()
        if everything:
            most = _GROWN * gc.get_freeze_count()
        elif gc.get_freeze_count() > most:
            gc.unfreeze()  # the next full collection looks through all

    gc.callbacks.append(set_aside)
    try:
        yield
    finally:
        gc.callbacks.remove(set_aside)
        gc.unfreeze()
