"""A stream that a password seals: scrypt makes the key, AES-GCM seals one chunk after the other.

The nonce of a chunk is its number and whether it is the last one, so that none can be left out, added, or come in
another order (the construction is STREAM, of Hoang, Reyhanitabar, Rogaway and Vizár).
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from smarketing.backup.problems import Damaged, WrongPassword

MAGIC = b"SMARKETING SEALED BACKUP 1\n"
SALT, CHUNK, TAG = 16, 64 * 1024, 16
# 64 MiB of memory and a fifth of a second for each guess.
COST = {"n": 2**16, "r": 8, "p": 1}


def _cipher(password: str, salt: bytes) -> AESGCM:
    # Bytes that are no text, as another terminal's, come as surrogates.
    return AESGCM(Scrypt(salt=salt, length=32, **COST).derive(password.encode("utf-8", "surrogateescape")))


def spell(password: str) -> str:
    """As it is sealed: が is one letter, or か and two dots, by where it was typed."""
    return unicodedata.normalize("NFC", password)


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])


class SealingWriter:
    """Seals what is written to it. It is whole only when it was closed."""

    def __init__(self, target: BinaryIO, password: str) -> None:
        self._target = target
        self._header = MAGIC + secrets.token_bytes(SALT)
        self._cipher = _cipher(spell(password), self._header[-SALT:])
        self._waiting = bytearray()
        self._number = 0
        target.write(self._header)

    def write(self, content: bytes) -> int:
        self._waiting += content
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(content)

    def close(self) -> None:
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, content: bytes, *, is_last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, is_last), content, self._header))
        self._number += 1


class OpeningReader:
    """Reads what a `SealingWriter` wrote. Raises `WrongPassword` and `Damaged`."""

    def __init__(self, source: BinaryIO, password: str) -> None:
        self._source = source
        self._header = source.read(len(MAGIC) + SALT)
        if len(self._header) < len(MAGIC) + SALT:
            raise Damaged
        self._cipher = _cipher(spell(password), self._header[-SALT:])
        self._password = password
        self._opened = bytearray()
        self._number = 0
        self._next = source.read(CHUNK + TAG)
        if not self._next:
            raise Damaged  # Of nothing as well there is a chunk.

    def read(self, size: int = -1) -> bytes:
        while self._next and (size < 0 or len(self._opened) < size):
            self._open_chunk()
        end = len(self._opened) if size < 0 else size
        content = bytes(self._opened[:end])
        del self._opened[:end]
        return content

    def _open_chunk(self) -> None:
        content, self._next = self._next, self._source.read(CHUNK + TAG)
        try:
            self._opened += self._decrypt(content)
        except InvalidTag:
            raise Damaged if self._number else WrongPassword
        self._number += 1

    def _decrypt(self, content: bytes) -> bytes:
        nonce = _nonce(self._number, not self._next)
        try:
            return self._cipher.decrypt(nonce, content, self._header)
        except InvalidTag:
            if self._number or self._password == spell(self._password):
                raise
            # Before, it was sealed as it was typed.
            self._cipher = _cipher(self._password, self._header[-SALT:])
            return self._cipher.decrypt(nonce, content, self._header)
