"""What an agreement still lacks before it can be proposed, said for people."""

from __future__ import annotations

from django.utils.timezone import now
from django.utils.translation import gettext as _

from funnel.models import Definition
from leads.criteria import BadCriteria, Catalogue, check
from metrics.period import Period
from metrics.registry import BadQuestion, Metric, Question, UnknownMetric, metric
from scoring.models import ScoreModel
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop


def missing(agreement: Agreement) -> list[str]:
    """Say, for people, what is still missing before it can be proposed."""
    return [
        *_missing_of_parties(agreement),
        *_missing_of_personas(agreement),
        *_missing_of_definitions(agreement),
        *_missing_of_hops(agreement),
        *_missing_of_policies(agreement),
        *_missing_of_clauses(agreement),
        *_missing_of_scores(agreement),
    ]


def _missing_of_parties(agreement: Agreement) -> list[str]:
    parties = list(agreement.parties.select_related("team", "head"))
    found = []
    if len(parties) < 2:
        found.append(_("An agreement needs two parties or more."))
    for party in parties:
        if party.head is None or not party.head.is_active:
            found.append(_("%(team)s has no head who could sign for it.") % {"team": party.team})
    return found


def _missing_of_personas(agreement: Agreement) -> list[str]:
    found = []
    versions = [agreed.version for agreed in agreement.agreed_personas.select_related("version__persona")]
    for version in versions:
        if version.criteria is None:
            found.append(_("The persona “%(persona)s” has no criteria.") % {"persona": version})
        elif not _reads(version.criteria):
            found.append(_("The criteria of the persona “%(persona)s” no longer hold together.") % {"persona": version})
    for persona in {version.persona_id for version in versions}:
        twice = [version for version in versions if version.persona_id == persona]
        if len(twice) > 1:
            found.append(_("The persona “%(persona)s” is named twice.") % {"persona": twice[0]})
    return found


def _missing_of_definitions(agreement: Agreement) -> list[str]:
    found = []
    for definition in agreement.definitions():
        if definition.criteria is None:
            found.append(_("The definition of %(stage)s has no criteria.") % {"stage": definition.stage})
        elif not _reads(definition.criteria):
            found.append(_("The criteria of %(stage)s no longer hold together.") % {"stage": definition.stage})
        elif _is_over(definition):
            words = _("%(definition)s was in force before and was replaced: make its next version.")
            found.append(words % {"definition": definition})
    return found


def _missing_of_hops(agreement: Agreement) -> list[str]:
    found = []
    defined = {definition.stage_id for definition in agreement.definitions()}
    teams = set(agreement.parties.values_list("team", flat=True))
    hops = agreement.hops.select_related("from_stage", "offering_team", "receiving_team")
    for hop in hops:
        if hop.from_stage_id not in defined and hop.from_stage.has_definition:
            words = _("Leads are handed over when they become %(stage)s, but nothing defines %(stage)s.")
            found.append(words % {"stage": hop.from_stage})
        for team in (hop.offering_team, hop.receiving_team):
            if team.pk not in teams:
                found.append(_("%(team)s takes part in a hand-off but is no party.") % {"team": team})
        found += _missing_of_ready_fields(hop)
    if not hops:
        found.append(_("No hand-off is agreed: say who hands leads to whom."))
    return found


def _missing_of_ready_fields(hop: Hop) -> list[str]:
    known = Catalogue()
    words = _("What must be filled in before %(stage)s is handed over is not known: %(field)s.")
    return [words % {"stage": hop.from_stage, "field": name} for name in hop.ready_fields if known.get(name) is None]


def _missing_of_policies(agreement: Agreement) -> list[str]:
    policies = list(agreement.policies.order_by("position"))
    found = []
    if not policies or not policies[-1].matches_all:
        found.append(_("The last policy of hand-offs must match all: say by when every other hand-off is answered."))
    for n, policy in enumerate(policies, 1):
        earlier = policies[: n - 1]
        if any(before.covers(policy) for before in earlier):
            words = _("Policy %(n)s of hand-offs is never used: one before it matches everything that it matches.")
            found.append(words % {"n": n})
    return found


def _missing_of_clauses(agreement: Agreement) -> list[str]:
    teams = set(agreement.parties.values_list("team", flat=True))
    found = []
    month = Period.month_of(now())
    for n, clause in enumerate(agreement.clauses.select_related("team"), 1):
        if clause.team_id not in teams:
            words = _("%(team)s promises something but is no party.")
            found.append(words % {"team": clause.team})
        try:
            metric_asked(clause, month)
        except (BadQuestion, UnknownMetric) as wrong:
            found.append(_("Promise %(n)s of %(team)s: %(fault)s") % {"n": n, "team": clause.team, "fault": wrong})
    return list(dict.fromkeys(found))


def metric_asked(clause: Clause, period: Period) -> Metric:
    """Return the metric of a clause, when it can be asked what the clause asks of a period. Raises `UnknownMetric`,
    `BadQuestion`."""
    measured = metric(clause.metric)
    measured.accept(
        Question(
            period,
            from_role=clause.from_role,
            to_role=clause.to_role,
            window_days=clause.window_days,
            filters=clause.filters,
        )
    )
    return measured


def _missing_of_scores(agreement: Agreement) -> list[str]:
    model = agreement.score_model
    if model is None:
        return [_("No score model is chosen.")]
    if _is_over(model):
        return [_("Score model %(model)s was replaced: choose the one that holds or a newer one.") % {"model": model}]
    return []


def _is_over(version: Definition | ScoreModel) -> bool:
    return bool(version.replaced_at and version.in_force_from and version.in_force_from < version.replaced_at <= now())


def _reads(criteria: object) -> bool:
    try:
        check(criteria)
    except BadCriteria:
        return False
    return True
