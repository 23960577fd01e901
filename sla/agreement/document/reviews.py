"""The parts of the document about meetings, reviews, start and end."""

from __future__ import annotations

from django.utils.dates import WEEKDAYS
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sla.agreement.document.lines import Line, Part
from sla.agreement.models.agreements import Agreement


def review_part(agreement: Agreement) -> Part:
    meeting = _("Every week, on %(weekday)s at %(time)s, both sides look at the same numbers.") % {
        "weekday": WEEKDAYS[agreement.meeting_weekday],
        "time": f"{agreement.meeting_at:%-H:%M}",
    }
    whole = _("The goals are reviewed every month, the whole agreement every %(n)s months.")
    lines = (
        ("meeting", meeting),
        ("reviews", whole % {"n": agreement.review_months}),
        ("disputes", _describe_disputes(agreement.dispute_days)),
    )
    return Part(_("How both sides look at it"), tuple(Line(key, format_html("{}", words)) for key, words in lines))


def _describe_disputes(days: int) -> str:
    if not days:
        return _("A rejection stands: it may not be disputed.")
    return ngettext(
        "A rejection may be disputed within %(n)s day; a manager settles it at the weekly meeting.",
        "A rejection may be disputed within %(n)s days; a manager settles it at the weekly meeting.",
        days,
    ) % {"n": days}


def validity_part(agreement: Agreement) -> Part:
    if agreement.qualifies_standing:
        words = _("When it begins, leads that stand and meet a new definition qualify at once.")
    else:
        words = _(
            "When it begins, leads that stand and meet a new definition qualify only with a new activity or change."
        )
    lasts = _("It holds until the next version replaces it. What was signed is never edited.")
    return Part(
        _("How it begins and ends"),
        (Line("standing", format_html("{}", words)), Line("lasts", format_html("{}", lasts))),
    )
