"""Where static files come from that others ship."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage


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
