"""Scores belong to a company day."""

from __future__ import annotations

from django.utils.translation import ngettext

from metrics.kept import KeptNumbers, register
from scoring.models import Score
from smarketing.pages import wording

register(
    KeptNumbers(
        "scores",
        Score.objects.count,
        lambda n: ngettext("%(n)s score", "%(n)s scores", n) % {"n": wording.number(n)},
    )
)
