"""The definitions of MQL and SQL to start from."""

from __future__ import annotations

from datetime import datetime

from funnel.models import Definition, Stage, StageRole
from sla.agreement.starter.bilingual import translated
from sla.agreement.starter.criteria import Tree, all_of, any_of, did, field
from teams.models import User

MQL_CRITERIA: Tree = all_of(
    field("fit", ">=", 50),
    any_of(
        did("demo_request", 1, 90),
        all_of(did("webinar_attended", 1, 60), field("interest", ">=", 30)),
        did("pricing_page_view", 3, 14),
        field("interest", ">=", 60),
    ),
    {"not": field("consent", "=", "withdrawn")},
)
SQL_CRITERIA: Tree = all_of(did("meeting", 1, 60), any_of(field("interest", ">=", 40), did("demo_request", 1, 90)))


def definition_texts() -> dict[str, str]:
    return {
        StageRole.MQL: translated(
            "Someone of the companies and positions that we want, who showed by what they did that a"
            " call now is worth their time.",
            "狙う企業・役職の人で、今連絡する価値があることを行動で示した人。",
        ),
        StageRole.SQL: translated(
            "A talk took place, and the interest holds: sales knows what the need is and who decides.",
            "面談があり、関心が続いている。課題と決裁者を営業が把握している。",
        ),
    }


def starting_definition(role: StageRole, criteria: Tree, by: User | None, at: datetime) -> Definition:
    """The stage's draft, with the starter's text and criteria where nobody has written any."""
    stage = Stage.objects.role(role)
    definitions = Definition.objects.lock_series(stage)
    draft = definitions.filter(in_force_from=None).newest()
    if draft is not None and draft.criteria is not None:
        return draft
    if draft is not None and draft.is_draft:
        draft.criteria, draft.text = criteria, draft.text or definition_texts()[role]
        draft.save()
        return draft
    return definitions.create(
        stage=stage,
        number=definitions.next_number(),
        text=definition_texts()[role],
        criteria=criteria,
        created_by=by,
        created_at=at,
    )
