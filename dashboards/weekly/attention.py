"""What needs attention in a week: found by fixed rules and stored as numbers; `notes` puts it into words."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import Any

from django.db.models import Q

from leads.models import Import
from metrics.question import Question, View
from metrics.rate import Rate
from metrics.registry import metric
from sla.metrics.stock import overdue
from sla.models import Agreement, Dispute

# A queue is long from this length on, if it is at least twice the median.
LONG_QUEUE = 5
# Rates over fewer cases are not compared.
MINIMUM_CASES = 10
EXAMPLES = 3

Note = dict[str, Any]


def find_notes(question: Question, stages: list[dict[str, Any]]) -> list[Note]:
    """Everything that needs attention, overdue hand-offs first."""
    return [
        *overdue_handoffs(question),
        *unoffered_leads(question),
        *disputed_rejections(question),
        *unsigned_agreement(question),
        *long_queues(question),
        *falling_stages(question, stages),
        *rejected_sources(question),
        *rejected_rows(question),
    ]


def overdue_handoffs(question: Question) -> list[Note]:
    n = metric("overdue").value(replace(question, view=View.STOCK)).numerator
    if not n:
        return []
    worst = overdue(replace(question, view=View.STOCK)).order_by("due_at", "pk").values_list("pk", flat=True)
    return [{"kind": "overdue", "tone": "breached", "n": n, "handoffs": list(worst[:EXAMPLES])}]


def unoffered_leads(question: Question) -> list[Note]:
    n = metric("unoffered").value(replace(question, view=View.STOCK)).numerator
    return [{"kind": "unoffered", "tone": "breached", "n": n}] if n else []


def disputed_rejections(question: Question) -> list[Note]:
    """Disputes that were open when the week ended, or are open now; the meeting settles them."""
    until = question.counts_until
    still_open = Q(settled_at=None) | Q(settled_at__gte=until)
    n = Dispute.objects.filter(still_open, at__lt=until, handoff__lead__merged_into=None).count()
    return [{"kind": "disputed", "tone": "risk", "n": n}] if n else []


def unsigned_agreement(question: Question) -> list[Note]:
    proposal = Agreement.objects.waiting().filter(proposed_at__lt=question.counts_until).first()
    return [{"kind": "unsigned", "tone": "risk", "number": proposal.number}] if proposal else []


def long_queues(question: Question) -> list[Note]:
    rows = metric("unanswered").rows(replace(question, view=View.STOCK, by="rep"))
    typical = median(row.numerator for row in rows) if rows else 0
    long = [row for row in rows if row.numerator >= max(LONG_QUEUE, 2 * typical)]
    return [{"kind": "queue", "tone": "risk", "rep": row.key, "n": row.numerator} for row in long]


def falling_stages(question: Question, stages: list[dict[str, Any]]) -> list[Note]:
    """Conversions (period view) below those of the four weeks before, whose rate lies above the 95 % interval."""
    if question.at < question.period.ends_at:
        return []
    notes = []
    for a, b in zip(stages, stages[1:], strict=False):
        now, before = Rate(b["entered"], a["entered"]), Rate(sum(b["before"]), sum(a["before"]))
        if now.interval and now.denominator >= MINIMUM_CASES and before.value and before.value > now.interval[1]:
            rates = {"rate": [now.numerator, now.denominator], "before": [before.numerator, before.denominator]}
            notes.append({"kind": "falling", "tone": "risk", "from": a["role"], "to": b["role"], **rates})
    return notes


def rejected_sources(question: Question) -> list[Note]:
    """Sources with a rejection rate whose 95 % interval lies above the overall rate."""
    rows = metric("acceptance").rows(replace(question, by="source"))
    answered = sum(row.denominator or 0 for row in rows)
    rejected = answered - sum(row.numerator for row in rows)
    notes = []
    for row in rows:
        of = row.denominator or 0
        interval = Rate(of - row.numerator, of).interval
        if of >= MINIMUM_CASES and interval and interval[0] > rejected / answered:
            overall = [rejected, answered]
            notes.append(
                {"kind": "source", "tone": "risk", "source": row.key, "rate": [of - row.numerator, of], "all": overall}
            )
    return notes


def rejected_rows(question: Question) -> list[Note]:
    imports = Import.objects.filter(
        rejected__gt=0, finished_at__gte=question.period.starts_at, finished_at__lt=question.counts_until
    )
    return [
        {"kind": "import", "tone": "risk", "import": pk, "file": name, "n": n}
        for pk, name, n in imports.order_by("-finished_at").values_list("pk", "file_name", "rejected")[:EXAMPLES]
    ]
