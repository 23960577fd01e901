from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from smarketing import translations


class Command(BaseCommand):
    help = "Take new texts into the Japanese catalogues, and list what is not translated."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("area", nargs="*", help="apps; all of them when none is named")
        parser.add_argument("--check", action="store_true", help="change nothing, and fail where something is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        areas = options["area"] or translations.areas()
        if unknown := set(areas) - set(translations.areas()):
            raise CommandError(f"There is no area {', '.join(sorted(unknown))}.")
        faults = 0
        for area in areas:
            elsewhere = None if options["check"] else translations.all_translations(besides=area)
            merged = translations.merge(area, elsewhere)
            if not options["check"] and translations.write(area, merged.catalog):
                self.stdout.write(f"{area}: {translations.catalogue_path(area)} is up to date now.")
            for text in merged.missing:
                self.stdout.write(f"{area}: not translated: {text!r}")
            for text in merged.wrong:
                self.stdout.write(f"{area}: other placeholders: {text!r}")
            faults += len(merged.missing) + len(merged.wrong)
        for twice in translations.conflicting_translations():
            self.stdout.write(f"said in two ways: {twice}")
            faults += 1
        if faults and options["check"]:
            raise CommandError(f"{faults} texts need a translator.")
