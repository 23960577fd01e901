"""How pages answer."""

from __future__ import annotations

from django.forms import BaseForm

CONFLICT, UNPROCESSABLE = 409, 422


def answered(form: BaseForm) -> int:
    return UNPROCESSABLE if form.errors else 200
