"""Imports: ten thousand rows of a file into what is there, half of them known.

The floor is the least that any program would do: COPY into a staging table, one INSERT … ON CONFLICT into a copy of the
leads with their indexes. The product also reads every cell by its type, tells known leads by two names, writes history
for what changes, begins journeys, makes new leads searchable, marks them for the flow, and keeps what it rejects.
When all is in, it has the planner look at the tables anew, and ends the job; `import-rows` is measured without that.
Both ways commit. Before each run what was brought in is taken back, so that every run finds the same leads.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from random import Random

from django.db import connection, transaction
from django.db.models import Max
from django.utils.timezone import now

from bench.database import untold, vacuum
from bench.pairs import Benchmark
from leads.importing.engine.recognising import recognise
from leads.importing.engine.running import Outcome, Run, import_file
from leads.importing.files.uploads import keep, source_of
from leads.models import Import, Lead

ROWS = 10_000
SYSTEM = "bench"
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


# The leads of a file that are known, as they were.
KNOWN = """
DROP TABLE IF EXISTS bench_known;
CREATE TABLE bench_known AS SELECT * FROM leads_lead WHERE id = ANY (%s)
"""
RESTORE = "UPDATE {table} lead SET ({columns}) = ({known}) FROM bench_known known WHERE known.id = lead.id"
OF_A_LEAD = """
SELECT DISTINCT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_name)
WHERE c.column_name = 'lead_id' AND t.table_type = 'BASE TABLE' AND t.table_name LIKE ANY (%s)
"""
APPS = ["leads\\_%", "funnel\\_%", "scoring\\_%"]


def benchmarks(*, leads: int) -> Iterator[Benchmark]:
    rows = min(ROWS, leads)
    _prepare()
    what = f"Import {rows:,} rows into {leads:,} leads, half of them known"
    file = File(rows)
    try:
        yield Benchmark("import", what, file.product, file.floor, aim=5.0, unit="rows", prepare=file.write)
        what = f"The same {rows:,} rows, without what follows them"
        yield Benchmark("import-rows", what, file.rows_alone, file.floor, aim=5.0, unit="rows", prepare=file.write)
    finally:
        file.take_back()


class File:
    """What both ways bring in: another one each run, written before the clock starts."""

    def __init__(self, rows: int) -> None:
        self.rows, self.text = rows, ""
        self.last, self.begun = Lead.objects.aggregate(last=Max("pk"))["last"], now()
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [[]])
            cursor.execute(OF_A_LEAD, [APPS])
            self.tables = [table for (table,) in cursor.fetchall()]

    def write(self, run: int) -> None:
        self.take_back()
        self.text, known = _file(self.rows, run)
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [known])

    def take_back(self) -> None:
        """Leave the leads that were there, as they were."""
        with untold(), connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f"DELETE FROM {table} WHERE lead_id > %s", [self.last])
            cursor.execute("DELETE FROM leads_identity WHERE system = %s", [SYSTEM])
            cursor.execute("DELETE FROM history_change WHERE subject = 'lead' AND at >= %s", [self.begun])
            cursor.execute("DELETE FROM leads_stalelead")
            cursor.execute("DELETE FROM history_outbox")
            cursor.execute("DELETE FROM leads_lead WHERE id > %s", [self.last])
            cursor.execute("DELETE FROM bench_lead WHERE id < 0")
            known = ", ".join(f"known.{name}" for name in _columns())
            for table in ("leads_lead", "bench_lead"):
                cursor.execute(RESTORE.format(table=table, columns=", ".join(_columns()), known=known))
        Import.objects.filter(system=SYSTEM).delete()
        vacuum(*self.tables, "leads_lead", "bench_lead", "history_change", "history_outbox")

    def product(self, run: int) -> int:
        return self._bring_in(lambda job: import_file(job, source_of(job), rings=True))

    def rows_alone(self, run: int) -> int:
        return self._bring_in(lambda job: Run(job, source_of(job)).run())

    def _bring_in(self, way: Callable[[Import], Outcome]) -> int:
        with transaction.atomic():
            job = Import(kind="leads", file_name="bench.csv", mapping=MAPPING)
            job.system, job.status = SYSTEM, Import.Status.RUNNING
            job.save()
            keep(job, [self.text.encode()])
            recognise(job, source_of(job))
            job.save()
        outcome = way(job)
        if (outcome.created, outcome.updated) != (self.rows - self.rows // 2, self.rows // 2):
            raise AssertionError(f"The import brought in something else: {json.dumps(outcome.counts())}")
        return self.rows

    def floor(self, run: int) -> int:
        return _floor(self.text)


def _file(rows: int, run: int) -> tuple[str, list[int]]:
    """Half of the rows are about leads that are there, with a new title; the others are new. And who is there."""
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
    return out.getvalue(), list(some)


def _floor(text: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        columns = ", ".join(f"{name} text" for name in HEADERS)
        cursor.execute(f"CREATE TEMP TABLE bench_coming (line bigint GENERATED ALWAYS AS IDENTITY, {columns})")
        copy = f"COPY bench_coming ({', '.join(HEADERS)}) FROM STDIN (FORMAT csv, HEADER)"
        cursor.copy_expert(copy, io.StringIO(text))
        cursor.execute(FLOOR)
        written = int(cursor.rowcount)
        cursor.execute("DROP TABLE bench_coming")
    return written


def _prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_lead")
        cursor.execute("CREATE TABLE bench_lead (LIKE leads_lead INCLUDING ALL)")
        names = ", ".join(["id", *_columns()])
        cursor.execute(f"INSERT INTO bench_lead ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM leads_lead")
    vacuum("bench_lead", analyze=True)


def _columns() -> list[str]:
    """What is stored of a lead beside its id."""
    return [str(field.column) for field in Lead._meta.concrete_fields if not (field.generated or field.primary_key)]
