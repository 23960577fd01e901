"""The score model to start from."""

from __future__ import annotations

from datetime import datetime

from leads.models import ActivityKind
from scoring.models import FitRule, InterestRule, ScoreModel
from sla.agreement.starter.bilingual import translated
from sla.agreement.starter.criteria import (
    IS_MANAGER,
    IT_DEPARTMENTS,
    MANUFACTURING_INDUSTRIES,
    PLANT_DEPARTMENTS,
    QUALITY_DEPARTMENTS,
    Tree,
    field,
)
from teams.models import User

# English name, Japanese name, criteria, points.
FIT_RULES: tuple[tuple[str, str, Tree, int], ...] = (
    ("300 employees or more", "従業員300人以上", field("company.employees", ">=", 300), 30),
    ("50 to 299 employees", "従業員50～299人", field("company.employees", "between", [50, 299]), 15),
    ("Leads others", "管理職", IS_MANAGER, 30),
    (
        "In production, quality or information systems",
        "生産・品質・情報システム部門",
        field("department", "in", PLANT_DEPARTMENTS + QUALITY_DEPARTMENTS + IT_DEPARTMENTS),
        25,
    ),
    ("Makes things", "製造業", field("company.industry", "in", MANUFACTURING_INDUSTRIES), 15),
    ("Free-mail address", "フリーメール", field("is_free_mail", "=", True), -30),
)
# Kind, points, cap, half-life in days.
INTEREST_RULES: tuple[tuple[str, int, int | None, int | None], ...] = (
    ("demo_request", 40, 60, 30),
    ("meeting", 30, 60, 45),
    ("webinar_attended", 20, 40, 30),
    ("form_submission", 15, 30, 30),
    ("content_download", 10, 30, 30),
    ("call", 10, 20, 30),
    ("pricing_page_view", 8, 32, 14),
    ("webinar_registered", 8, 16, 30),
    ("newsletter_signup", 5, 5, 90),
    ("email_click", 3, 15, 14),
    ("page_view", 1, 10, 7),
    ("email_open", 1, 5, 14),
    ("unsubscribe", -30, None, None),
)


def starting_score_model(by: User | None, at: datetime) -> ScoreModel:
    """The draft model if it has rules, else the starter's."""
    models = ScoreModel.objects.lock_series()
    draft = models.filter(in_force_from=None).newest()
    if draft is not None and (draft.fit_rules.exists() or draft.interest_rules.exists()):
        return draft
    if draft is None or not draft.is_draft:
        draft = models.create(
            number=models.next_number(),
            note=translated("To start from", "最初のモデル"),
            fit_threshold=50,
            interest_threshold=40,
            created_by=by,
            created_at=at,
        )
    FitRule.objects.bulk_create(
        FitRule(model=draft, position=position, name=translated(*names), criteria=criteria, points=points)
        for position, (*names, criteria, points) in enumerate(FIT_RULES, 1)
    )
    kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
    InterestRule.objects.bulk_create(
        InterestRule(model=draft, kind=kinds[key], points=points, cap=cap, half_life_days=half_life)
        for key, points, cap, half_life in INTEREST_RULES
        if key in kinds
    )
    return draft
