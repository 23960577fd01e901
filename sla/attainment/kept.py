"""The attainment of clauses is stored by period."""

from __future__ import annotations

from django.utils.translation import ngettext

from metrics.kept import KeptNumbers, register
from sla.attainment.models import Attainment
from smarketing.pages import wording

register(
    KeptNumbers(
        "attainments",
        Attainment.objects.count,
        lambda n: ngettext("%(n)s period of a promise", "%(n)s periods of promises", n) % {"n": wording.number(n)},
    )
)
