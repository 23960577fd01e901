"""Bring a few rows in, as a test needs them."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from leads.importing.engine.kinds import kind_of
from leads.importing.engine.recognising import guessed, recognise
from leads.importing.engine.running import Outcome, import_file, layout_of, rehearse
from leads.importing.files.reading import Source, headers_of
from leads.importing.files.uploads import keep
from leads.models import Import, RejectedRow
from tests import make


def source_of(text: str | bytes) -> Source:
    content = text if isinstance(text, bytes) else text.encode()
    return lambda: io.BytesIO(content)


def job(kind: str, text: str | bytes, mapping: dict[str, Any] | None = None, **fields: Any) -> Import:
    """An import of this text; without a mapping, with the guessed one. A plain mapping is of columns."""
    fields.setdefault("system", "crm")
    made = Import(kind=kind, file_name="test.csv", status=Import.Status.RUNNING, **fields)
    source = source_of(text)
    recognise(made, source)
    if mapping is None:
        mapping = guessed(kind_of(kind), headers_of(source, layout_of(made)))
    made.mapping = mapping if "columns" in mapping else {"columns": mapping}
    recognise(made, source)
    made.save()
    keep(made, [text if isinstance(text, bytes) else text.encode()])
    return made


def bring(
    kind: str,
    text: str | bytes,
    mapping: dict[str, Any] | None = None,
    *,
    at: datetime = make.MONDAY_9AM,
    is_dry: bool = False,
    **fields: Any,
) -> tuple[Import, dict[str, int]]:
    """Bring the text in, and return the import with its counts."""
    made = job(kind, text, mapping, **fields)
    outcome: Outcome = (rehearse if is_dry else import_file)(made, source_of(text), at=at)
    if not is_dry:
        made.refresh_from_db()
        assert outcome.counts() == {name: getattr(made, name) for name in outcome.counts()}
    return made, outcome.counts()


def counts(created: int = 0, updated: int = 0, unchanged: int = 0, rejected: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "rejected": rejected}


def reasons(job: Import) -> list[tuple[int, list[str]]]:
    return [(row.line, [each["reason"] for each in row.reasons]) for row in RejectedRow.objects.filter(import_job=job)]
