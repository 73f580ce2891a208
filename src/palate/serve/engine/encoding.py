"""Encoders that may be away: what they are asked takes a bounded time, whatever becomes of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Final, TypeVar, final

from palate.errors import PalateError
from palate.serve.refusals import Unavailable

T = TypeVar("T")

SHORT_SECONDS: Final = 1.0
"""What a block may take while an earlier call of it still hangs."""


class EncoderAway(Unavailable):
    """The encoder of a block does not answer, or fails."""


@dataclass
class _Block:
    """Calls of one block that hang, and when the next one may be tried."""

    hanging: int = 0
    again_at: float = 0.0


@final
class Encoding:
    """Asks encoders, each call in a thread of its own that is left behind where it hangs.

    A block whose call hangs is let alone for a while and then tried for a moment, by one caller at
    a time; the others are refused at once.

    Args:
        seconds: That a call may take, > 0.
        again_seconds: After which a block that hangs is tried again, >= 0.
        most_hanging: Calls of a block that may hang at a time, >= 1.
    """

    def __init__(
        self, seconds: float = 20.0, again_seconds: float = 15.0, most_hanging: int = 4
    ) -> None:
        self._seconds, self._again, self._most = seconds, again_seconds, most_hanging
        self._lock = threading.Lock()
        self._blocks: dict[str, _Block] = {}

    def ask(self, block: str, work: Callable[[], T]) -> T:
        """What `work` gives.

        Args:
            block: Whose encoder it calls.
            work: What is to be done.

        Raises:
            EncoderAway: It failed, was not done in time, or calls before it hang.
            PalateError: What `work` refuses.

        Cost: a thread, some 0.1 ms.
        """
        seconds = self._allowed(block)
        done: Future[T] = Future()
        threading.Thread(
            target=_run, args=(work, done), name=f"palate-encode-{block}", daemon=True
        ).start()
        wait([done], seconds)
        if not done.done():
            self._hangs(block, done)
            raise _away(block, f"did not answer within {seconds:g} seconds")
        try:
            return done.result()
        except PalateError:
            raise
        except Exception as error:  # whatever an encoder may raise
            raise _away(block, f"failed: {type(error).__name__}: {error}") from error

    def _allowed(self, block: str) -> float:
        """Seconds that a call may take now."""
        with self._lock:
            known = self._blocks.setdefault(block, _Block())
            if not known.hanging:
                return self._seconds
            now = time.monotonic()
            if now < known.again_at or known.hanging >= self._most:
                raise _away(block, "does not answer")
            known.again_at = now + self._again  # the others are refused meanwhile
            return min(self._seconds, SHORT_SECONDS)

    def _hangs(self, block: str, done: Future[T]) -> None:
        with self._lock:
            known = self._blocks[block]
            known.hanging += 1
            known.again_at = time.monotonic() + self._again
        done.add_done_callback(lambda _: self._came_back(block))

    def _came_back(self, block: str) -> None:
        with self._lock:
            self._blocks[block].hanging -= 1


def _away(block: str, why: str) -> EncoderAway:
    return EncoderAway(
        f'the encoder of the block "{block}" {why}',
        where=block,
        next_step="try again later; the service tries it by itself",
    )


def _run(work: Callable[[], T], done: Future[T]) -> None:
    try:
        result = work()
    except BaseException as error:
        done.set_exception(error)
    else:
        done.set_result(result)
