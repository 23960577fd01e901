"""What the editor's buttons do to a tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leads.criteria.editing.parts import ROOT, Group, Leaf, Part


def pressed(data: Mapping[str, Any], name: str) -> str:
    """The verb and the path of the button that was pressed, if it is one of ours."""
    return str(data.get(f"{name}.do", ""))


def press(root: Group, button: str) -> str:
    """Do what a button says; returns the path that should have the focus next."""
    verb, _, path = button.partition(":")
    numbered(root, ROOT)
    found = {part.path: part for part in root.every()} | {ROOT: root}
    target = found.get(path)
    match verb, target:
        case "add", Group():
            target.parts.append(Leaf("property:" if "w" in path.split("-") else "", is_new=True))
            return f"{path}-{len(target.parts) - 1}"
        case "group", Group():
            target.parts.append(Group("any" if target.join == "all" else "all", [Leaf(is_new=True)]))
            return f"{path}-{len(target.parts) - 1}-0"
        case "where", Leaf():
            target.where = Group("all", [Leaf("property:", "contains", is_new=True)])
            return f"{path}-w-0"
        case "remove", Group() | Leaf() if path != ROOT:
            removed(found, path, target)
            return path.rpartition("-")[0]
    return ""


def removed(found: Mapping[str, Part], path: str, target: Part) -> None:
    above = found[path.rpartition("-")[0]]
    if isinstance(above, Leaf):
        above.where = None
        return
    above.parts = [part for part in above.parts if part is not target]
    if not above.parts and above.path.endswith("-w"):
        leaf = found[above.path.rpartition("-")[0]]
        if isinstance(leaf, Leaf):
            leaf.where = None


def numbered(group: Group, path: str) -> None:
    group.path = path
    for number, part in enumerate(group.parts):
        if isinstance(part, Group):
            numbered(part, f"{path}-{number}")
            continue
        part.path = f"{path}-{number}"
        if part.where is not None:
            numbered(part.where, f"{part.path}-w")
