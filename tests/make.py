"""Make one thing for a test, with everything it needs and nothing it does not.

Pass what the test is about; leave out what it is not.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.test import Client
from django.utils.timezone import now

from funnel.models import Definition, Journey, Opportunity, Stage, StageRole, Transition
from leads.models import Activity, ActivityKind, Company, CustomField, Lead, Persona, PersonaVersion
from scoring.models import MILLION, Score, ScoreModel
from sla.agreement.drafting import draft_next
from sla.models import Agreement, Clause, Handoff
from sla.notices import OFFERED
from sla.routing.offering import offer
from teams.models import Notice, Role, Team, User
from teams.notices import NoticeKind

# Monday 16 November 2026, 9:00 in Tokyo.
MONDAY_9AM = datetime(2026, 11, 16, 0, tzinfo=UTC)
TEN = MONDAY_9AM + timedelta(hours=1)
NOON = MONDAY_9AM + timedelta(hours=3)
_number = count(1)


def user(*roles: Role, **fields: Any) -> User:
    fields.setdefault("email", f"user{next(_number)}@example.org")
    made: User = User.objects.create_user(roles=[role.value for role in roles], **fields)
    return made


def signed_in(person: User) -> Client:
    """A browser of that person's."""
    return sign_in(Client(), person)


def sign_in(browser: Client, person: User) -> Client:
    """Let a person sign in, who gave the password just now, whenever the test plays."""
    browser.force_login(person)
    session = browser.session
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [{"method": "password", "at": 9e9, "reauthenticated": True}]
    session.save()
    return browser


def notice(
    *people: User,
    kind: NoticeKind[Any] = OFFERED,
    about: str = "handoff 1",
    at: datetime | None = None,
    **params: Any,
) -> None:
    """Tell people something: the example of its kind, with some other params."""
    Notice.objects.notify(people, kind, kind.example | params, about=about, at=at)


def team(kind: Team.Kind, **fields: Any) -> Team:
    fields.setdefault("name", f"{kind.label} {next(_number)}")
    return Team.objects.create(kind=kind, **fields)


def company(**fields: Any) -> Company:
    fields.setdefault("name", f"Company {next(_number)}")
    return Company.objects.create(**fields)


def lead(stage: StageRole | str | None = None, **fields: Any) -> Lead:
    """A lead; with a stage, a journey that stands there since the lead was made."""
    fields.setdefault("email", f"lead{next(_number)}@example.org")
    made = Lead.objects.create(**fields)
    if stage is not None:
        here = Stage.objects.role(stage)
        Journey.objects.create(lead=made, stage=here, entered_at=made.created_at)
        Transition.objects.create(lead=made, to_stage=here, at=made.created_at, how=Transition.How.IMPORT)
    return made


def custom_field(key: str, type: str = "text", **fields: Any) -> CustomField:
    fields.setdefault("name_en", key.capitalize())
    return CustomField.objects.create(key=key, type=type, **fields)


def activity(lead: Lead, kind: str, occurred_at: datetime | None = None, **fields: Any) -> Activity:
    kinds = ActivityKind.objects.get(key=kind)
    return Activity.objects.create(lead=lead, kind=kinds, occurred_at=occurred_at or now(), **fields)


def agreement(
    *,
    in_force_from: datetime = MONDAY_9AM - timedelta(days=30),
    receiving: Team | None = None,
    definitions: Sequence[Definition] = (),
    personas: Sequence[PersonaVersion] = (),
    answer_within: timedelta = timedelta(hours=4),
    steps: Sequence[tuple[int, str]] = ((80, "remind"), (100, "tell")),
    touch_steps: Sequence[tuple[int, str]] = (),
    policy: dict[str, Any] | None = None,
    clauses: Sequence[dict[str, Any]] = (),
    agreed: dict[str, Any] | None = None,
    **hop_fields: Any,
) -> Agreement:
    """An agreement in force with one hop, mql to sales, answered within four hours, and one policy for all.

    `steps` are those of the answer clock, `touch_steps` of the first touch: (percent, action). `clauses` are sales'
    unless they say `side="marketing"`; `agreed` are fields of the agreement itself.
    """
    marketing = team(Team.Kind.MARKETING)
    receiving = receiving or team(Team.Kind.SALES)
    made = Agreement.objects.create(number=next(_number), **(agreed or {}))
    for bound in (marketing, receiving):
        made.parties.create(team=bound, head=bound.head)
    for definition in definitions:
        made.agreed_definitions.create(definition=definition)
    for position, version in enumerate(personas, 1):
        made.agreed_personas.create(version=version, position=position)
    for_all = made.policies.create(position=1, answer_within=answer_within, **(policy or {}))
    for percent, action in steps:
        made.steps.create(policy=for_all, percent=percent, action=action)
    for percent, action in touch_steps:
        made.steps.create(policy=for_all, clock="first_touch", percent=percent, action=action)
    for position, fields in enumerate(clauses, 1):
        clause({"agreement": made, "position": position} | fields, {"marketing": marketing, "sales": receiving})
    stages = {stage.role: stage for stage in Stage.objects.all()}
    made.hops.create(
        from_stage=stages[StageRole.MQL],
        offering_team=marketing,
        receiving_team=receiving,
        accepted_stage=stages[StageRole.SAL],
        rejected_stage=stages[StageRole.LEAD],
        **hop_fields,
    )
    Agreement.objects.filter(pk=made.pk).update(proposed_at=in_force_from, in_force_from=in_force_from)
    for definition in definitions:
        definition.freeze(at=in_force_from)
        definition.put_in_force(from_at=in_force_from)
    made.refresh_from_db()
    return made


