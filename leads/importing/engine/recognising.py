"""What a new file is: its layout, what each column seems to hold, and what is to be asked about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from leads.importing.engine.column_formats import LOOKED_AT_BY_PAGE, Doubt, formats_of
from leads.importing.engine.fields import Field
from leads.importing.engine.header_words import columns_by_words
from leads.importing.engine.kinds import kind_of
from leads.importing.engine.mapping import ColumnMapping
from leads.importing.engine.rows import RowFormat
from leads.importing.engine.running import layout_of, undecided_plan
from leads.importing.files.layouts import recognised
from leads.importing.files.reading import (
    ADDED_COLUMNS,
    Layout,
    Record,
    Source,
    Unreadable,
    header_digest,
    headers_of,
    records,
)
from leads.models.imports import Import, ImportMapping
from leads.text.folding import fold

PREVIEWED = 8
MOST_WORDS = 20
# So many mappings are looked through for one of nearly the same headers, and what part they must share.
MOST_REMEMBERED = 100
LEAST_SHARED = 0.5


def recognise(job: Import, source: Source, encoding: str = "", header_line: int | None = None) -> None:
    """Fill in what was not said about the file: its layout. Raises `Unreadable`."""
    if not job.encoding:
        layout = recognised(source, encoding)
        job.encoding, job.delimiter, job.header_line = layout.encoding, layout.delimiter, layout.header_line
        job.header_line = job.header_line if header_line is None else header_line
    headers = headers_of(source, layout_of(job))
    if not headers:
        raise Unreadable(_("There are no headers on this line."))
    job.headers = headers


def doubts(job: Import, source: Source, mapping: ColumnMapping | None = None) -> list[Doubt]:
    """The columns whose dates or numbers may be read in two ways, as they are mapped, by the first rows."""
    plan = undecided_plan(job, source, mapping)
    return formats_of(plan, records(source, layout_of(job)), LOOKED_AT_BY_PAGE)[1]


def unknown_words(job: Import, source: Source) -> list[tuple[str, str]]:
    """Words that their field does not know, and that the mapping does not translate: (field, word)."""
    vocabulary = kind_of(job.kind).vocabulary()
    if not vocabulary:
        return []
    plan = undecided_plan(job, source)
    columns = [column for column in plan.columns if column.field.name in vocabulary]
    found: dict[tuple[str, str], None] = {}
    for record in islice(records(source, layout_of(job)), LOOKED_AT_BY_PAGE) if columns else ():
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
    """The mapping that files with these headers, or nearly these, had last time, else what the headers say.

    Columns that were not there last time are mapped by their words; those that were left out then stay out.
    """
    remembered = remembered_mapping(kind, headers)
    if remembered is None:
        return {"columns": columns_by_words(kind, headers), "constants": {}, "values": {}}
    written = {part: remembered.mapping.get(part, {}) for part in ("columns", "constants", "values")}
    by_header = {fold(header): name for header, name in written["columns"].items()}
    known = headers_seen(remembered)
    columns = {header: by_header[fold(header)] for header in headers if fold(header) in by_header}
    for header, name in columns_by_words(kind, [each for each in headers if fold(each) not in known]).items():
        if name not in columns.values():
            columns[header] = name
    return {**written, "columns": columns}


def remembered_mapping(kind: RowFormat, headers: Sequence[str]) -> ImportMapping | None:
    """Of these headers; else the latest of those that share most headers, and at least half of all, with these."""
    kept = ImportMapping.objects.filter(kind=kind.key)
    if exact := kept.filter(header_digest=header_digest(headers)).first():
        return exact
    names = {fold(header) for header in headers} - set(ADDED_COLUMNS)
    shares = []
    for candidate in kept.order_by("-used_at")[:MOST_REMEMBERED]:
        seen = headers_seen(candidate)
        shares.append((len(names & seen) / max(1, len(names | seen)), candidate))
    share, likest = max(shares, key=lambda each: each[0], default=(0, None))
    return likest if share >= LEAST_SHARED else None


def headers_seen(remembered: ImportMapping) -> set[str]:
    """The headers of the file that the mapping was made for, folded; of older ones those that were mapped."""
    mapping = remembered.mapping
    return {fold(header) for header in mapping.get("headers") or mapping.get("columns", {})}


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
    remembered = remembered_mapping(kind, headers)
    if remembered and remembered.mapping.get("system"):
        return str(remembered.mapping["system"])
    folded = {fold(header) for header in headers}
    return next((system for system, telling in SYSTEMS.items() if telling & folded), DEFAULT_SYSTEM)


def choices(kind: RowFormat) -> Iterable[tuple[str, list[Field]]]:
    """The fields by their groups, in order."""
    groups: dict[str, list[Field]] = {}
    for field in kind.fields.values():
        groups.setdefault(str(field.group), []).append(field)
    return groups.items()


def remember(job: Import, headers: Sequence[str]) -> None:
    """Keep the mapping for the next file of this kind with these headers. Without headers nothing tells files apart."""
    if job.header_line == 0:
        return
    ImportMapping.objects.update_or_create(
        kind=job.kind,
        header_digest=header_digest(headers),
        defaults={
            "mapping": {**job.mapping, "system": job.system, "headers": list(headers)},
            "used_at": job.created_at,
        },
    )
