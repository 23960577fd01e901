"""Columns whose values are encrypted in the database, and opened as rows are read.

    url = EncryptedField(max_length=1000)
    url_digest = DigestField(of="url")

An encrypted value cannot be looked up, as each encryption is another text: the digest beside it can, and says whether
the value changed. The values are long and random: nobody finds one by its digest.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import models

from smarketing import encryption


class Opened(str):
    """A value as it was read, with what the database keeps of it. What none of our keys opens is empty, and stays."""

    kept: str

    def __new__(cls, text: str, kept: str = "") -> Opened:
        opened = super().__new__(cls, text)
        opened.kept = kept
        return opened


class EncryptedField(models.CharField[Any, Any]):
    """A text that we have to give back. Its length is that of the text; the database keeps more."""

    def db_type(self, connection: Any) -> str:
        return "text"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Opened | None:
        if value is None:
            return None
        try:
            return Opened(encryption.decrypt(value), value)
        except encryption.WrongKey:
            return Opened("", value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Opened):
            return value.kept
        return None if value is None else encryption.encrypt(str(value))

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        # What was typed again is no other value.
        if data != getattr(instance, self.attname):
            super().save_form_data(instance, data)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class DigestField(models.CharField[Any, Any]):
    """The SHA-256 of another field's value, kept with it. `of`: the name of that field."""

    def __init__(self, *args: Any, of: str = "", **options: Any) -> None:
        self.of = of
        super().__init__(*args, **{"max_length": 64, "editable": False, **options})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, options = super().deconstruct()
        return name, path, args, {"of": self.of, **options}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.of)
        if not isinstance(value, Opened):
            setattr(model_instance, self.attname, digest_of(value))
        return super().pre_save(model_instance, add)


def digest_of(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def reencrypt_rows(model: type[models.Model], name: str) -> int:
    """Encrypt that column of all rows by the first key, and return how many there are. Raises `encryption.WrongKey`.

    Call inside a transaction."""
    return _rewrite(model, name, encryption.reencrypt)


def encrypt_rows(model: type[models.Model], name: str) -> None:
    """Encrypt what a column kept in plain until now, and keep its digest beside it. For migrations."""
    _rewrite(model, name, encryption.reencrypt, digest=f"{name}_digest")


def decrypt_rows(model: type[models.Model], name: str) -> None:
    """Keep it in plain again. For migrations."""
    _rewrite(model, name, encryption.decrypt)


def _rewrite(model: type[models.Model], name: str, rewrite: Any, *, digest: str = "") -> int:
    rows = list(model._default_manager.select_for_update(of=("self",), no_key=True).order_by("pk"))
    for row in rows:
        opened: Opened = getattr(row, name)
        setattr(row, name, Opened(opened, rewrite(opened.kept)))
        if digest:
            setattr(row, digest, digest_of(opened))
    model._default_manager.bulk_update(rows, [name, *filter(None, [digest])], batch_size=500)
    return len(rows)
