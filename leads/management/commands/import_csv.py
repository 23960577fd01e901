"""Import a CSV file, from the first row to the last, without a queue."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from leads.importing.engine.batches import Warnings
from leads.importing.engine.kinds import kinds
from leads.importing.engine.mapping import BadMapping
from leads.importing.engine.recognising import DEFAULT_SYSTEM, recognise
from leads.importing.engine.running import Outcome, import_file, plan_of, rehearse, turn_of
from leads.importing.files.layouts import ENCODINGS
from leads.importing.files.moments import ORDERS
from leads.importing.files.numbers import MARKS
from leads.importing.files.reading import Source, Unreadable
from leads.models.imports import Import, RejectedRow

TOLD = 20


class Command(BaseCommand):
    help = "Import a CSV file. The last line on standard output is one JSON object with the counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(kinds()), metavar="KIND", help=", ".join(sorted(kinds())))
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--mapping", type=Path, required=True, metavar="MAPPING.json",
            help='{"columns": {"header": "field"}, "constants": {"field": "value"},'
                 ' "values": {"field": {"theirs": "ours"}}}',
        )  # fmt: skip
        parser.add_argument("--source", default=DEFAULT_SYSTEM, metavar="NAME", help="the system the file comes from")
        parser.add_argument(
            "--dates", choices=ORDERS, default="", help="what 3/4/2025 is, where a column leaves it open"
        )
        parser.add_argument(
            "--decimal", choices=MARKS, default="", help="the mark before decimals, where a column leaves it open"
        )
        parser.add_argument("--encoding", choices=ENCODINGS, default="", help="where it is not told apart by itself")
        parser.add_argument(
            "--header-line", type=int, default=None, metavar="LINE", help="on which line the headers stand; 0: nowhere"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument("--correct", action="store_true", help="let changed stage dates correct history")
        parser.add_argument(
            "--qualify-at-once", action="store_true", help="let what the file brings qualify and be handed over at once"
        )

    def handle(self, **options: Any) -> None:
        source = opened(options["file"])
        mapping = read_mapping(options["mapping"])
        job = Import(
            kind=options["kind"],
            file_name=options["file"].name,
            mapping=mapping,
            system=options["source"][:60],
            date_format=options["dates"],
            decimal=options["decimal"],
            correct=options["correct"],
            qualify_at_once=options["qualify_at_once"],
            status=Import.Status.RUNNING,
        )
        try:
            recognise(job, source, options["encoding"], options["header_line"])
            if job.header_line == 0 and options["header_line"] is None:
                raise CommandError(
                    "Line 1 reads as a row, not as headers. Say --header-line 0 where there are none"
                    " (the columns are then “Column 1”, “Column 2”, …), or on which line they stand."
                )
            plan_of(job, source, Warnings())
            outcome = self._rehearse(job, source) if options["dry_run"] else self._import(job, source)
        except Unreadable as refused:
            raise CommandError(f"{options['file']} cannot be read as CSV. {refused}")
        except BadMapping as bad:
            raise CommandError(str(bad))
        self.stdout.write(json.dumps(outcome.counts()))

    def _rehearse(self, job: Import, source: Source) -> Outcome:
        with transaction.atomic():
            job.save()
            outcome = rehearse(job, source)
            transaction.set_rollback(True)
        report = job.dry_run or {}
        self._tell(report["said"], [(row["line"], row["reasons"]) for row in report["rejected_rows"]], outcome)
        return outcome

    def _import(self, job: Import, source: Source) -> Outcome:
        job.save()
        try:
            with turn_of(job) as turn:
                outcome = import_file(job, source, step=turn.step)
        except BaseException:
            Import.objects.filter(pk=job.pk).update(status=Import.Status.FAILED)
            raise
        job.refresh_from_db()
        rejected = RejectedRow.objects.filter(import_job=job)[:TOLD]
        self._tell(job.said, [(row.line, row.reasons) for row in rejected], outcome)
        return outcome

    def _tell(self, said: list[str], rejected: list[tuple[int, list[dict[str, str]]]], outcome: Outcome) -> None:
        """What a person wants to know, on standard error."""
        for sentence in said:
            self.stderr.write(sentence, ending="\n")
        for line, reasons in rejected:
            words = "; ".join(": ".join(filter(None, (each["column"], each["reason"]))) for each in reasons)
            self.stderr.write(f"Line {line} rejected: {words}")
        if outcome.rejected > len(rejected):
            self.stderr.write(f"And {outcome.rejected - len(rejected)} more rejected lines.")


def opened(path: Path) -> Source:
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    return lambda: path.open("rb")


def read_mapping(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise CommandError(f"There is no file {path}.")
    except ValueError:
        raise CommandError(f"{path} is not JSON.")
