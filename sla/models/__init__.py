"""What the teams promised each other."""

from sla.agreement.models.agreements import AgreedDefinition, AgreedPersona, Agreement, AgreementQuerySet
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Comment, Party, Signature
from sla.agreement.models.policies import Policy, Step
from sla.attainment.models import Attainment
from sla.calendars.models import Absence, Calendar, CalendarDay, CalendarUse, national_holidays, read_stored_windows
from sla.disputes.models import Dispute
from sla.feed.models import Feed
from sla.flow.models import BegunDay, PastFill
from sla.handoffs.models.handoffs import Handoff, HandoffQuerySet
from sla.handoffs.models.threads import TwoReps
from sla.handoffs.models.timers import Escalation, Pause, Timer
from sla.handoffs.models.touches import Touch
from sla.reviews.models import Decision, Review
from sla.routing.models import Capacity, Territory, TerritoryMember

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
    "TwoReps",
    "Hop",
    "Party",
    "PastFill",
    "Pause",
    "Policy",
    "Review",
    "Signature",
    "Step",
    "Territory",
    "TerritoryMember",
    "Timer",
    "Touch",
    "national_holidays",
    "read_stored_windows",
]
