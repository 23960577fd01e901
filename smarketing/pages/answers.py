"""How pages answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BaseForm, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

CONFLICT, UNPROCESSABLE = 409, 422


def form_status(form: BaseForm) -> int:
    """The status of a page with this form: 422 where something must be corrected."""
    return UNPROCESSABLE if form.errors else 200


def save_or_show(request: HttpRequest, form: ModelForm[Any], template: str, *, then: str) -> HttpResponse:
    """Save the form and go to the page of that name; or show it, with what must be corrected."""
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect(then)
    return render(request, template, {"form": form}, status=form_status(form))


def too_many_tries(request: HttpRequest) -> HttpResponse:
    """What allauth answers to whoever asks too often."""
    return render(request, "too_many_tries.html", status=429)
