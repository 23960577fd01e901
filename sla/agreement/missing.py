"""What is missing before a draft can be proposed, in the reader's language."""

from __future__ import annotations

from django.utils.timezone import now
from django.utils.translation import gettext as _

from history.versions import State
from leads.criteria import BadCriteria, Catalogue, check
from metrics.period import Period
from metrics.registry import BadQuestion, Metric, Question, UnknownMetric, metric
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from sla.agreement.models.hops import Hop
from sla.agreement.terms import Terms


def missing(agreement: Agreement) -> list[str]:
    """List what is missing before the draft can be proposed; empty when it can."""
    terms = Terms.of(agreement)
    return [*_check_parties(terms), *_check_score_replacement(agreement), *missing_terms(agreement)]


def missing_terms(agreement: Agreement) -> list[str]:
    """List what no longer holds together in what the agreement says, whoever signs it."""
    terms = Terms.of(agreement)
    return [
        *_check_personas(terms),
        *_check_definitions(terms),
        *_check_hops(terms),
        *_check_policies(terms),
        *_check_clauses(terms),
        *_check_scores(agreement),
    ]


def _check_parties(terms: Terms) -> list[str]:
    parties = terms.parties
    problems = []
    if len(parties) < 2:
        problems.append(_("An agreement needs two parties or more."))
    for party in parties:
        if party.head is None or not party.head.is_active:
            problems.append(_("%(team)s has no head who could sign for it.") % {"team": party.team})
        elif party.head != party.signer:
            words = _("%(person)s does not head %(team)s: only its head, %(head)s, signs for it.")
            problems.append(words % {"person": party.head, "team": party.team, "head": party.signer})
    return problems


def _check_personas(terms: Terms) -> list[str]:
    problems = []
    versions = terms.versions
    for version in versions:
        if version.criteria is None:
            problems.append(_("The persona “%(persona)s” has no criteria.") % {"persona": version})
        elif not _is_valid(version.criteria):
            problems.append(
                _("The criteria of the persona “%(persona)s” no longer hold together.") % {"persona": version}
            )
    for persona in {version.persona_id for version in versions}:
        twice = [version for version in versions if version.persona_id == persona]
        if len(twice) > 1:
            problems.append(_("The persona “%(persona)s” is named twice.") % {"persona": twice[0]})
    return problems


def _check_definitions(terms: Terms) -> list[str]:
    problems = []
    for definition in terms.definitions.values():
        if definition.criteria is None:
            problems.append(_("The definition of %(stage)s has no criteria.") % {"stage": definition.stage})
        elif not _is_valid(definition.criteria):
            problems.append(_("The criteria of %(stage)s no longer hold together.") % {"stage": definition.stage})
        elif definition.state == State.REPLACED:
            words = _("%(definition)s was in force before and was replaced: make its next version.")
            problems.append(words % {"definition": definition})
    return problems


def _check_hops(terms: Terms) -> list[str]:
    problems = []
    teams = {party.team_id for party in terms.parties}
    for hop in terms.hops:
        if hop.from_stage_id not in terms.definitions and hop.from_stage.has_definition:
            words = _("Leads are handed over when they become %(stage)s, but nothing defines %(stage)s.")
            problems.append(words % {"stage": hop.from_stage})
        for team in (hop.offering_team, hop.receiving_team):
            if team.pk not in teams:
                problems.append(_("%(team)s takes part in a hand-off but is no party.") % {"team": team})
        problems += _check_ready_fields(hop)
    if not terms.hops:
        problems.append(_("No hand-off is agreed: say who hands leads to whom."))
    return problems


def _check_ready_fields(hop: Hop) -> list[str]:
    catalogue = Catalogue()
    words = _("What must be filled in before %(stage)s is handed over is not known: %(field)s.")
    return [
        words % {"stage": hop.from_stage, "field": name} for name in hop.ready_fields if catalogue.get(name) is None
    ]


def _check_policies(terms: Terms) -> list[str]:
    policies = terms.policies
    problems = []
    if not policies or not policies[-1].matches_all:
        problems.append(_("The last policy of hand-offs must match all: say by when every other hand-off is answered."))
    for n, policy in enumerate(policies, 1):
        earlier = policies[: n - 1]
        if any(before.covers(policy) for before in earlier):
            words = _("Policy %(n)s of hand-offs is never used: one before it matches everything that it matches.")
            problems.append(words % {"n": n})
    return problems


def _check_clauses(terms: Terms) -> list[str]:
    teams = {party.team_id for party in terms.parties}
    problems = []
    month = Period.month_of(now())
    for n, clause in enumerate(terms.clauses, 1):
        if clause.team_id not in teams:
            words = _("%(team)s promises something but is no party.")
            problems.append(words % {"team": clause.team})
        try:
            metric_for(clause, month)
        except (BadQuestion, UnknownMetric) as error:
            problems.append(_("Promise %(n)s of %(team)s: %(fault)s") % {"n": n, "team": clause.team, "fault": error})
    return list(dict.fromkeys(problems))


def metric_for(clause: Clause, period: Period) -> Metric:
    """Return the metric of a clause if it takes the clause's stages, window and filters.

    Raises `UnknownMetric`, `BadQuestion`.
    """
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


def _check_scores(agreement: Agreement) -> list[str]:
    if agreement.score_model is None:
        return [_("No score model is chosen.")]
    if agreement.score_model.state == State.REPLACED and not agreement.score_model_replacement:
        return [_describe_replaced_scores(agreement)]
    return []


def _check_score_replacement(agreement: Agreement) -> list[str]:
    return [_describe_replaced_scores(agreement)] if agreement.score_model_replacement else []


def _describe_replaced_scores(agreement: Agreement) -> str:
    words = _("Score model %(model)s was replaced: choose the one that holds or a newer one.")
    return words % {"model": agreement.score_model}


def _is_valid(criteria: object) -> bool:
    try:
        check(criteria)
    except BadCriteria:
        return False
    return True
