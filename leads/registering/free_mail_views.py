"""The page of the providers that the company knows otherwise than the lists do."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from leads.models.mail_domains import said_of_domains
from leads.registering.free_mail import say_free_mail
from leads.text.folding import fold, visible
from smarketing.pages.answers import form_status
from teams.http import UserRequest

DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")
MOST = 2_000


class Domains(forms.CharField):
    """Domains, one a line; an @ before them is left out."""

    widget = forms.Textarea(attrs={"rows": 8, "spellcheck": "false"})

    def clean(self, value: Any) -> set[str]:
        written = [visible(fold(line)).strip().removeprefix("@") for line in str(value or "").splitlines()]
        domains = {domain for domain in written if domain}
        for domain in sorted(domains):
            if len(domain) > 253 or not DOMAIN.fullmatch(domain):
                raise forms.ValidationError(
                    _("“%(cell)s” is not a domain such as example.com.") % {"cell": domain[:60]}
                )
        if len(domains) > MOST:
            raise forms.ValidationError(_("That is more than %(n)s values.") % {"n": MOST})
        return domains


class FreeMailForm(forms.Form):
    free = Domains(
        label=gettext_lazy("Also free mail"), required=False,
        help_text=gettext_lazy("One domain a line. Who writes from there has not said from which company."),
    )  # fmt: skip
    not_free = Domains(
        label=gettext_lazy("Not free mail"), required=False,
        help_text=gettext_lazy("Domains of the lists that are a company's, for you."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for domain in sorted(cleaned.get("free", set()) & cleaned.get("not_free", set()))[:1]:
            self.add_error("not_free", _("“%(domain)s” stands in both.") % {"domain": domain})
        return cleaned


@require_http_methods(["GET", "POST"])
def free_mail(request: UserRequest) -> HttpResponse:
    said = said_of_domains()
    initial = {
        "free": "\n".join(sorted(domain for domain, is_free in said.items() if is_free)),
        "not_free": "\n".join(sorted(domain for domain, is_free in said.items() if not is_free)),
    }
    form = FreeMailForm(request.POST or None, initial=initial)
    if form.is_valid():
        cleaned = form.cleaned_data
        wanted = dict.fromkeys(cleaned["free"], True) | dict.fromkeys(cleaned["not_free"], False)
        say_free_mail(wanted, by=request.user)
        messages.success(request, _("Saved."))
        return redirect("free_mail")
    return render(request, "leads/registering/free_mail.html", {"form": form}, status=form_status(form))
