"""What is kept about people where the teams keep their agreement."""

from __future__ import annotations

from history.subjects import (
    NUMBER,
    WORK,
    Merging,
    Person,
    Record,
    done_by,
    mentions,
    not_personal,
    not_personal_table,
    of_member,
    personal,
    register,
)
from sla.agreement.models.agreements import AgreedDefinition, AgreedPersona, Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.models.parties import Comment, Party, Signature
from sla.agreement.models.policies import Policy, Step
from sla.attainment.models import Attainment
from sla.calendars.models import Absence, Calendar, CalendarDay, CalendarUse
from sla.disputes.models import Dispute
from sla.feed.models import Feed
from sla.flow.models import BegunDay, PastFill
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Escalation, Pause, Timer
from sla.handoffs.models.touches import Touch
from sla.reviews.models import Decision, Review
from sla.routing.models import Capacity, CompanyWait, Territory, TerritoryMember

AGREED = "Agreed for all leads."
COUNTED = "Hand-offs and their clocks go on counting."
TALK = "People write what they want."

register(
    Record(
        Handoff,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.MOVED},
        export="handoffs",
        history="handoff",
        columns=[
            not_personal(
                "hop transition replaces policy stood_before follows two_reps",
                because="By which step and rule it was made.",
            ),
            personal(
                "id lead offered_at answer answered_at reason verdict persona named_persona quadrant given_up_at"
                " merged_away_at",
                kept=COUNTED,
            ),
            personal("note"),
            done_by("rep answered_by given_up_by"),
        ],
    )
)
register(
    Record(
        Timer,
        person=Person.LEAD,
        paths=["handoff__lead"],
        export="timers",
        columns=[
            not_personal("id target calendar started_with", because="By which rule it runs."),
            personal("handoff kind started_at due_at stopped_at kept_at breached_at open_time", kept=COUNTED),
        ],
    )
)
register(
    Record(
        Escalation,
        person=Person.LEAD,
        paths=["timer__handoff__lead"],
        export="escalations",
        columns=[
            not_personal("id percent", because="By which rule it comes."),
            personal("timer action due_at done_at outcome", kept=COUNTED),
        ],
    )
)
register(
    Record(
        Pause,
        person=Person.LEAD,
        paths=["timer__handoff__lead"],
        export="pauses",
        columns=[
            not_personal("id", because=NUMBER),
            personal("timer starts_at ends_at at", kept=COUNTED),
            personal("reason"),
            done_by("by"),
        ],
    )
)
register(
    Record(
        Touch,
        person=Person.LEAD,
        paths=["handoff__lead"],
        export="touches",
        columns=[
            not_personal("id", because=NUMBER),
            personal("handoff at done_at kind is_contact", kept=COUNTED),
            personal("note"),
            done_by("by"),
        ],
    )
)
register(
    Record(
        Dispute,
        person=Person.LEAD,
        paths=["handoff__lead"],
        export="disputes",
        columns=[
            not_personal("id", because=NUMBER),
            personal("handoff at settled_at upheld", kept=COUNTED),
            personal("text ruling"),
            done_by("by settled_by"),
        ],
    )
)

register(
    Record(
        Absence,
        person=Person.MEMBER,
        paths=["user"],
        export="absences",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), of_member("user from_on until_on note changed_at")],
    )
)
register(
    Record(
        CalendarUse,
        person=Person.MEMBER,
        paths=["user"],
        export="calendar",
        deleted=True,
        columns=[
            not_personal("id", because=NUMBER),
            not_personal("team", because="The calendar of a team is nobody's own."),
            of_member("calendar user"),
        ],
    )
)
register(
    Record(
        CompanyWait,
        person=Person.LEAD,
        paths=["transition__lead"],
        export="company_waits",
        columns=[personal("transition until", kept="A step that went on waits no more."), done_by("rep")],
    )
)
register(
    Record(
        Capacity,
        person=Person.MEMBER,
        paths=["user"],
        export="capacity",
        deleted=True,
        columns=[of_member("user most_open most_a_week")],
    )
)
register(
    Record(
        TerritoryMember,
        person=Person.MEMBER,
        paths=["user"],
        export="territories",
        deleted=True,
        columns=[not_personal("id", because=NUMBER), of_member("territory user")],
    )
)
register(
    Record(
        Feed,
        person=Person.MEMBER,
        paths=["user"],
        export="feed",
        deleted=True,
        columns=[
            of_member("user renewed_at"),
            of_member("secret secret_digest", hidden="Whoever knows it can read along."),
        ],
    )
)

register(
    Record(
        Agreement,
        history="agreement",
        columns=[
            not_personal("id number preamble notes effective_on score_model score_model_may_change", because=AGREED),
            not_personal("review_months meeting_weekday meeting_at dispute_days qualifies_standing", because=AGREED),
            not_personal("created_at proposed_at in_force_from replaced_at", because=AGREED),
            done_by("created_by proposed_by"),
        ],
    )
)
register(not_personal_table(AgreedPersona, "id agreement version position", because=AGREED))
register(not_personal_table(AgreedDefinition, "id agreement definition", because=AGREED))
register(
    Record(
        Clause,
        columns=[
            not_personal("id agreement key position team metric from_role to_role window_days", because=AGREED),
            not_personal("comparator target every filters", because=AGREED),
            done_by("owner"),
        ],
    )
)
register(
    not_personal_table(
        Hop,
        "id agreement from_stage offering_team receiving_team accepted_stage rejected_stage reason_keys ready_fields",
        because=AGREED,
    )
)
register(
    not_personal_table(
        Policy,
        "id agreement position stage quadrant persona source answer_within touch_within touches touch_days goes_to"
        " keeps_company",
        because=AGREED,
    )
)
register(not_personal_table(Step, "id agreement policy clock percent action", because=AGREED))
register(
    Record(Party, columns=[not_personal("id agreement team", because="Who is bound."), done_by("head escalates_to")])
)
register(
    Record(
        Signature,
        columns=[
            not_personal("id party at", because="That the party signed, and when."),
            of_member(
                "note",
                hidden=WORK,
                kept="What was signed stays as it was signed.",
            ),
            done_by("by"),
        ],
    )
)
register(
    Record(
        Comment,
        columns=[
            not_personal("id agreement line words at", because="Which line of the proposal it is about."),
            mentions("text", because=TALK),
            done_by("by"),
        ],
    )
)
register(
    Record(
        Review,
        columns=[
            not_personal(
                "id kind agreement due_on starts_on ends_on held_at changed_at",
                because="When both look at the agreement.",
            ),
            mentions("notes", because=TALK),
            done_by("held_by"),
        ],
    )
)
register(
    Record(
        Decision,
        columns=[
            not_personal("id review clause at draft", because="What the decision is about."),
            mentions("text", because=TALK),
            done_by("by"),
        ],
    )
)
register(
    not_personal_table(
        Attainment,
        "id clause starts_on ends_on numerator denominator value state computed_at asked_at decided_at decided_value",
        because="How many, not who.",
    )
)
register(not_personal_table(Calendar, "id name is_default time_zone country windows", because="When all are open."))
register(
    not_personal_table(CalendarDay, "id calendar day closed_from closed_until name", because="When all are closed.")
)
register(not_personal_table(BegunDay, "id zone day finished_at", because="Which nights are done."))
register(
    not_personal_table(
        PastFill,
        "id up_to done_to from_handoffs from_history brought_in not_known finished_at",
        because="How far old steps are filled in.",
    )
)
register(not_personal_table(Territory, "id team name position criteria", because="A rule for all leads of a team."))
