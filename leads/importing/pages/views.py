"""Pages of imports: upload a file, map its columns, look at the dry run, import, and download what was rejected."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.importing.engine import jobs
from leads.importing.engine.kinds import kind_of, kinds
from leads.importing.engine.mapping import FORMULA
from leads.importing.engine.reading import Layout, Record, Unreadable, headers_of
from leads.importing.engine.recognising import (
    guessed,
    guessed_system,
    order_matters,
    preview,
    recognise,
    remember,
    unknown_words,
)
from leads.importing.engine.running import layout_of, progress_key, source_of
from leads.importing.pages.forms import LayoutForm, MappingForm, UploadForm
from leads.models.imports import Import
from teams.http import UserRequest

SHOWN = 50
SAMPLES = 3
Status = Import.Status
OPEN = (Status.UPLOADED, Status.CHECKED)
AT_WORK = (Status.CHECKING, Status.QUEUED, Status.RUNNING)


@require_http_methods(["GET", "POST"])
def imports(request: UserRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (job := upload(form, request)):
        return redirect("import_mapping", job.pk)
    listed = Import.objects.defer("content").select_related("by").order_by("-pk")
    page = Paginator(listed, SHOWN).get_page(request.GET.get("page"))
    context = {"form": form, "imports": page, "kinds": kinds()}
    return render(request, "leads/importing/imports.html", context, status=422 if form.errors else 200)


def upload(form: UploadForm, request: UserRequest) -> Import | None:
    """Keep the file, with what can be recognised of it."""
    file = form.cleaned_data["file"]
    job = Import(kind=form.cleaned_data["kind"], file_name=file.name[:255], content=file.read(), by=request.user)
    try:
        recognise_upload(job)
    except Unreadable:
        form.add_error("file", _("This file is empty, or no table of text. Save it as CSV and try again."))
        return None
    job.save()
    return job


def recognise_upload(job: Import) -> None:
    """Recognise the layout, guess the mapping, see which way the dates go. Raises `Unreadable`."""
    source, kind = source_of(job), kind_of(job.kind)
    recognise(job, source)
    headers = headers_of(source, layout_of(job))
    job.mapping = guessed(kind, headers)
    job.system = job.system or guessed_system(kind, headers)
    recognise(job, source)


@require_GET
def import_(request: UserRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Import.objects.defer("content").select_related("by"), pk=pk)
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
def import_mapping(request: UserRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Import, pk=pk)
    if job.status not in (*OPEN, Status.FAILED) or job.line:
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
    if form.is_bound and form.is_valid():
        save_mapping(job, form, headers)
        return redirect("import", pk)
    records = preview(source, layout_of(job))
    context = {
        "job": job,
        "kind": kind,
        "form": form,
        "layout_form": layout_form,
        "columns": columns(form, headers, records),
        "order_matters": order_matters(job, source),
        "order_is_in_doubt": order_matters(job, source, only_in_doubt=True),
        "unknown_words": [word for _field, word in unknown],
        "records": records,
        "headers": headers,
    }
    wrong = form.errors or layout_form.errors
    return render(request, "leads/importing/import_mapping.html", context, status=422 if wrong else 200)


def apply_layout(job: Import, form: LayoutForm) -> bool:
    """Read the file as the person says it is laid out, and guess anew. False when it cannot be."""
    cleaned = form.cleaned_data
    layout = Layout(cleaned["encoding"], cleaned["delimiter"], cleaned["header_line"])
    try:
        headers = headers_of(source_of(job), layout)
    except (Unreadable, UnicodeError):
        headers = []
    if not headers:
        form.add_error("header_line", _("There are no headers on this line."))
        return False
    job.encoding, job.delimiter, job.header_line = layout.encoding, layout.delimiter, layout.header_line
    job.date_format = ""
    recognise_upload(job)
    job.save()
    return True


def save_mapping(job: Import, form: MappingForm, headers: Sequence[str]) -> None:
    """Keep what was chosen, for this file and the next one like it, and have it checked."""
    cleaned = form.cleaned_data
    job.mapping = form.mapping().as_written()
    job.system, job.date_format = cleaned["system"], cleaned["date_format"]
    job.qualify_at_once, job.correct = cleaned["qualify_at_once"], cleaned["correct"]
    job.dry_run, job.language = None, get_language() or ""
    job.save(update_fields=["mapping", "system", "date_format", "qualify_at_once", "correct", "dry_run", "language"])
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
    job = get_object_or_404(Import.objects.defer("content"), pk=pk)
    if not jobs.ask_for(job, Status.QUEUED):
        messages.info(request, _("This import was started already."))
    return redirect("import", pk)


@require_POST
def import_cancellation(request: UserRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Import.objects.defer("content"), pk=pk)
    if jobs.cancel(job):
        messages.success(request, _("The import is stopped. Rows that are in stay in."))
    else:
        messages.info(request, _("This import was over already."))
    return redirect("import", pk)


@require_GET
def import_rejected(request: UserRequest, pk: int) -> StreamingHttpResponse:
    """The rejected rows as CSV: to be corrected in a spreadsheet and brought in again."""
    job = get_object_or_404(Import.objects.defer("content"), pk=pk)
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
    for row in job.rejected_rows.iterator(chunk_size=1000):
        reasons = "; ".join(": ".join(filter(None, (each["column"], each["reason"]))) for each in row.reasons)
        cells = [*row.cells, *[""] * (width - len(row.cells))][: max(width, len(row.cells))]
        yield writer.writerow([neutral(cell) for cell in [*cells[:width], str(row.line), reasons, *cells[width:]]])


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula. The importer takes the apostrophe off again."""
    return f"'{cell}" if cell[:1] in FORMULA and cell else cell
