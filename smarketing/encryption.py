"""Secrets that we have to give back, such as those of a second factor, are encrypted in the database.

`ENCRYPTION_KEYS` has one key or several. The first encrypts, each of them decrypts: to change the key, put a new one in
front, run `python manage.py reencrypt`, and take the old one away.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

# Before what is encrypted. Without it a text is from before, and as it is.
MARK = "fernet:"


class WrongKey(Exception):
    """None of our keys opens it."""


def encrypt(text: str) -> str:
    return MARK + _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Raises `WrongKey`."""
    if not text.startswith(MARK):
        return text
    try:
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(text.removeprefix(MARK).encode()).decode()
    except InvalidToken:
        raise WrongKey from None


def reencrypt(text: str) -> str:
    """The same secret, encrypted by the first key. Raises `WrongKey`."""
    return encrypt(decrypt(text))


@lru_cache(maxsize=8)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


# Each app that keeps such secrets registers how to encrypt all of them anew; it returns how many there were, and
# raises `WrongKey`.
Rekeying = Callable[[], int]
_rekeyings: dict[str, Rekeying] = {}


def register(name: str, rekeying: Rekeying) -> None:
    _rekeyings[name] = rekeying


def reencrypt_all() -> dict[str, int]:
    """Encrypt all secrets by the first key, and return how many there are of each kind. Raises `WrongKey`."""
    return {name: rekeying() for name, rekeying in sorted(_rekeyings.items())}
