"""How many requests a second each key may make, of all processes together."""

from __future__ import annotations

import asyncio
from typing import Any, Final, final

from palate.serve.rates import BURST_SECONDS, Rates
from palate.serve.refusals import Unavailable
from palate.serve.state.valkey import ValkeyStates

_TAKE: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(found[1]) or most
left = math.min(most, left + math.max(0, now - (tonumber(found[2]) or now)) * rate)
local wait = 0
if left >= 1 then left = left - 1 else wait = (1 - left) / rate end
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(1000 * most / rate) + 1000)
return string.format('%.6f', wait)
"""
"""A bucket that fills by the server's time: the rate and what it holds -> seconds to wait."""


@final
class SharedRates:
    """Buckets of tokens in Valkey or Redis; each process has its own while that is away.

    Args:
        states: What asks the server.
        per_second: Requests a second, > 0.
    """

    def __init__(self, states: ValkeyStates, per_second: float) -> None:
        self._states, self._rate = states, per_second
        self._most = max(per_second * BURST_SECONDS, 1.0)
        self._own = Rates(per_second)
        self._script: Any = states.client.register_script(_TAKE)

    async def wait(self, key: str) -> float:
        """Seconds until the key may ask again; 0 if it may now, which is counted."""
        return await asyncio.to_thread(self._wait, key)

    def _wait(self, key: str) -> float:
        name = self._states.name_of(f"rate:{key}")
        words = [self._rate, self._most]
        try:
            return float(self._states.answer_of(lambda: self._script(keys=[name], args=words)))
        except Unavailable:
            return self._own.taken(key)
