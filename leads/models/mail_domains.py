"""Which providers of addresses the company knows otherwise than the lists do."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from leads.text.free_mail import domain_of, is_free_mail


class MailDomain(models.Model):
    """A domain of which the company says whether it gives addresses to anyone."""

    domain = models.CharField(_("Domain"), max_length=253, unique=True)
    is_free = models.BooleanField(_("Free-mail address"))

    class Meta:
        triggers = edited("domain")

    def __str__(self) -> str:
        return self.domain


def said_of_domains() -> dict[str, bool]:
    return dict(MailDomain.objects.values_list("domain", "is_free"))


def is_from_free_mail(email: str) -> bool:
    """As the company says of the domain, else as the lists do."""
    said = MailDomain.objects.filter(domain=domain_of(email)).values_list("is_free", flat=True).first()
    return is_free_mail(email) if said is None else said
