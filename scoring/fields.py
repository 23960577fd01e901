"""What criteria may say of scores. Fit rules may not: no circles."""

from __future__ import annotations

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from leads.criteria import Field, Tree, Type, register_field
from leads.criteria.fields import Frame
from leads.criteria.reaching import stand_in_sql
from scoring.formula import MILLION
from scoring.models import Quadrant, ScoreModel
from scoring.rescoring import Scoring, Sql, quadrant_sql

SCORE = "scoring_score s WHERE s.lead_id = {lead}.id"
# A person's word, as it was: the last that was given by then.
WORD = """(SELECT word.new #>> '{{}}' FROM history_change word
    WHERE word.subject = 'lead' AND word.subject_id = {lead}.id AND word.field = 'quadrant_override' AND word.at <= %s
    ORDER BY word.at DESC, word.id DESC LIMIT 1)"""


def scoring_at(frame: Frame) -> Scoring | None:
    """The model in force at the moment asked about, applied to that company day."""
    model = ScoreModel.objects.in_force(frame.at).first()
    return Scoring(model, frame.at, past=frame.past) if model else None


def fit_at(frame: Frame) -> Sql:
    scoring = scoring_at(frame)
    if scoring is None:
        return "NULL::numeric", []
    sql, params = scoring.fit_of(f"{frame.lead}.id")
    return f"({sql} / {MILLION}.0)", params


def interest_at(frame: Frame) -> Sql:
    scoring = scoring_at(frame)
    if scoring is None:
        return "NULL::numeric", []
    sql, params = scoring.interest_of(f"{frame.lead}.id")
    return f"({sql} / {MILLION}.0)", params


def quadrant_at(frame: Frame) -> Sql:
    return quadrant_by(scoring_at(frame), frame)


def quadrant_by(scoring: Scoring | None, frame: Frame) -> Sql:
    """The same by a scoring that was read already; None: no model was in force."""
    if scoring is None:
        return "NULL::text", []
    fit, fit_params = scoring.fit_of(f"{frame.lead}.id")
    interest, interest_params = scoring.interest_of(f"{frame.lead}.id")
    machine = quadrant_sql(scoring.model, "scored.fit", "scored.interest")
    sql = (
        f"(SELECT coalesce(nullif({WORD.format(lead=frame.lead)}, ''), {machine})"
        f" FROM (SELECT {fit} AS fit, {interest} AS interest) scored)"
    )
    return sql, [frame.at, *fit_params, *interest_params]


def fit_stands_in(frame: Frame) -> Sql:
    """Whether a value that we were told later stands in for what one of the fit rules asks."""
    scoring = scoring_at(frame)
    if scoring is None:
        return "FALSE", []
    parts = [stand_in_sql(rule.criteria, frame) for rule in scoring.rules]
    return f"({' OR '.join(sql for sql, _ in parts) or 'FALSE'})", [param for _, given in parts for param in given]


def criteria_of_fit() -> list[Tree]:
    """What the fit rules in force ask."""
    model = ScoreModel.objects.in_force(now()).first()
    return [rule.criteria for rule in model.fit_rules.all()] if model else []


def register() -> None:
    register_field(
        Field(
            "fit",
            Type.NUMBER,
            _("Fit"),
            f"s.fit / {MILLION}.0",
            SCORE,
            as_of=fit_at,
            stands_in=fit_stands_in,
            made_of=criteria_of_fit,
            noun=_("fit"),
        )
    )
    register_field(
        Field(
            "interest",
            Type.NUMBER,
            _("Interest"),
            f"s.interest / {MILLION}.0",
            SCORE,
            as_of=interest_at,
            noun=_("interest"),
        )
    )
    register_field(
        Field(
            "quadrant",
            Type.CHOICE,
            _("Quadrant"),
            "coalesce(nullif(s.override, ''), s.machine_quadrant)",
            SCORE,
            as_of=quadrant_at,
            stands_in=fit_stands_in,
            made_of=criteria_of_fit,
            noun=_("the quadrant"),
            choices=lambda: Quadrant.choices,
            is_folded=True,
        )
    )
