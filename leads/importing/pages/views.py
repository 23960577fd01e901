"""Pages of imports: upload a file, map its columns, look at the dry run, import, and download what was rejected."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from history import audit
from leads.importing.engine import jobs
from leads.importing.engine.column_formats import DATES, NUMBERS, Doubt
from leads.importing.engine.kinds import kind_of, kinds
from leads.importing.engine.mapping import FORMULA
from leads.importing.engine.recognising import (
    doubts,
    guessed,
    guessed_system,
    preview,
    recognise,
    remember,
    unknown_words,
)
from leads.importing.engine.running import layout_of, progress_key
from leads.importing.files.reading import Layout, Record, Source, Unreadable, headers_of
from leads.importing.files.uploads import PART, keep, source_of
from leads.importing.pages.forms import LayoutForm, MappingForm, UploadForm
from leads.importing.pages.one_at_a_time import one_at_a_time
from leads.models.imports import Import, RejectedRow
from teams.http import UserRequest

SHOWN = 50
SAMPLES = 3
# So many columns of the first rows are shown beside each other; each column with examples stands in the list below.
PREVIEWED_COLUMNS = 60
Status = Import.Status
OPEN = (Status.UPLOADED, Status.CHECKED)
AT_WORK = (Status.CHECKING, Status.QUEUED, Status.RUNNING)


@require_http_methods(["GET", "POST"])
def imports(request: UserRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        answer = read_upload(request, form)
        if answer is not None:
            return answer
    listed = Import.objects.select_related("by").order_by("-pk")
    page = Paginator(listed, SHOWN).get_page(request.GET.get("page"))
    context = {"form": form, "imports": page, "kinds": kinds()}
    return render(request, "leads/importing/imports.html", context, status=422 if form.errors else 200)


@one_at_a_time
def read_upload(request: UserRequest, form: UploadForm) -> HttpResponse | None:
    job = upload(form, request)
    return redirect("import_mapping", job.pk) if job else None


def upload(form: UploadForm, request: UserRequest) -> Import | None:
    """Keep the file, with what can be recognised of it."""
    file = form.cleaned_data["file"]
    job = Import(kind=form.cleaned_data["kind"], file_name=file.name[:255], by=request.user)
    try:
        recognise_upload(job, source_of_upload(file))
    except Unreadable as refused:
        form.add_error("file", str(refused))
        return None
    with transaction.atomic():
        job.save()
        keep(job, file.chunks(PART))
    return job


def source_of_upload(file: UploadedFile[bytes]) -> Source:
    """The file as it came: in memory where it is small, else on the disk."""
    if isinstance(file, TemporaryUploadedFile):
        path = Path(file.temporary_file_path())
        return lambda: path.open("rb")
    content = file.read()
    return lambda: io.BytesIO(content)


def recognise_upload(job: Import, source: Source) -> None:
    """Recognise the layout, and guess the mapping. Raises `Unreadable`."""
    kind = kind_of(job.kind)
    recognise(job, source)
    headers = headers_of(source, layout_of(job))
    job.mapping = guessed(kind, headers)
    job.system = job.system or guessed_system(kind, headers)
    recognise(job, source)


@require_GET
def import_(request: UserRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Import.objects.select_related("by"), pk=pk)
    if job.status == Status.UPLOADED:
        return redirect("import_mapping", pk)
    is_at_work = job.status in AT_WORK
    done = job.created + job.updated + job.unchanged + job.rejected
    if job.status == Status.CHECKING:
        done = cache.get(progress_key(job), 0)
    context = {
        "job": job,
        "kind": kinds().get(job.kind),
        "is_at_work": is_at_work,
        "done": done,
        "dry_run": job.dry_run if job.status == Status.CHECKED else None,
        "rejected": [] if is_at_work else job.rejected_rows.all()[:SHOWN],
    }
    template = "leads/importing/import.html#state" if request.htmx else "leads/importing/import.html"
    # htmx stops asking when the answer has nothing to ask for any more.
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@one_at_a_time
def import_mapping(request: UserRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Import, pk=pk)
    if job.status not in (*OPEN, Status.FAILED) or job.line or not job.parts.exists():
        return redirect("import", pk)
    layout_form = LayoutForm(
        request.POST if request.POST.get("then") == "layout" else None,
        initial={"encoding": job.encoding, "delimiter": job.delimiter, "header_line": job.header_line},
    )
    if layout_form.is_bound and layout_form.is_valid() and apply_layout(job, layout_form):
        return redirect("import_mapping", pk)
    source, kind = source_of(job), kind_of(job.kind)
    headers = headers_of(source, layout_of(job))
    unknown = unknown_words(job, source)
    posted = request.POST if request.POST.get("then") == "check" else None
    form = MappingForm(posted, job=job, kind=kind, headers=headers, unknown=unknown)
    if form.is_bound and form.is_valid() and nothing_is_open(form, doubts(job, source, form.mapping())):
        save_mapping(job, form, headers)
        return redirect("import", pk)
    in_doubt = doubts(job, source)
    records = preview(source, layout_of(job))
    context = {
        "job": job,
        "kind": kind,
        "form": form,
        "layout_form": layout_form,
        "columns": columns(form, headers, records),
        "doubts": in_doubt,
        "asked": asked(job, form, in_doubt),
        "unknown_words": [word for _field, word in unknown],
        "records": records,
        "previewed_headers": headers[:PREVIEWED_COLUMNS],
        "previewed_columns": f":{PREVIEWED_COLUMNS}",
    }
    wrong = form.errors or layout_form.errors
    return render(request, "leads/importing/import_mapping.html", context, status=422 if wrong else 200)


# Which question answers which doubt.
FORMAT_FIELDS = {DATES: "date_format", NUMBERS: "decimal"}


def asked(job: Import, form: MappingForm, in_doubt: Sequence[Doubt]) -> set[str]:
    """The questions that are shown: of what is in doubt here, and of what the worker may have found behind the first
    rows."""
    wrong = set(form.errors) if form.is_bound else set()
    return wrong | ({*FORMAT_FIELDS.values()} if job.error else {FORMAT_FIELDS[doubt.sort] for doubt in in_doubt})


def nothing_is_open(form: MappingForm, in_doubt: Sequence[Doubt]) -> bool:
    """Whether each column that may be read in two ways was told which; asks where it was not."""
    for doubt in in_doubt:
        if not form.cleaned_data.get(FORMAT_FIELDS[doubt.sort]):
            form.add_error(FORMAT_FIELDS[doubt.sort], str(doubt))
    return not form.errors


def apply_layout(job: Import, form: LayoutForm) -> bool:
    """Read the file as the person says it is laid out, and guess anew. False when it cannot be."""
    cleaned = form.cleaned_data
    layout = Layout(cleaned["encoding"], cleaned["delimiter"], cleaned["header_line"])
    try:
        headers = headers_of(source_of(job), layout)
    except Unreadable as refused:
        form.add_error("header_line", str(refused))
        return False
    except UnicodeError:
        headers = []
    if not headers:
        form.add_error("header_line", _("There are no headers on this line."))
        return False
    job.encoding, job.delimiter, job.header_line = layout.encoding, layout.delimiter, layout.header_line
    job.date_format = job.decimal = ""
    recognise_upload(job, source_of(job))
    job.save()
    return True


def save_mapping(job: Import, form: MappingForm, headers: Sequence[str]) -> None:
    """Keep what was chosen, for this file and the next one like it, and have it checked."""
    cleaned = form.cleaned_data
    job.mapping = form.mapping().as_written()
    job.system, job.date_format, job.decimal = cleaned["system"], cleaned["date_format"], cleaned["decimal"]
    job.qualify_at_once, job.correct = cleaned["qualify_at_once"], cleaned["correct"]
    job.dry_run, job.language = None, get_language() or ""
    job.save(
        update_fields=[
            "mapping", "system", "date_format", "decimal", "qualify_at_once", "correct", "dry_run", "language",
        ]
    )  # fmt: skip
    remember(job, headers)
    jobs.ask_for(job, Status.CHECKING)


def columns(form: MappingForm, headers: Sequence[str], records: Sequence[Record]) -> list[dict[str, Any]]:
    """Each column: its header, some of its cells, the field that is chosen for it."""
    return [
        {
            "header": header,
            "samples": samples(records, number),
            "field": form[f"column_{number}"],
        }
        for number, header in enumerate(headers)
    ]


def samples(records: Sequence[Record], number: int) -> list[str]:
    cells = [record.cells[number].strip() for record in records if number < len(record.cells)]
    return [cell for cell in dict.fromkeys(cells) if cell][:SAMPLES]


@require_POST
def import_start(request: UserRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Import, pk=pk)
    if not jobs.ask_for(job, Status.QUEUED):
        is_gone = job.status == Status.FAILED and not job.parts.exists()
        gone = _("The file was kept for a week, and is deleted. Upload it again.")
        messages.info(request, gone if is_gone else _("This import was started already."))
    return redirect("import", pk)


@require_POST
def import_cancellation(request: UserRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Import, pk=pk)
    if jobs.cancel(job):
        messages.success(request, _("The import is stopped. Rows that are in stay in."))
    else:
        messages.info(request, _("This import was over already."))
    return redirect("import", pk)


@require_GET
def import_rejected(request: UserRequest, pk: int) -> StreamingHttpResponse:
    """The rejected rows as CSV: to be corrected in a spreadsheet and brought in again."""
    job = get_object_or_404(Import, pk=pk)
    audit.write(audit.Kind.EXPORTED, by=request.user, about=request.path)
    name = f"{job.file_name.rpartition('.')[0] or job.file_name}-rejected.csv"
    answer = StreamingHttpResponse(rejected_lines(job), content_type="text/csv; charset=utf-8")
    quoted = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    answer["Content-Disposition"] = f'attachment; filename="{quoted}"'
    return answer


class LineWriter:
    """A file that hands every line on."""

    @staticmethod
    def write(text: str) -> str:
        return text


def rejected_lines(job: Import) -> Iterator[str]:
    writer = csv.writer(LineWriter())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}"  # So that spreadsheets read it as UTF-8.
    width = len(job.headers)
    yield writer.writerow([neutral(header) for header in [*job.headers, "Smarketing line", "Smarketing reason"]])
    for row in rejected_rows(job):
        reasons = "; ".join(": ".join(filter(None, (each["column"], each["reason"]))) for each in row.reasons)
        cells = [*row.cells, *[""] * (width - len(row.cells))][: max(width, len(row.cells))]
        yield writer.writerow([neutral(cell) for cell in [*cells[:width], str(row.line), reasons, *cells[width:]]])


def rejected_rows(job: Import) -> Iterator[RejectedRow]:
    """All of them, a thousand at a time: no cursor of the server outlives its transaction."""
    line = -1
    while rows := job.rejected_rows.filter(line__gt=line).order_by("line")[:1000]:
        yield from rows
        line = rows[len(rows) - 1].line


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula. The importer takes the apostrophe off again."""
    return f"'{cell}" if cell[:1] in FORMULA and cell else cell
