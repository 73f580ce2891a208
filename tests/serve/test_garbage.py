"""Collections pause for what is new, and cycles are found all the same."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

from palate.serve.garbage import short_pauses


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.self = self


def test_what_stays_is_set_aside_and_comes_back() -> None:
    callbacks = list(gc.callbacks)
    with short_pauses():
        before = gc.get_freeze_count()
        kept = [Knot() for _ in range(100)]
        gc.collect()
        assert gc.get_freeze_count() >= before + len(kept)
    assert gc.get_freeze_count() == 0
    assert gc.callbacks == callbacks


def test_a_new_cycle_is_found_at_once() -> None:
    with short_pauses():
        knot = weakref.ref(Knot())
        gc.collect()
        assert knot() is None


def test_a_cycle_that_was_set_aside_is_found_when_the_rest_has_doubled() -> None:
    done = subprocess.run(  # a process with few objects, so that they soon have doubled
        [sys.executable, "-c", DOUBLED], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


DOUBLED = """
import gc, weakref
from palate.serve.garbage import short_pauses

class Knot:
    def __init__(self):
        self.self = self

with short_pauses():
    knot = Knot()
    gc.collect()
    gone = weakref.ref(knot)
    del knot
    gc.collect()
    assert gone() is not None, "it is set aside: this is the price"
    kept = [[number] for number in range(gc.get_freeze_count() + 1000)]
    gc.collect()
    gc.collect()
    assert gone() is None
    assert gc.get_freeze_count() > len(kept)
"""
