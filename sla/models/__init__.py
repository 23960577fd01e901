"""What the teams promised each other."""

from sla.models.agreements import (
    AgreedDefinition,
    AgreedPersona,
    Agreement,
    AgreementQuerySet,
    Clause,
    Comment,
    Hop,
    Party,
    Policy,
    Signature,
    Step,
)
from sla.models.calendars import (
    Absence,
    BegunDay,
    Calendar,
    CalendarDay,
    CalendarUse,
    Capacity,
    Territory,
    national_holidays,
    windows_of,
)
from sla.models.handoffs import Dispute, Handoff, HandoffQuerySet, Touch
from sla.models.reviews import Attainment, Decision, Feed, Review
from sla.models.timers import Escalation, Pause, Timer

__all__ = [
    "Absence",
    "AgreedDefinition",
    "AgreedPersona",
    "Agreement",
    "AgreementQuerySet",
    "Attainment",
    "BegunDay",
    "Calendar",
    "CalendarDay",
    "CalendarUse",
    "Capacity",
    "Clause",
    "Comment",
    "Decision",
    "Dispute",
    "Escalation",
    "Feed",
    "Handoff",
    "HandoffQuerySet",
    "Hop",
    "Party",
    "Pause",
    "Policy",
    "Review",
    "Signature",
    "Step",
    "Territory",
    "Timer",
    "Touch",
    "national_holidays",
    "windows_of",
]
