"""How long somebody waits who gave a wrong password.

The delay grows by the pair of account and address. Over all addresses an account waits `SLOWED`, once a try: enough to
slow a crowd down, and no lock that a stranger could set. A browser that signed in before has a count of its own.
The same holds for accounts that do not exist. Counts are kept in the cache: when they are lost, nobody is turned away.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest

from smarketing.requests.clients import client_address, network
from teams.sign_in.known_browsers import account_digest, browser_of

# In seconds.
FORGOTTEN_AFTER = 60 * 60
LONGEST = 2 * 60
SLOWED = 5
# Wrong tries of a pair that cost nothing, and the wait after the next.
FREE = 5
SHORTEST = 30
# From so many wrong tries on, within `FORGOTTEN_AFTER`, whoever is not known waits `SLOWED` before each try.
MOST_OF_ACCOUNT = 20
MOST_OF_ADDRESS = 50


def delay(failures: int) -> int:
    """The seconds between two tries of a pair that was wrong so many times."""
    return min(SHORTEST * 2 ** min(failures - FREE - 1, 10), LONGEST) if failures > FREE else 0


@dataclass
class Attempt:
    """One try to sign in to an account, whether there is such an account or not."""

    pair: str
    account: str
    address: str
    is_known: bool

    @classmethod
    def of(cls, request: HttpRequest, email: str) -> Attempt:
        digest, address = account_digest(email), network(client_address(request))
        browser = browser_of(request, email)
        pair = f"signing-in:{digest}:{browser or address}"
        return cls(pair, f"signing-in:account:{digest}", f"signing-in:address:{address}", bool(browser))

    def begin(self) -> int:
        """Count the try, and return the seconds to wait if it is one too many: it is then not counted."""
        return self._wait_as_stranger() or self._wait_as_pair()

    def fail(self) -> None:
        cache.delete(f"{self.pair}:admitted")
        if not self.is_known:
            _count(self.account)
            _count(self.address)

    def succeed(self) -> None:
        cache.delete_many([self.pair, f"{self.pair}:from", f"{self.pair}:admitted"])

    def _wait_as_stranger(self) -> int:
        """The wait of whoever is not known, while somebody tries many passwords or many accounts.

        It begins with one's own first try: others cannot make it longer.
        """
        if self.is_known or (
            cache.get(self.account, 0) < MOST_OF_ACCOUNT and cache.get(self.address, 0) < MOST_OF_ADDRESS
        ):
            return 0
        admitted_at = f"{self.pair}:admitted"
        if cache.add(admitted_at, time.time() + SLOWED, FORGOTTEN_AFTER):
            # A cache that is lost adds everything, and knows nothing: then nobody waits.
            return SLOWED if cache.get(admitted_at) else 0
        return _seconds_until(cache.get(admitted_at, 0))

    def _wait_as_pair(self) -> int:
        failures = _count(self.pair)
        seconds = delay(failures)
        # Whoever adds the key is let through; of two at once that is one.
        if not seconds or cache.add(f"{self.pair}:from", time.time() + seconds, seconds):
            return 0
        with suppress(ValueError):
            cache.decr(self.pair)
        return max(1, _seconds_until(cache.get(f"{self.pair}:from", 0)))


def _count(key: str) -> int:
    """One more; returns how many there are now."""
    cache.add(key, 0, FORGOTTEN_AFTER)
    try:
        return int(cache.incr(key))
    except ValueError:  # Lost, or forgotten just now.
        return 0


def _seconds_until(moment: float) -> int:
    return max(0, math.ceil(moment - time.time()))
