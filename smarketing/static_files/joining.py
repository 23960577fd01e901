"""One file of many: an entry that imports others, with what it imports put in the place of the imports.

Style sheets and scripts are written one file a component, and fetched as one. Only the few forms below are understood;
any other stops the start, where a browser would leave it out without a word.
"""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

SHEETS = re.compile(r'^@import url\("([^"]+)"\) layer\((\w+)\);$', re.MULTILINE)
# What has no place in a layer.
UNLAYERED = re.compile(r"^\s*(@(?:import|charset|namespace)\b.*)", re.MULTILINE)
# Addresses as seen from the file; not data, other hosts, paths from the root, parts of a picture.
RELATIVE = re.compile(r"""url\((["']?)(?![a-z]+:|[/#])([^"')]+)\1\)""")

MODULES = re.compile(r'^import (?:\{ (.+) \} from )?"\./([\w-]+\.js)";$', re.MULTILINE)
EXPORTS = re.compile(r"^export (?=(?:(?:async )?function|class|const) (\w+))", re.MULTILINE)
NOT_JOINED = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class NotJoined(ValueError):
    """A source imports or exports in a form that is not understood here."""


@dataclass(frozen=True)
class Joined:
    text: str
    # The files that it was made of beside the entry.
    parts: frozenset[str]


def join(folder: Path, entry: str) -> Joined:
    """The file at `entry`, a path under the folder, as all paths are here."""
    return join_styles(folder, entry) if entry.endswith(".css") else join_scripts(folder, entry)


def join_styles(folder: Path, entry: str) -> Joined:
    """Each part is a block of its layer, in the order of the entry."""
    parts: set[str] = set()

    def layered(imported: re.Match[str]) -> str:
        name, layer = imported.groups()
        part = posixpath.join(posixpath.dirname(entry), name)
        parts.add(part)
        text = (folder / part).read_text(encoding="utf-8")
        refuse(part, UNLAYERED.search(text))
        return f"@layer {layer} {{\n/* {name} */\n{moved_up(text, posixpath.dirname(name))}\n}}\n"

    text = SHEETS.sub(layered, (folder / entry).read_text(encoding="utf-8"))
    refuse(entry, UNLAYERED.search(text))
    return Joined(text, frozenset(parts))


def moved_up(text: str, origin: str) -> str:
    """The rules of a file in the folder `origin`, as they are written beside that folder."""
    return RELATIVE.sub(lambda url: f'url("{posixpath.normpath(posixpath.join(origin, url[2]))}")', text)


def join_scripts(folder: Path, entry: str) -> Joined:
    """Each module is a block with names of its own, behind those that it imports."""
    blocks: dict[str, str] = {}
    exports: dict[str, list[str]] = {}

    def add(name: str, importers: tuple[str, ...] = ()) -> None:
        if name in importers:
            raise NotJoined(f"{name} imports itself, through {', '.join(importers)}")
        if name in blocks:
            return
        text = (folder / posixpath.dirname(entry) / name).read_text(encoding="utf-8")
        exports[name] = EXPORTS.findall(text)
        for names, module in MODULES.findall(text):
            add(module, (*importers, name))
            if missing := {each for each in names.split(", ") if each} - {*exports[module]}:
                raise NotJoined(f"{name}: {module} exports no {', '.join(sorted(missing))}")
        blocks[name] = block(name, text, exports[name])

    add(posixpath.basename(entry))
    parts = {posixpath.join(posixpath.dirname(entry), name) for name in blocks}
    return Joined("\n".join(blocks.values()), frozenset(parts - {entry}))


def block(name: str, text: str, exported: list[str]) -> str:
    body = EXPORTS.sub("", MODULES.sub(lambda module: taken(*module.groups()), text))
    refuse(name, NOT_JOINED.search(body))
    if not exported:
        return f"{{\n// {name}\n{body}\n}}\n"
    given = f"Object.assign({exports_of(name)}, {{ {', '.join(exported)} }});"
    return f"const {exports_of(name)} = {{}};\n{{\n// {name}\n{body}\n{given}\n}}\n"


def taken(names: str | None, module: str) -> str:
    return f"const {{ {names} }} = {exports_of(module)};" if names else ""


def exports_of(module: str) -> str:
    """The name of the object that holds what a module exports."""
    return "exports_of_" + re.sub(r"\W", "_", module)


def refuse(source: str, found: re.Match[str] | None) -> None:
    if found:
        raise NotJoined(f"{source}: not understood: {found[0].strip()}")
