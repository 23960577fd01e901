"""Imports: ten thousand rows of a file into what is there, half of them known.

The floor is the least that any program would do: COPY into a staging table, one INSERT … ON CONFLICT into a copy of the
leads with their indexes. The product also reads every cell by its type, tells known leads by two names, writes history
for what changes, begins journeys, makes new leads searchable, marks them for the flow, and keeps what it rejects.
Both are taken back at the end, so that every run finds the same leads.
"""

import csv
import io
import json
from random import Random

from django.db import connection, transaction

from bench.database import vacuum
from bench.pairs import Benchmark
from leads.importing.engine.recognising import recognise
from leads.importing.engine.running import Run
from leads.importing.files.uploads import keep, source_of
from leads.models import Import, Lead

ROWS = 10_000
HEADERS = ("id", "email", "family", "given", "title", "phone", "source", "country")
MAPPING = {
    "columns": {
        "id": "external_id", "email": "email", "family": "family_name", "given": "given_name", "title": "title",
        "phone": "phone", "source": "source", "country": "country",
    }
}  # fmt: skip
FLOOR = """
INSERT INTO bench_lead (id, email, is_free_mail, family_name, given_name, family_name_reading, given_name_reading,
    phone, title, department, seniority, buying_role, country, region, source, consent, custom, created_at)
OVERRIDING SYSTEM VALUE
SELECT DISTINCT ON (email) -line, email, false, family, given, '', '', phone, title, '', '', '', country, '', source,
    '', '{}', now()
FROM bench_coming ORDER BY email, line DESC
ON CONFLICT (email_key) WHERE email <> '' AND merged_into_id IS NULL DO UPDATE SET family_name = excluded.family_name,
    given_name = excluded.given_name, title = excluded.title, phone = excluded.phone, source = excluded.source,
    country = excluded.country
"""


def benchmark(*, leads: int) -> Benchmark:
    rows = min(ROWS, leads)
    _prepare()
    what = f"Import {rows:,} rows into {leads:,} leads, half of them known"
    file = File(rows)
    return Benchmark("import", what, file.product, file.floor, aim=5.0, unit="rows", prepare=file.write)


class File:
    """What both ways bring in: another one each run, written before the clock starts."""

    def __init__(self, rows: int) -> None:
        self.rows, self.text = rows, ""

    def write(self, run: int) -> None:
        self.text = _file(self.rows, run)

    def product(self, run: int) -> int:
        return _product(self.rows, self.text)

    def floor(self, run: int) -> int:
        return _floor(self.text)


def _file(rows: int, run: int) -> str:
    """Half of the rows are about leads that are there, with a new title; the others are new."""
    random = Random(run)
    known = list(Lead.objects.exclude(email="").order_by("pk").values_list("pk", flat=True)[: rows * 20])
    some = Lead.objects.in_bulk(random.sample(known, rows // 2))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADERS)
    for n, lead in enumerate(some.values()):
        writer.writerow(
            [f"k{run}-{n}", lead.email, lead.family_name, lead.given_name, f"Title {run}", lead.phone, "fair", "JP"]
        )
    for n in range(rows - len(some)):
        new = f"new{run}-{n}"
        writer.writerow(
            [new, f"{new}@firm{n % 97}.example", f"Family{n}", f"Given{n}", "Buyer", f"03-{n}", "fair", "JP"]
        )
    return out.getvalue()


def _product(rows: int, text: str) -> int:
    with transaction.atomic():
        job = Import(kind="leads", file_name="bench.csv", mapping=MAPPING)
        job.system, job.status = "bench", Import.Status.RUNNING
        job.save()
        keep(job, [text.encode()])
        recognise(job, source_of(job))
        job.save()
        outcome = Run(job, source_of(job)).run()
        transaction.set_rollback(True)
    if (outcome.created, outcome.updated) != (rows - rows // 2, rows // 2):
        raise AssertionError(f"The import brought in something else: {json.dumps(outcome.counts())}")
    return rows


def _floor(text: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        columns = ", ".join(f"{name} text" for name in HEADERS)
        cursor.execute(
            f"CREATE TEMP TABLE bench_coming (line bigint GENERATED ALWAYS AS IDENTITY, {columns}) ON COMMIT DROP"
        )
        copy = f"COPY bench_coming ({', '.join(HEADERS)}) FROM STDIN (FORMAT csv, HEADER)"
        cursor.copy_expert(copy, io.StringIO(text))
        cursor.execute(FLOOR)
        written = int(cursor.rowcount)
        transaction.set_rollback(True)
    return written


def _prepare() -> None:
    columns = [str(field.column) for field in Lead._meta.concrete_fields if not field.generated]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_lead")
        cursor.execute("CREATE TABLE bench_lead (LIKE leads_lead INCLUDING ALL)")
        names = ", ".join(columns)
        cursor.execute(f"INSERT INTO bench_lead ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM leads_lead")
    vacuum("bench_lead", analyze=True)