def definition(role: StageRole = StageRole.MQL, criteria: dict[str, Any] | None = None, **fields: Any) -> Definition:
    fields.setdefault("number", next(_number))
    stage = Stage.objects.role(role)
    return Definition.objects.create(stage=stage, criteria=criteria or {"all": []}, **fields)


def mql(at: datetime = MONDAY_9AM, **fields: Any) -> Lead:
    """A lead that qualified at that moment, by the machine."""
    made = lead(StageRole.LEAD, created_at=fields.pop("created_at", at - timedelta(days=1)), **fields)
    made.journey.move_to(
        Stage.objects.role(StageRole.MQL), because="Met the definition", at=at, how=Transition.How.MACHINE
    )
    return made


def handoff(*, to: User | None = None, at: datetime = MONDAY_9AM, persona: Persona | None = None) -> Handoff:
    """One open hand-off, offered at that moment, of a lead of that persona."""
    in_force = Agreement.objects.in_force(at).first() or agreement()
    receiving = in_force.hops.get().receiving_team
    to = to or user(Role.REP)
    User.objects.filter(pk=to.pk).update(team=receiving)
    lead_id = mql(at=at).pk
    User.objects.filter(team=receiving).exclude(pk=to.pk).update(is_active=False)
    offer([lead_id], at=at)
    User.objects.filter(team=receiving).update(is_active=True)
    Handoff.objects.filter(lead=lead_id).update(persona=persona)
    return Handoff.objects.select_related("lead", "hop", "rep").get(lead=lead_id)


def score(lead: Lead, *, fit: int = 60, interest: int = 30, **fields: Any) -> Score:
    """A score in whole points, of whichever model there is."""
    model = ScoreModel.objects.first() or ScoreModel.objects.create(number=next(_number))
    fields.setdefault("scored_on", lead.created_at.date())
    return Score.objects.create(lead=lead, model=model, fit=fit * MILLION, interest=interest * MILLION, **fields)


def opportunity(of: Lead | None = None, **fields: Any) -> Opportunity:
    """A deal with that lead, or with one of its own; open unless it has `won_at` or `lost_at`."""
    return Opportunity.objects.create(lead=of or lead(), **fields)


def clause(fields: dict[str, Any], teams: dict[str, Team]) -> Clause:
    """A promise of a draft: at least ten leads handed over every month, unless it says otherwise."""
    said: dict[str, Any] = {"metric": "handed_over", "target": 10, "every": "month"} | fields
    return Clause.objects.create(team=teams[said.pop("side", "sales")], **said)


def next_agreement(
    before: Agreement,
    *,
    from_at: datetime,
    clauses: Sequence[dict[str, Any]] = (),
    escalates_to: User | None = None,
) -> Agreement:
    """The next version, in force from then: it carries everything over, and adds these clauses.

    A clause with the key of one that is there changes it; `target=None` takes it out.
    """
    draft = draft_next(at=from_at)
    teams = {"marketing": before.parties.earliest("pk").team, "sales": before.parties.latest("pk").team}
    for position, fields in enumerate(clauses, 100):
        same = draft.clauses.filter(key=fields["key"]) if "key" in fields else draft.clauses.none()
        if not same:
            clause({"agreement": draft, "position": position} | fields, teams)
        elif fields.get("target") is None:
            same.delete()
        else:
            same.update(**fields)
    draft.parties.update(escalates_to=escalates_to)
    Agreement.objects.filter(pk=before.pk).update(replaced_at=from_at)
    Agreement.objects.filter(pk=draft.pk).update(proposed_at=from_at, in_force_from=from_at)
    draft.refresh_from_db()
    return draft
