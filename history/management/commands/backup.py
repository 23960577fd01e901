"""Write everything that the product keeps into one file."""

from __future__ import annotations

import os
import warnings
from getpass import GetPassWarning, getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from smarketing.backup.problems import BackupProblem
from smarketing.backup.reading import check_nothing_runs
from smarketing.backup.writing import write_backup


class Command(BaseCommand):
    help = (
        "Write the database, the kept mails and the secrets of the data directory into one file, while the product"
        " runs. What the environment gives (SECRET_KEY, passwords) is not in it, nor is the directory's identity."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--encrypt",
            action="store_true",
            help="with a password: that of BACKUP_PASSWORD, which encrypts without this too, or one that is asked for",
        )
        parser.add_argument("--stopped", action="store_true", help="refuse while Smarketing runs on these data")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        password = os.environ.get("BACKUP_PASSWORD", "")
        if options["encrypt"] and not password:
            password = new_password()
        try:
            if options["stopped"]:
                check_nothing_runs()
            size = write_backup(path, password=password)
        except (BackupProblem, OSError) as problem:
            raise CommandError(one_line(problem, path)) from problem
        self.stdout.write(f"{path} holds all data, {size / 1_000_000:,.1f} MB{', encrypted' if password else ''}.")
        if not password:
            self.stderr.write("Whoever reads this file reads all data and the secret key: keep it where nobody can.")
        for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
            if os.environ.get(name):
                self.stderr.write(f"{name} is given by the environment, and not in it: keep it with the password.")


def new_password() -> str:
    password = ask_for_password("Password of the backup: ")
    if not password:
        raise CommandError("An empty password encrypts nothing. Nothing was written.")
    if ask_for_password("Once more: ") != password:
        raise CommandError("These are two passwords. Nothing was written.")
    return password


def ask_for_password(prompt: str) -> str:
    """Ask at the terminal; at night, or with the input from elsewhere, there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            return getpass(prompt)
        except (GetPassWarning, EOFError):
            raise CommandError("Nobody can be asked for the password here: give it as BACKUP_PASSWORD.") from None
        except UnicodeDecodeError:
            raise CommandError("This terminal writes no UTF-8: give the password as BACKUP_PASSWORD.") from None


def one_line(problem: Exception, path: Path | None = None) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename or path or 'The file'}: {problem.strerror}."
    return " ".join(str(problem).split())
