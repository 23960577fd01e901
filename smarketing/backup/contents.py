"""What of a data directory is in a backup, and what is not: each name in it is one or the other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from smarketing.backup.problems import BackupProblem, Damaged

# Secrets that lie in the data directory, mails kept while there is no mail server, and files of people.
KEPT = ("secret_key", "encryption_key", "demo-password", "mail", "media")
# Who this data directory is, what runs in it, and what can be made anew.
LEFT = (
    "installation",
    "embedded.*",
    "postgres",
    "postgres.new",
    "sockets",
    "valkey.password",
    "run-*",
    "static",
    "joined",
    "log",
    "backups",
    "restoring",
    "restored-over",
)
FOLDER = "files"


def is_kept(name: str) -> bool:
    return name in KEPT


def is_left(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in LEFT)


def files_of(var: Path) -> Iterator[tuple[str, Path]]:
    """The files to keep, each with its name in the backup."""
    for name in KEPT:
        top = var / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not path.is_symlink() and path.suffix != ".part":
                yield f"{FOLDER}/{path.relative_to(var).as_posix()}", path


class Staging:
    """Files that come back: written beside the data directory's own, and put in their place together."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.folder, self.before = var / "restoring", var / "restored-over"

    def empty(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name: str, chunks: Iterator[bytes]) -> None:
        """Raises `Damaged` where the name leads elsewhere."""
        path = PurePosixPath(name).relative_to(FOLDER)
        if not path.parts or ".." in path.parts or not is_kept(path.parts[0]):
            raise Damaged(f"it holds a file that does not belong there: {name}")
        target = self.folder / path
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with target.open("wb") as file:
                target.chmod(0o600)
                for chunk in chunks:
                    file.write(chunk)
        except OSError as problem:
            raise BackupProblem(f"{target} cannot be written: {problem.strerror}. Nothing was changed.") from problem

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put them in their place; where what follows fails, all is put back. What lay there is kept in
        `restored-over`, until the next time."""
        shutil.rmtree(self.before, ignore_errors=True)
        with ExitStack() as back:
            try:
                self.before.mkdir(mode=0o700)
                for name in KEPT:
                    _move(self.var / name, self.before / name, back)
                    _move(self.folder / name, self.var / name, back)
            except OSError as problem:
                words = f"{problem.filename} cannot be put in its place: {problem.strerror}. Nothing was changed."
                raise BackupProblem(words) from problem
            yield
            back.pop_all()
        self.empty()


def _move(source: Path, target: Path, back: ExitStack) -> None:
    if source.exists():
        source.rename(target)
        back.callback(target.rename, source)
