from typing import Any

from django.core.management.base import BaseCommand

from smarketing import translations


class Command(BaseCommand):
    help = "Compile the translations (locale/*/ja) that have changed."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in translations.compile_all():
            self.stdout.write(f"Compiled {path}")
