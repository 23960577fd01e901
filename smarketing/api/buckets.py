"""Token buckets in the queue server: how often somebody may ask. Without the server nobody is held back."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from django.core.cache import caches

from smarketing.cache import if_reached

# By the server's clock, so that all processes count by one. What is kept goes once the bucket would be full again.
TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local most, second = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(kept[1] or most)
left = math.min(most, left + math.max(0, now - tonumber(kept[2] or now)) * second)
local taken = 0
if left >= 1 then left = left - 1; taken = 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(most / second) + 1)
return {taken, tostring(left)}
"""


@dataclass(frozen=True)
class Allowance:
    """How many requests, over how many seconds; as many at once where nothing was asked before."""

    requests: int
    seconds: int

    @property
    def a_second(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True)
class Taken:
    """What became of one request: whether it may pass, and how much is left."""

    allowance: Allowance
    passes: bool
    left: float

    @property
    def full_in(self) -> int:
        """Seconds until the bucket is full again."""
        return ceil((self.allowance.requests - self.left) / self.allowance.a_second)

    @property
    def next_in(self) -> int:
        """Seconds until one more may pass, at least one."""
        return max(1, ceil((1 - self.left) / self.allowance.a_second))


def take(name: str, allowance: Allowance) -> Taken | None:
    """Take one request out of the bucket of that name. None where the server cannot be reached."""
    client = caches["default"]._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    arguments = [allowance.requests, allowance.a_second]
    answer = if_reached(client.eval, TAKE, 1, f"bucket:{name}", *arguments)
    return None if answer is None else Taken(allowance, bool(answer[0]), float(answer[1]))
