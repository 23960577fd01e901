"""Encrypt all stored secrets by the first of the keys: `python manage.py reencrypt`. Prints one line."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from smarketing import encryption


class Command(BaseCommand):
    help = "Encrypt all stored secrets by the first key of ENCRYPTION_KEYS, so that the other keys can be taken away."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                counts = encryption.reencrypt_all()
        except encryption.WrongKey:
            raise CommandError(
                "A secret opens with none of ENCRYPTION_KEYS. Add the key it was encrypted by; nothing was changed."
            )
        self.stdout.write(json.dumps({"reencrypted": counts}))
