"""The tree in the editor, read from a posted form."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import Any

from leads.criteria.editing.parts import JOINS, ROOT, Group, Leaf, Part
from leads.criteria.parsing import DEEPEST, MOST_NODES

COMMAS = re.compile("[、，\n]")


def posted(data: Mapping[str, Any], name: str) -> Group:
    """Read what the form sent. Nothing typed is lost, whatever it is; of more than a tree may have, only as
    much is read as it takes to say so."""
    return _Posted(data, name).group(ROOT)


class _Posted:
    def __init__(self, data: Any, name: str) -> None:
        self.data, self.name = data, name
        self.below: dict[str, set[str]] = {}
        self.count = 0
        for key in data:
            if not key.startswith(name + "."):
                continue
            path = key[len(name) + 1 :].rpartition(".")[0]
            if path.count("-") > 3 * DEEPEST:
                continue
            while "-" in path:
                parent, _, step = path.rpartition("-")
                self.below.setdefault(parent, set()).add(step)
                path = parent

    def text(self, path: str, key: str) -> str:
        return str(self.data.get(f"{self.name}.{path}.{key}", "")).strip()

    def texts(self, path: str, key: str) -> list[str]:
        full = f"{self.name}.{path}.{key}"
        found = self.data.getlist(full) if hasattr(self.data, "getlist") else self.data.get(full, [])
        return [str(each).strip() for each in ([found] if isinstance(found, str) else found)]

    def group(self, path: str) -> Group:
        join = self.text(path, "join")
        steps = sorted((step for step in self.below.get(path, ()) if step.isdecimal()), key=int)
        parts: list[Part] = []
        for step in steps:
            if self.count > MOST_NODES:
                break
            self.count += 1
            parts.append(self.part(f"{path}-{step}"))
        return Group(join if join in JOINS else "all", parts)

    def part(self, path: str) -> Part:
        if f"{self.name}.{path}.join" in self.data:
            return self.group(path)
        return Leaf(
            self.what(path),
            self.text(path, "op"),
            self.values(path),
            self.text(path, "bound") if self.text(path, "bound") == "at_most" else "at_least",
            # What was something else a moment ago has no number of times yet.
            self.text(path, "times") if f"{self.name}.{path}.times" in self.data else "1",
            self.text(path, "days"),
            self.group(f"{path}-w") if f"{self.name}.{path}-w.join" in self.data else None,
        )

    def what(self, path: str) -> str:
        if f"{self.name}.{path}.property" in self.data:
            return "property:" + self.text(path, "property")
        return self.text(path, "what")

    def values(self, path: str) -> list[str]:
        """A list is typed with commas, or chosen; a value with a comma stands in quotation marks."""
        if f"{self.name}.{path}.list" in self.data:
            typed = COMMAS.sub(",", self.text(path, "list"))
            return [each.strip() for row in csv.reader([typed], skipinitialspace=True) for each in row if each.strip()]
        return self.texts(path, "value")


def as_list(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' if re.search("[,、，]", value) else value for value in values)
