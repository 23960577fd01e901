"""The cache may be lost at any time: what was kept in it is then forgotten, and nobody is turned away.

Signing in counts attempts in the cache. Without it nobody is counted, and everybody who knows their password comes in.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import RedisError

from smarketing.saying import Trouble

log = logging.getLogger(__name__)
away = Trouble()


def if_reached(ask: Callable[..., Any], *arguments: Any, lost: Any = None) -> Any:
    """What the server answers, or `lost` where it cannot be reached. An outage is one line, its end another."""
    try:
        answer = ask(*arguments)
    except (RedisError, OSError) as problem:
        if away.goes_on():
            log.warning("The cache is not reached: %s", problem)
        return lost
    if away.is_over():
        log.warning("The cache is reached again.")
    return answer


class LosableClient(RedisCacheClient):
    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        # Whoever adds a key to be the only one is: nobody else can be told apart.
        return bool(if_reached(super().add, key, value, timeout, lost=True))

    def get(self, key: Any, default: Any) -> Any:
        return if_reached(super().get, key, default, lost=default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        if_reached(super().set, key, value, timeout)

    def touch(self, key: Any, timeout: Any) -> bool:
        return bool(if_reached(super().touch, key, timeout, lost=False))

    def delete(self, key: Any) -> bool:
        return bool(if_reached(super().delete, key, lost=False))

    def get_many(self, keys: Any) -> dict[Any, Any]:
        return dict(if_reached(super().get_many, keys, lost={}))

    def has_key(self, key: Any) -> bool:
        return bool(if_reached(super().has_key, key, lost=False))

    def incr(self, key: Any, delta: int) -> int:
        count = if_reached(super().incr, key, delta)
        if count is None:
            raise ValueError(f"Key '{key}' not found.")  # As for every key that is gone.
        return int(count)

    def set_many(self, data: Any, timeout: Any) -> None:
        if_reached(super().set_many, data, timeout)

    def delete_many(self, keys: Any) -> None:
        if_reached(super().delete_many, keys)

    def clear(self) -> bool:
        return bool(if_reached(super().clear, lost=False))


class LosableCache(RedisCache):
    """Valkey as a cache that can be done without."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = LosableClient


def answers() -> bool:
    """Whether the server behind the cache, which is also the queue's, answers."""
    try:
        return bool(caches["default"]._cache.get_client(None, write=True).ping())  # type: ignore[attr-defined]
    except (RedisError, OSError):
        return False
