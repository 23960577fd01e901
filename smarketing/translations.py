"""The catalogues of Japanese: what our code and templates say, and what is said for it.

An area is an app: its Python and `templates/<app>/` belong to `locale/<app>/`. The templates that all pages share,
those of signing in and of the API belong to `smarketing`.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

LANGUAGE = "ja"
SHARED_TEMPLATES = ("account", "allauth", "api", "django", "mfa")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = f"""\
msgid ""
msgstr ""
"Language: {LANGUAGE}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
PLACEHOLDER = re.compile(r"%\((\w+)\)")

Key = tuple[str | tuple[str, ...], str | None]


@dataclass
class Merged:
    """A catalogue brought up to date with what the area says now."""

    catalog: Catalog
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


def areas() -> list[str]:
    return [Path(path).name for path in settings.LOCALE_PATHS]


def catalogue_path(area: str) -> Path:
    return Path(settings.BASE_DIR) / "locale" / area / LANGUAGE / "LC_MESSAGES" / "django.po"


def sources(area: str) -> Iterator[Path]:
    """The files whose words belong to an area."""
    base = Path(settings.BASE_DIR)
    yield from sorted(path for path in (base / area).rglob("*.py") if "migrations" not in path.parts)
    folders = SHARED_TEMPLATES if area == "smarketing" else (area,)
    for folder in folders:
        yield from sorted(path for path in (base / "templates" / folder).rglob("*") if path.suffix in {".html", ".txt"})
    if area == "smarketing":
        yield from sorted((base / "templates").glob("*.html"))


def messages_in(path: Path) -> Iterator[Key]:
    """Each text that the file hands to gettext: its id (singular and plural as a pair) and its context."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # In brackets, so that the indentation of a template does not count.
        text = f"({templatize(text, origin=str(path))}\n)"
    for _line, message, _comments, context in extract("python", BytesIO(text.encode()), keywords=KEYWORDS):
        yield message, context


def read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(LANGUAGE)
    with path.open("rb") as file:
        return read_po(file, LANGUAGE)


def key_of(message: Message) -> Key:
    return (tuple(message.id) if isinstance(message.id, list | tuple) else message.id), message.context


def translations(catalog: Catalog) -> dict[Key, Message]:
    """What the catalogue knows, with what it no longer needs."""
    known = {key_of(message): message for message in catalog.obsolete.values()}
    return known | {key_of(message): message for message in catalog if message.id}


def is_translated(message: Message) -> bool:
    strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return bool(strings) and all(strings) and not message.fuzzy


def merge(area: str, elsewhere: dict[Key, Message] | None = None) -> Merged:
    """Bring the area's catalogue up to date: new ids come in, translations stay, `elsewhere` helps out."""
    current = read(catalogue_path(area))
    known = translations(current)
    listed = {key_of(message) for message in current if message.id}
    merged = Merged(Catalog(LANGUAGE))
    wanted = sorted({key for path in sources(area) for key in messages_in(path)}, key=str)
    for key in wanted:
        found = known.get(key)
        if found is None or not is_translated(found):
            found = (elsewhere or {}).get(key, found)
        message_id, context = key
        flags = ["fuzzy"] if found is not None and found.fuzzy else []
        added = merged.catalog.add(message_id, found.string if found else None, context=context, flags=flags)
        added.flags.discard("python-format")
        added.flags.discard("python-brace-format")
        name = message_id if isinstance(message_id, str) else message_id[0]
        if not is_translated(added):
            merged.missing.append(name)
        elif not has_same_placeholders(added):
            merged.wrong.append(name)
        if key not in listed:
            merged.unlisted.append(name)
    for key, message in known.items():
        if key not in set(wanted):
            merged.catalog.obsolete[merged.catalog._key_for(*key)] = message
    return merged


def has_same_placeholders(message: Message) -> bool:
    """Whether the translation has the placeholders of its source, and only those."""

    def names(text: str | None) -> set[str]:
        return set(PLACEHOLDER.findall(text or ""))

    ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
    strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return all(names(ids[0]) <= names(string) <= names(ids[-1]) for string in strings)


def write(area: str, catalog: Catalog) -> bool:
    """Write the catalogue; return whether that changed anything."""
    path = catalogue_path(area)
    out = BytesIO()
    write_po(out, catalog, width=120, no_location=True, omit_header=True, sort_output=True)
    text = HEADER + out.getvalue().decode().strip() + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def all_translations(besides: str = "") -> dict[Key, Message]:
    """What any catalogue has a translation for."""
    known: dict[Key, Message] = {}
    for area in areas():
        if area != besides:
            found = translations(read(catalogue_path(area)))
            known = {key: message for key, message in found.items() if is_translated(message)} | known
    return known


def conflicting_translations() -> list[str]:
    """Texts that two catalogues translate differently: only the first would ever be seen."""
    seen: dict[Key, tuple[str, object]] = {}
    twice = []
    for area in areas():
        for message in read(catalogue_path(area)):
            if not message.id or not is_translated(message):
                continue
            said = tuple(message.string) if isinstance(message.string, list | tuple) else (message.string,)
            first, other = seen.setdefault(key_of(message), (area, said))
            if other != said:
                twice.append(f"{key_of(message)[0]}: {other} in {first}, {said} in {area}")
    return twice


def compile_all() -> list[Path]:
    """Make the .mo of every catalogue that has changed; return those made."""
    made = []
    for area in areas():
        path = catalogue_path(area)
        target = path.with_suffix(".mo")
        if not path.exists() or (target.exists() and target.stat().st_mtime >= path.stat().st_mtime):
            continue
        out = BytesIO()
        write_mo(out, read(path))
        half_written = target.with_suffix(f".{os.getpid()}")
        half_written.write_bytes(out.getvalue())
        half_written.replace(target)
        made.append(target)
    return made
