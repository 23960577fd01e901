"""What the documents name is there: files, links, modules, commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands
from django.template.backends.django import get_installed_libraries

BASE = Path(settings.BASE_DIR)
DOCUMENTS = [*sorted(BASE.glob("*.md")), *sorted((BASE / "docs").rglob("*.md"))]
# Folders that are made, and that no checkout has.
MADE = {".venv", "var"}

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?:[\w.*-]+/)+[\w.*-]*|[\w-]+\.(?:css|html|js|md|po|py|toml|txt|yml)")
MODULE = re.compile(r"[a-z_]+(?:\.\w+)+")
MEMBER = re.compile(r"[A-Z]\w+(?:\.\w+)+")


def place(document: Path) -> str:
    return str(document.relative_to(BASE))


every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=place)


@every_document
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    assert [link for link in links(document) if not target(document, link).exists()] == []


@every_document
def test_every_heading_that_is_linked_is_there(document: Path) -> None:
    to_headings = [(target(document, link), link.split("#")[1]) for link in links(document) if "#" in link]
    assert [heading for page, heading in to_headings if heading not in headings(page)] == []


def test_every_document_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    todo = [BASE / "README.md"]
    while todo:
        document = todo.pop()
        if document not in reached:
            reached.add(document)
            todo += [page for link in links(document) if (page := target(document, link)).suffix == ".md"]
    assert sorted(set(DOCUMENTS) - reached) == []


@every_document
def test_every_file_that_is_named_is_there(document: Path) -> None:
    assert [path for path in named(document, PATH) if is_ours(path) and not is_there(path)] == []


@every_document
def test_every_module_that_is_named_can_be_imported(document: Path) -> None:
    names = [name for name in named(document, MODULE) if name.split(".")[0] in {*settings.APPS, "smarketing"}]
    assert [name for name in names if not PATH.fullmatch(name) and not resolves(name)] == []


@every_document
def test_every_verb_of_a_model_that_is_named_is_there(document: Path) -> None:
    models = {model.__name__: model for model in apps.get_models()}
    names = [name.split(".") for name in named(document, MEMBER)]
    assert [[model, *path] for model, *path in names if model in models and not has_path(models[model], path)] == []


def test_the_picture_names_every_app_and_only_what_is_there() -> None:
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", (BASE / "docs" / "architecture.svg").read_text(encoding="utf-8"))
    assert {*settings.APPS, "smarketing"} - set(texts) == set()
    assert [text for text in texts if MODULE.fullmatch(text) and not resolves(text)] == []


@every_document
def test_the_examples_in_python_import_what_there_is(document: Path) -> None:
    for _indent, language, code in FENCE.findall(document.read_text(encoding="utf-8")):
        if language == "python":
            imports = [node for node in ast.walk(ast.parse(dedent(code))) if isinstance(node, ast.ImportFrom)]
            names = [f"{node.module}.{alias.name}" for node in imports for alias in node.names]
            assert [name for name in names if not resolves(name) and not is_made_by(name, document)] == []


@every_document
def test_the_examples_of_templates_load_what_there_is(document: Path) -> None:
    loaded = re.findall(r"{% load ([\w ]+) %}", document.read_text(encoding="utf-8"))
    assert set(" ".join(loaded).split()) <= set(get_installed_libraries())


@every_document
def test_every_command_that_is_named_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"^([\w-]+):", (BASE / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())
    assert set(re.findall(r"`(?:[A-Z]+=\S+ )*make ([a-z-]+)", text)) <= set(targets)


def test_the_documents_that_the_code_names_are_there() -> None:
    sources = [path for app in [*settings.APPS, "smarketing"] for path in (BASE / app).rglob("*.py")]
    names = {name for path in sources for name in re.findall(r"docs/[\w/-]+\.\w+", path.read_text(encoding="utf-8"))}
    assert [name for name in sorted(names) if not is_there(name)] == []


def test_the_glossary_says_in_japanese_what_pages_say() -> None:
    rows = [row.split("|") for row in (BASE / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()]
    words = {word for row in rows if len(row) == 6 for word in row[2].strip().split("、")} - {"日本語", "---", "–"}
    said = "".join(path.read_text(encoding="utf-8") for path in (BASE / "locale").rglob("*.po"))
    assert sorted(word for word in words if word not in said) == []


def test_decisions_are_numbered_and_listed_in_order() -> None:
    records = sorted(path.name for path in (BASE / "docs" / "decisions").glob("*.md") if path.name != "README.md")
    assert [name[:5] for name in records] == [f"{number:04}-" for number in range(1, len(records) + 1)]
    index = (BASE / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[\d{4}\]\((.+?)\)", index, re.MULTILINE) == records


def links(document: Path) -> list[str]:
    """Where it links to, within the repository."""
    return [link for link in LINK.findall(prose(document)) if not re.match(r"https?:|mailto:", link)]


def target(document: Path, link: str) -> Path:
    """The file that a link leads to: `decisions/`, `../README.md#the-demo`, `#a-metric`."""
    path = link.split("#")[0]
    return (document.parent / path).resolve() if path else document


def headings(document: Path) -> set[str]:
    """Its headings, as addresses name them: "What it means, and why" is `what-it-means-and-why`."""
    found = re.findall("^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def prose(document: Path) -> str:
    """The text without its blocks of code."""
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def named(document: Path, shape: re.Pattern[str]) -> list[str]:
    """What stands between backquotes and has this shape, without the option or the line number behind it."""
    spans = (span.split()[0] for span in SPAN.findall(prose(document)))
    return [match[0] for span in spans if (match := shape.fullmatch(span))]


def is_ours(path: str) -> bool:
    """Whether it is meant as a path from the root of the repository, or as the name of one of its files."""
    top, *below = path.split("/")
    return not below or (top not in MADE and (BASE / top).is_dir())


def is_there(path: str) -> bool:
    return any(BASE.glob(path.rstrip("/"))) if "/" in path else path in file_names()


@cache
def file_names() -> set[str]:
    """The names of all files, whatever their folder."""
    folders = [path for path in BASE.iterdir() if path.is_dir() and path.name not in MADE and path.name[0] != "."]
    below = (path for folder in folders for path in folder.rglob("*.*"))
    return {path.name for path in [*BASE.iterdir(), *below]}


def is_made_by(name: str, document: Path) -> bool:
    """Whether a block of the document writes it into that module: the first line of such a block names the file."""
    *module, member = name.split(".")
    begins = re.compile(rf"(#|\+\+\+) {re.escape('/'.join(module))}\.py\n")
    blocks = [dedent(code) for _indent, _language, code in FENCE.findall(document.read_text(encoding="utf-8"))]
    return any(begins.match(block) and re.search(rf"\b{member}\b", block) for block in blocks)


def resolves(name: str) -> bool:
    """Whether this is a module, or something that a module has."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            return has_path(import_module(".".join(parts[:length])), parts[length:])
    return False


def has_path(value: object, path: Iterable[str]) -> bool:
    """Whether each of these names is an attribute of the one before it, from that value on."""
    for name in path:
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    return True
