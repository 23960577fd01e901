"""What scores say about people."""

from __future__ import annotations

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
from scoring.models import FitRule, InterestRule, Preview, PreviewedLead, Score, ScoreModel

RULES = "A rule for all leads."

register(
    Record(
        Score,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.COMBINED},
        export="score",
        columns=[
            personal(
                "lead fit interest machine_quadrant scored_on day_began_at override override_at",
                kept="Numbers by quadrant count it.",
            ),
            not_personal("model", because=RULES),
            personal("override_reason", anonymised="Who says otherwise than the machine gave a reason."),
            done_by("override_by"),
        ],
    )
)
register(
    Record(
        PreviewedLead,
        person=Person.LEAD,
        paths=["lead"],
        merging={"lead": Merging.KEPT},
        deleted=True,
        columns=[
            not_personal("id preview", because=NUMBER),
            personal(
                "lead before after fit_before fit_after interest_before interest_after",
                hidden="What a draft would have done, and did not.",
            ),
        ],
    )
)
register(
    Record(
        ScoreModel,
        columns=[
            not_personal(
                "id number note fit_threshold interest_threshold created_at published_at in_force_from replaced_at",
                because=RULES,
            ),
            done_by("created_by"),
        ],
    )
)
register(not_personal_table(FitRule, "id model name position criteria points", because=RULES))
register(not_personal_table(InterestRule, "id model kind points cap half_life_days", because=RULES))
register(not_personal_table(Preview, "id model at total done counts finished_at", because="How many, not who."))
