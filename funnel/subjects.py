"""What the funnel keeps about people."""

from __future__ import annotations

from funnel.models.deal_stages import DealStage
from funnel.models.journeys import Journey, Transition
from funnel.models.opportunities import Opportunity
from funnel.models.opportunity_steps import OpportunityStep
from funnel.models.stages import Definition, Reason, Stage
from history.subjects import (
    NUMBER,
    Merging,
    Person,
    Record,
    done_by,
    not_personal,
    not_personal_table,
    personal,
    register,
)

LEDGER = "The ledger goes on counting leads that were erased."
LISTS = "A list that both teams agreed on."

register(
    Record(
        Journey,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.COMBINED},
        export="journey",
        columns=[
            personal(
                "lead stage entered_at closed_at closed_as recycled_at wake_at news_at news_count_from sent_back_from"
                " sent_back_at",
                kept=LEDGER,
            ),
        ],
    )
)
register(
    Record(
        Transition,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.MOVED},
        export="transitions",
        history="transition",
        columns=[
            personal("id lead from_stage to_stage at day recorded_at how reason persona quadrant", kept=LEDGER),
            not_personal("definition", because="A rule for all leads."),
            personal("because"),
            done_by("by"),
        ],
    )
)
register(
    Record(
        Opportunity,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.MOVED},
        export="opportunities",
        history="opportunity",
        columns=[
            personal(
                "id lead kind amount currency opened_at opened_on expected_close_on won_at won_on lost_at lost_on"
                " reopened_at reason stage created_at recorded_at",
                kept="Deals and amounts go on counting.",
            ),
            personal("system external_id", kept="Without it, the next file of the other system makes a second deal."),
            personal("name reason_text"),
            done_by("owner"),
        ],
    )
)
register(
    Record(
        OpportunityStep,
        person=Person.LEAD,
        paths=["opportunity__lead"],
        export="opportunity_steps",
        history="opportunity_step",
        columns=[
            not_personal("id", because=NUMBER),
            personal(
                "opportunity what at day recorded_at how stage kind amount currency expected_close_on reason",
                kept="Deals and amounts go on counting.",
            ),
            personal("text"),
            done_by("by owner"),
        ],
    )
)
register(
    Record(
        Definition,
        columns=[
            not_personal(
                "id stage number text criteria cool_off_days qualifies_standing created_at "
                "frozen_at in_force_from replaced_at",
                because="A rule for all leads.",
            ),
            done_by("created_by"),
        ],
    )
)
register(
    not_personal_table(
        Stage,
        "id name_en name_ja role owner_team description description_ja position",
        because=LISTS,
    )
)
register(
    not_personal_table(
        DealStage,
        "id name_en name_ja key position retired_at",
        because=LISTS,
    )
)
register(
    not_personal_table(
        Reason,
        "id name_en name_ja kind key position needs_text disqualifies retired_at",
        because=LISTS,
    )
)
