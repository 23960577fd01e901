"""What a new file is: its layout, what each column seems to hold, and which way its dates go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from leads.importing.engine.cells import Reading
from leads.importing.engine.custom_columns import with_keys
from leads.importing.engine.fields import Field
from leads.importing.engine.kinds import kind_of
from leads.importing.engine.mapping import ColumnMapping, Plan
from leads.importing.engine.moments import has_year_last, order_of
from leads.importing.engine.reading import (
    Layout,
    Record,
    Source,
    Unreadable,
    header_digest,
    headers_of,
    recognised,
    records,
)
from leads.importing.engine.rows import RowFormat
from leads.importing.engine.running import layout_of
from leads.models.imports import Import, ImportMapping
from leads.text.folding import fold
from smarketing.company import company_zone

# Rows looked at to see which way dates go; all of them, in files of a usual size.
LOOKED_AT = 100_000
PREVIEWED = 8
MOST_WORDS = 20


def recognise(job: Import, source: Source) -> None:
    """Fill in what was not said about the file: layout and date order. Raises `Unreadable`."""
    if not job.encoding:
        layout = recognised(source)
        job.encoding, job.delimiter, job.header_line = layout.encoding, layout.delimiter, layout.header_line
    headers = headers_of(source, layout_of(job))
    if not headers:
        raise Unreadable("headers")
    job.headers = headers
    if not job.date_format:
        job.date_format = order_of(dates_of(job, source, headers))


def dates_of(job: Import, source: Source, headers: Sequence[str]) -> Iterator[str]:
    """The cells of the columns that are mapped to moments and days."""
    kind = kind_of(job.kind)
    mapping = with_keys(ColumnMapping.read(job.mapping))
    places = [
        headers.index(header)
        for header, name in mapping.columns.items()
        if header in headers and (field := kind.find_field(name)) and field.sql in ("timestamptz", "date")
    ]
    if not places:
        return
    for record in islice(records(source, layout_of(job)), LOOKED_AT):
        for place in places:
            if place < len(record.cells) and record.cells[place].strip():
                yield record.cells[place]


def order_matters(job: Import, source: Source, *, only_in_doubt: bool = False) -> bool:
    """Whether some dates are written 3/4/2025; in doubt, where none of them says which comes first."""
    dates = list(dates_of(job, source, headers_of(source, layout_of(job))))
    return has_year_last(dates) and not (only_in_doubt and order_of(dates))


def unknown_words(job: Import, source: Source) -> list[tuple[str, str]]:
    """Words that their field does not know, and that the mapping does not translate: (field, word)."""
    kind = kind_of(job.kind)
    vocabulary = kind.vocabulary()
    if not vocabulary:
        return []
    mapping = with_keys(ColumnMapping.read(job.mapping))
    plan = Plan(kind, mapping, headers_of(source, layout_of(job)), Reading(company_zone()))
    columns = [column for column in plan.columns if column.field.name in vocabulary]
    found: dict[tuple[str, str], None] = {}
    for record in islice(records(source, layout_of(job)), LOOKED_AT) if columns else ():
        for column in columns:
            word = plan.cell(column, record.cells)
            if word and fold(word) not in vocabulary[column.field.name]:
                found[column.field.name, word] = None
        if len(found) >= MOST_WORDS:
            break
    return list(found)


def preview(source: Source, layout: Layout) -> list[Record]:
    return list(islice(records(source, layout), PREVIEWED))


def guessed(kind: RowFormat, headers: Sequence[str]) -> dict[str, Any]:
    """The mapping that files with these headers had last time, else what the headers say."""
    remembered = ImportMapping.objects.filter(kind=kind.key, header_digest=header_digest(headers)).first()
    if remembered:
        known = set(headers)
        written = {part: remembered.mapping.get(part, {}) for part in ("columns", "constants", "values")}
        columns = {header: name for header, name in written.get("columns", {}).items() if header in known}
        return {**written, "columns": columns}
    return {"columns": columns_by_words(kind, headers), "constants": {}, "values": {}}


# Headers that only the exports of one tool have.
SYSTEMS = {
    "hubspot": {"marketing contact status", "lifecycle stage", "original traffic source", "record id - contact"},
    "eight": {"eightでつながっている人", "再データ化中の名刺"},
    "sansan": {"sansan名刺id", "名刺id"},
    "salesforce": {"lead id 18", "salesforce id", "saleforceリードid"},
}
DEFAULT_SYSTEM = "csv"


def guessed_system(kind: RowFormat, headers: Sequence[str]) -> str:
    """Which system the file comes from: as last time, else as its headers give away."""
    remembered = ImportMapping.objects.filter(kind=kind.key, header_digest=header_digest(headers)).first()
    if remembered and remembered.mapping.get("system"):
        return str(remembered.mapping["system"])
    folded = {fold(header) for header in headers}
    return next((system for system, telling in SYSTEMS.items() if telling & folded), DEFAULT_SYSTEM)


def columns_by_words(kind: RowFormat, headers: Sequence[str]) -> dict[str, str]:
    """Each header with the field that it names. Of several for one field, only those that may share it: phones."""
    by_word = words_of(kind)
    found: dict[str, str] = {}
    for header in headers:
        name = by_word.get(plain(header))
        if name and (name not in found.values() or name == "phone"):
            found[header] = name
    return found


def words_of(kind: RowFormat) -> dict[str, str]:
    """Fields by the words for them: name, label, synonyms."""
    by_word: dict[str, str] = {}
    for field in kind.fields.values():
        for word in (field.name, str(field.label), *field.synonyms):
            by_word.setdefault(plain(word), field.name)
    return by_word


def plain(word: str) -> str:
    """A header without what writers do differently: width, case, spaces, underscores, marks."""
    return "".join(letter for letter in fold(word) if letter.isalnum())


def choices(kind: RowFormat) -> Iterable[tuple[str, list[Field]]]:
    """The fields by their groups, in order."""
    groups: dict[str, list[Field]] = {}
    for field in kind.fields.values():
        groups.setdefault(str(field.group), []).append(field)
    return groups.items()


def remember(job: Import, headers: Sequence[str]) -> None:
    """Keep the mapping for the next file of this kind with these headers."""
    ImportMapping.objects.update_or_create(
        kind=job.kind,
        header_digest=header_digest(headers),
        defaults={"mapping": {**job.mapping, "system": job.system}, "used_at": job.created_at},
    )
