"""Where static files come from: our own, of which some are joined, and one that others ship."""

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder, FileSystemFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

from smarketing.static_files.joining import Joined, join

# Each is one file with all that it imports, which is not offered itself.
ENTRIES = ("css/app.css", "js/app.js")
States = dict[str, tuple[int, int]]


class JoiningFinder(FileSystemFinder):
    """Our own files. Whoever serves or collects them finds an entry made of its parts as they are at that moment."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(app_names, *args, **kwargs)
        self.storage = FileSystemStorage(Path(settings.VAR_DIR) / "joined")
        self._made: dict[str, tuple[States, Joined]] = {}

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        entries = self.entries()
        if path in entries:
            return [self.storage.path(path)] if find_all else self.storage.path(path)
        if any(path in joined.parts for joined in entries.values()):
            return []
        return super().find(path, find_all=True) if find_all else super().find(path)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        entries = self.entries()
        left = frozenset(entries).union(*(joined.parts for joined in entries.values()))
        yield from ((entry, self.storage) for entry in entries)
        yield from ((path, where) for path, where in super().list(ignore_patterns) if path not in left)

    def entries(self) -> dict[str, Joined]:
        """Those that there are, with their files."""
        folders = [Path(root) for _prefix, root in self.locations]
        return {name: self._joined(root, name) for root in folders for name in ENTRIES if (root / name).exists()}

    def _joined(self, root: Path, entry: str) -> Joined:
        # Asked before the sources are read: what changes meanwhile is seen the next time.
        states = states_under((root / entry).parent)
        if entry in self._made and self.storage.exists(entry):
            before, joined = self._made[entry]
            if before == states:
                return joined
        joined = join(root, entry)
        write_public(Path(self.storage.path(entry)), joined.text)
        self._made[entry] = states, joined
        return joined


def states_under(folder: Path) -> States:
    """By which a change of a source is noticed."""
    states = {}
    for path in (Path(where) / name for where, _folders, names in os.walk(folder) for name in names):
        # Editors keep files of their own beside, which come and go.
        with suppress(FileNotFoundError):
            status = path.stat()
            states[str(path)] = status.st_mtime_ns, status.st_size
    return states


def write_public(path: Path, text: str) -> None:
    """Whole or not at all, by however many at once; what is unchanged stays as old as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(draft, 0o644)
    os.replace(draft, path)


class PlotlyFinder(BaseFinder):
    """plotly.js as the installed `plotly` package ships it, without importing that package."""

    name = "plotly/plotly.min.js"

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        spec = find_spec("plotly")
        folder = Path(str(spec.origin)).parent / "package_data" if spec else Path()
        self.storage = FileSystemStorage(folder)
        self.storage.prefix = "plotly"  # type: ignore[attr-defined]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [self.storage.path("plotly.min.js")] if path == self.name else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        if not matches_patterns("plotly.min.js", list(ignore_patterns or [])):
            yield "plotly.min.js", self.storage
