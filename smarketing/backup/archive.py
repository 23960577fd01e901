"""The file of a backup: a tar whose first member says what it is, and whose last one is the digest of all others.

It is written and read as a stream, in parts where the length is not known beforehand.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from smarketing.backup.problems import Damaged, Foreign

ABOUT, DIGEST = "smarketing-backup.json", "digest"
# The version of this format.
FORMAT = 1
READ = 256 * 1024


class Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Target(Protocol):
    def write(self, content: bytes, /) -> int: ...


class Writer:
    """Writes a backup from its first member to its last."""

    def __init__(self, target: Target, about: dict[str, Any]) -> None:
        # Closed by `finish`; where that is not reached, the file is thrown away.
        self._tar = tarfile.open(  # noqa: SIM115
            fileobj=cast(BinaryIO, target), mode="w|", format=tarfile.PAX_FORMAT
        )
        self._digest = hashlib.sha256()
        self.add(ABOUT, json.dumps({"format": FORMAT} | about, ensure_ascii=False, indent=2).encode())

    def add(self, name: str, content: bytes) -> None:
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._add(name, file, path.stat().st_size)

    def add_parts(self, name: str, parts: Iterable[bytes]) -> None:
        for number, part in enumerate(parts, 1):
            self.add(f"{name}/{number:06}", part)

    def finish(self) -> None:
        digest = self._digest.hexdigest().encode()
        self._tar.addfile(_member(DIGEST, len(digest)), io.BytesIO(digest))
        self._tar.close()

    def _add(self, name: str, content: BinaryIO, size: int) -> None:
        self._digest.update(_heading(name, size))
        self._tar.addfile(_member(name, size), _Watched(content, self._digest))


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _heading(name: str, size: int) -> bytes:
    return f"{name}\0{size}\0".encode()


class _Watched(io.RawIOBase):
    """Lets a digest see what is read."""

    def __init__(self, content: BinaryIO, digest: Any) -> None:
        self._content, self._digest = content, digest

    def read(self, size: int = -1) -> bytes:
        read = self._content.read(size)
        self._digest.update(read)
        return read


@dataclass(frozen=True)
class Member:
    """One file of a backup; its content is read once, before the next member."""

    name: str
    chunks: Iterator[bytes]

    def content(self) -> bytes:
        return b"".join(self.chunks)


def members(source: Source) -> Iterator[Member]:
    """All members but the digest, which is checked at the end. Raises `Foreign` and `Damaged`."""
    digest = hashlib.sha256()
    is_whole = False
    names = _Names()
    try:
        with tarfile.open(fileobj=cast(BinaryIO, source), mode="r|") as tar:
            for found in tar:
                if is_whole or not found.isreg():
                    raise Damaged
                names.check(found.name)
                content = cast(BinaryIO, tar.extractfile(found))
                if found.name == DIGEST:
                    is_whole = content.read() == digest.hexdigest().encode()
                    continue
                digest.update(_heading(found.name, found.size))
                member = Member(found.name, _read(content, digest))
                yield member
                for _rest in member.chunks:
                    pass
    except (tarfile.TarError, EOFError, UnicodeError, OverflowError) as problem:
        raise (Damaged if names.seen else Foreign) from problem
    if not names.seen:
        raise Foreign
    if not is_whole:
        raise Damaged


class _Names:
    """Whether it is a backup at all is decided at its first member."""

    def __init__(self) -> None:
        self.seen = False

    def check(self, name: str) -> None:
        if not self.seen and name != ABOUT:
            raise Foreign
        self.seen = True


def _read(content: BinaryIO, digest: Any) -> Iterator[bytes]:
    try:
        while chunk := content.read(READ):
            digest.update(chunk)
            yield chunk
    except tarfile.TarError as problem:
        raise Damaged from problem


def check(source: Source) -> dict[str, Any]:
    """Read all of it, and return what it says of itself. Raises `Foreign` and `Damaged`."""
    about: dict[str, Any] = {}
    for member in members(source):
        if member.name == ABOUT:
            about = _about(member.content())
    return about


def _about(content: bytes) -> dict[str, Any]:
    try:
        about = json.loads(content)
        number = about["format"]
    except (ValueError, TypeError, KeyError):
        raise Foreign
    if number != FORMAT:
        raise Damaged(f"its format is {number}, and this version reads {FORMAT}")
    return cast(dict[str, Any], about)
