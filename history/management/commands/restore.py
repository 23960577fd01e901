"""Bring back what a backup holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from history.management.commands.backup import ask_for_password, one_line
from history.restoration_table import RESTORED_SQL, TABLE_SQL
from smarketing.backup import reading
from smarketing.backup.problems import BackupProblem

# The numbers of transactions are those of another cluster: what was computed by them is computed anew.
FORGET_SQL = """
DO $$ BEGIN
    IF to_regclass('metrics_change') IS NOT NULL THEN
        DELETE FROM metrics_change;
        UPDATE dashboards_weeklyreport SET seen = '';
    END IF;
END $$
"""


class Command(BaseCommand):
    help = (
        "Bring back a backup into an empty database, and bring it up to date. What comes back is a copy: it sends"
        " nothing until an administrator confirms on a page that it is the real one."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="throw away the data that are here")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._restore(options["file"], replace=options["replace"])
        except (BackupProblem, OSError) as problem:
            raise CommandError(one_line(problem, options["file"])) from problem

    def _restore(self, path: Path, *, replace: bool) -> None:
        password = ""
        if reading.is_sealed(path):
            password = os.environ.get("BACKUP_PASSWORD", "") or ask_for_password("Password of the backup: ")
        about = reading.check(path, password)
        restored = RESTORED_SQL.format(backed_up_at=about["made_at"])
        with reading.alone():
            reading.check_nothing_runs()
            reading.check_place(replace=replace)
            reading.restore(path, password, afterwards=";\n".join((TABLE_SQL, restored, FORGET_SQL)))
            self.stdout.write(f"The data of {about['made_at']} are back.")
            self._bring_up_to_date()
        self.stdout.write(
            "They are a copy: nothing is sent, and no clock runs out, until an administrator confirms on the page"
            " “Restored copy” that they are the real ones. See docs/running.md."
        )
        if "not in it" in about.get("secret_key", "") and not os.environ.get("SECRET_KEY"):
            self.stderr.write("Its SECRET_KEY came from the environment. Without it, everybody signs in anew.")

    def _bring_up_to_date(self) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        except DatabaseError as problem:
            raise CommandError(f"They could not be brought up to date: {one_line(problem)}") from problem
