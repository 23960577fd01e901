"""Who may change which lead, company, deal and hand-off: every verb, by every role, of whomever the record is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.forms import model_to_dict
from django.urls import NoReverseMatch, reverse
from django.utils.timezone import now

from funnel.models import DealStage, Opportunity, Reason, Stage, StageRole
from leads.models import Company, Lead
from sla.models import Handoff
from teams.models import Role, Team, User
from teams.permissions import WHO_MAY, WRITING
from tests import make
from tests.api import Program, faults
from tests.test_permissions import VIEWS

pytestmark = pytest.mark.django_db

NEW = "+819012345678"
OWN, TEAM, OTHERS, NOBODYS = "own", "their team's", "another team's", "nobody's"
RELATIONS = (OWN, TEAM, OTHERS, NOBODYS)
TEAMS = {OWN, TEAM}
ALL = {*RELATIONS}
LEADS = {Role.MARKETER: ALL, Role.MANAGER: ALL, Role.SDR: TEAMS, Role.REP: TEAMS}
DEALS = {Role.MARKETER: TEAMS | {NOBODYS}, Role.MANAGER: ALL, Role.SDR: TEAMS, Role.REP: TEAMS}
# Whoever opens a deal with a lead that is nobody's takes it.
BEGUN = LEADS | {Role.SDR: TEAMS | {NOBODYS}, Role.REP: TEAMS | {NOBODYS}}
MANAGERS = {Role.MANAGER: ALL}


@dataclass(frozen=True)
class Verb:
    """A way to change a record: the row of its view, what is sent, and whose records each role changes by it."""

    name: str
    make: Callable[..., Any]
    sent: Callable[[Any], Any] = lambda record: {}
    address: Callable[[Any, User], list[int]] = lambda record, person: [record.pk]
    may: Any = None

    def call(self, record: Any, person: User) -> int:
        """The status of the answer to this person."""
        if not self.name.endswith(":write"):
            url = reverse(self.name, args=self.address(record, person))
            return make.signed_in(person).post(url, self.sent(record)).status_code
        name = self.name.removesuffix(":write")
        is_list = name in ("api-leads", "api-activities", "api-opportunities")
        url = reverse(name, args=[] if is_list else self.address(record, person)).removeprefix("/api/v1/")
        send = Program(person).patch if name in ("api-lead", "api-opportunity") else Program(person).post
        answer = send(url, self.sent(record))
        return 403 if answer.json().get("rejected") else answer.status_code


def lead(owner: User | None) -> Lead:
    made = make.lead(StageRole.SAL, family_name="Nakamura", company=make.company(), owner=owner)
    make.score(made)
    return made


def deal(owner: User | None) -> Opportunity:
    return Opportunity.open(make.lead(StageRole.SQL), name="Line 3", system="erp", external_id="7", owner=owner)


def lost_deal(owner: User | None) -> Opportunity:
    made = deal(owner)
    made.lose()
    return made


def company(owner: User | None) -> Company:
    return make.company(owner=owner)


def reason(kind: str) -> Reason:
    found = Reason.objects.offered(kind).filter(needs_text=False).first()
    assert found
    return found


def terms(deal: Opportunity) -> dict[str, Any]:
    return {"name": "Renamed", "kind": "new", "amount": "", "currency": "JPY", "expected_close_on": "", "owner": ""}


def stage(lead: Lead) -> dict[str, Any]:
    return {"stage": Stage.objects.role(StageRole.SQL).pk, "because": "A meeting"}


def kept(lead: Lead) -> dict[str, Any]:
    return {"email": "kept", "owner": "kept"}


def with_mine(lead: Lead, person: User) -> list[int]:
    return [lead.pk, make.lead(owner=person).pk]


def into_mine(lead: Lead, person: User) -> list[int]:
    return [make.lead(owner=person).pk, lead.pk]


def nowhere(record: Any, person: User) -> list[int]:
    return []


def activity(lead: Lead) -> list[dict[str, Any]]:
    return [{"lead": {"id": lead.pk}, "kind": "call", "occurred_at": now().isoformat()}]


VERBS = [
    Verb("lead_edit", lead, lambda lead: {"email": lead.email, "company": lead.company.name, "phone": NEW}, may=LEADS),
    Verb("lead_persona", lead, lambda lead: {"persona": "", "reason": "None of them"}, may=LEADS),
    Verb("lead_selection", lead, lambda lead: {"lead": lead.pk, "change": 1}, nowhere, may=LEADS),
    Verb(
        "lead_activity",
        lead,
        lambda lead: {"activity-kind": "call", "activity-occurred_at": f"{now():%Y-%m-%dT00:00}"},
        may=LEADS,
    ),
    Verb("lead_quadrant", lead, lambda lead: {"quadrant-quadrant": "hot", "quadrant-reason": "Met"}, may=LEADS),
    Verb("lead_reassignment", lead, may=MANAGERS),
    Verb("lead_merge_with", lead, kept, with_mine, may=LEADS),
    Verb("lead_merge_with", lead, kept, into_mine, may=LEADS),
    Verb("journey_step", lead, stage, may=LEADS),
    Verb("journey_recycling", lead, lambda lead: {"reason": reason("recycled").pk}, may=LEADS),
    Verb("journey_end", lead, lambda lead: {"reason": reason("disqualified").pk}, may=LEADS),
    Verb(
        "opportunity_new",
        lead,
        lambda lead: {"name": "Line 4", "kind": "new", "stage": DealStage.objects.all()[0].pk},
        may=BEGUN,
    ),
    Verb("api-lead:write", lead, lambda lead: {"phone": NEW}, may=LEADS),
    Verb("api-leads:write", lead, lambda lead: {"email": lead.email, "phone": NEW}, may=LEADS),
    Verb("api-activities:write", lead, activity, may=LEADS),
    Verb("api-opportunities:write", lead, lambda lead: {"lead": {"id": lead.pk}}, may=BEGUN),
    Verb("opportunity", deal, terms, may=DEALS),
    Verb("opportunity_stage", deal, lambda deal: {"stage": DealStage.objects.all()[1].pk}, may=DEALS),
    Verb("opportunity_won", deal, lambda deal: {"reason": reason("won").pk}, may=DEALS),
    Verb("opportunity_lost", deal, lambda deal: {"reason": reason("lost").pk}, may=DEALS),
    Verb("opportunity_reopened", lost_deal, lambda deal: {"because": "They called"}, may=DEALS),
    Verb("api-opportunity:write", deal, lambda deal: {"name": "Renamed"}, may=DEALS),
    Verb(
        "api-opportunities:write",
        deal,
        lambda deal: {"lead": {"id": deal.lead_id}, "system": "erp", "external_id": "7", "name": "Renamed"},
        may=DEALS,
    ),
    Verb("api-winning:write", deal, may=DEALS),
    Verb("api-loss:write", deal, may=DEALS),
    Verb("api-reopening:write", lost_deal, may=DEALS),
    Verb("company_edit", company, lambda company: {"name": company.name, "industry": "Steel"}, may=LEADS),
    Verb("company_new", company, lambda company: {"name": company.name, "industry": "Steel"}, nowhere, may=LEADS),
]
# What is nobody's becomes theirs who takes it; what is somebody's is not taken.
TAKING = {"lead_taking": lead, "opportunity_taking": deal}
TAKING_BY_API = {"api-lead-taking:write": lead, "api-opportunity-taking:write": deal}
# Verbs of a hand-off: those of others are not there.
OF_THE_REP = {
    "acceptance", "rejection", "thread_answers", "touches", "touch_pause", "giving_up", "taking",
    "api-acceptance:write", "api-rejection:write", "api-touches:write", "api-handoff-taking:write",
}  # fmt: skip
# Tested where they are: of a touch and a dispute.
ELSEWHERE = {"touch_undoing", "dispute", "settlement"}
# They make a lead of which nothing was known.
MAKING = {"lead_new"}
READING = {
    "leads", "lead", "lead_changes", "lead_merge", "company", "companies", "company_names",
    "inbox", "inbox_working", "inbox_answered", "handoff",
}  # fmt: skip
RECORDS = ("/leads/", "/companies/", "/opportunities/", "/inbox/", "/handoffs/", "/touches/", "/disputes/")
# Addresses of all else: of settings, of agreements, of numbers.
OTHER_NOUNS = {
    "", "quadrants", "weekly", "attainment", "reviews", "goals", "metrics", "funnel", "behind", "me", "settings",
    "personas", "rejections", "untouched", "calendar", "absences", "capacity", "agreement", "definitions", "scoring",
    "campaigns", "criteria", "segments", "imports", "notices", "api", "healthz", "livez", "account", "language",
    "theme",
}  # fmt: skip


@dataclass(frozen=True)
class People:
    """Somebody, a colleague of their team, and somebody of another team."""

    person: User
    mate: User
    stranger: User

    @classmethod
    def around(cls, *roles: Role) -> People:
        team, other = make.team(Team.Kind.SALES), make.team(Team.Kind.SALES)
        return cls(make.user(*roles, team=team), make.user(Role.REP, team=team), make.user(Role.REP, team=other))

    def owner(self, relation: str) -> User | None:
        return {OWN: self.person, TEAM: self.mate, OTHERS: self.stranger}.get(relation)


def state(record: Any) -> list[Any]:
    """What a verb could have changed of it."""
    lead = record.lead if isinstance(record, Opportunity) else record
    kept: list[Any] = [type(record).objects.filter(pk=record.pk).values().get()]
    if isinstance(lead, Lead):
        kept += [lead.activities.count(), lead.transitions.count(), lead.opportunities.count(), lead.merged.count()]
        kept += [model_to_dict(Lead.objects.get(pk=lead.pk).score)] if hasattr(lead, "score") else []
    return kept


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: f"{verb.name} of a {verb.make.__name__}")
def test_a_record_is_changed_by_whom_it_concerns_and_read_by_the_rest(verb: Verb, role: Role) -> None:
    people = People.around(role)
    for relation in RELATIONS:
        Opportunity.objects.update(external_id="")
        record = verb.make(people.owner(relation))
        before = state(record)
        status = verb.call(record, people.person)
        if relation in verb.may.get(role, ()):
            assert status in (200, 201, 302), (relation, status)
        else:
            assert (status, state(record)) == (403, before), relation


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SDR, Role.REP, Role.MANAGER])
@pytest.mark.parametrize("name", TAKING)
def test_what_is_nobodys_is_taken_and_what_is_somebodys_is_not(name: str, role: Role) -> None:
    people = People.around(role)
    left = make.user(Role.REP, is_active=False)
    for owner, then in ((None, people.person), (left, people.person), (people.stranger, people.stranger)):
        record = TAKING[name](owner)
        assert make.signed_in(people.person).post(reverse(name, args=[record.pk])).status_code == 302
        record.refresh_from_db()
        assert record.owner == then
        Opportunity.objects.update(external_id="")


@pytest.mark.parametrize("name", sorted(OF_THE_REP))
def test_a_hand_off_of_another_is_not_there(name: str) -> None:
    handoff = make.handoff()
    mate, manager = make.user(Role.REP, team=handoff.hop.receiving_team), make.user(Role.MANAGER)
    for person in (mate, manager):
        verb = Verb(name, Handoff, lambda record: {"kind": "call"})
        assert verb.call(handoff, person) == 404


def test_every_address_of_a_record_is_a_verb_or_only_reads() -> None:
    """A new address that changes a lead, a company, a deal or a hand-off has a row above."""
    classed = (
        {verb.name for verb in VERBS} | TAKING.keys() | TAKING_BY_API.keys() | OF_THE_REP | ELSEWHERE | MAKING | READING
    )
    assert {name for name in VIEWS if (of := address(name)) and of.startswith(RECORDS)} - classed == set()
    assert {name for name in map(WRITING.format, VIEWS) if name in WHO_MAY} - classed == set()


def test_an_address_of_a_new_noun_is_of_a_record_or_of_none() -> None:
    nouns = {of.split("/")[1] for name in VIEWS if (of := address(name))}
    assert nouns - OTHER_NOUNS == {of.strip("/") for of in RECORDS}


def address(name: str) -> str:
    """Its address with whatever argument; empty where the address is one of a library."""
    converters = getattr(VIEWS[name].pattern, "converters", {})
    samples = {"IntConverter": 1, "UUIDConverter": "6b1c1f3c-0c3e-4a7e-9a55-111111111111"}
    try:
        return reverse(name, kwargs={key: samples.get(type(each).__name__, "x") for key, each in converters.items()})
    except NoReverseMatch:
        return ""


# Of whom a record is


def offered(to: User) -> Lead:
    return make.handoff(to=to).lead


def accepted(to: User) -> Lead:
    handoff = make.handoff(to=to)
    handoff.accept(by=to)
    Lead.objects.filter(pk=handoff.lead_id).update(owner=None)
    return handoff.lead


@pytest.mark.parametrize("hand", [offered, accepted])
def test_a_lead_is_changed_by_the_rep_of_its_hand_off_and_their_team(hand: Callable[[User], Lead]) -> None:
    rep, stranger = make.user(Role.REP), make.user(Role.REP, team=make.team(Team.Kind.SALES))
    lead = hand(rep)
    rep.refresh_from_db()
    mate, head = make.user(Role.SDR, team=rep.team), make.user(Role.REP)
    Team.objects.filter(members=rep).update(head=head)
    may = {person for person in (rep, mate, head, stranger) if lead in Lead.objects.editable_by(person)}
    assert may == {rep, mate, head}
    assert not Lead.objects.nobodys().filter(pk=lead.pk).exists()


def test_a_hand_off_that_was_rejected_given_up_or_accepted_by_another_since_opens_nothing() -> None:
    handoff = make.handoff()
    rep = handoff.rep
    handoff.reject(by=rep, reason=reason("rejected"), verdict="no")
    assert handoff.lead not in Lead.objects.editable_by(rep)
    for given_up in (True, False):
        lead = accepted(make.user(Role.REP))
        first = lead.handoffs.get()
        if given_up:
            Handoff.objects.filter(pk=first.pk).update(given_up_at=now(), given_up_by=rep, reason=reason("recycled"))
        else:
            other = make.user(Role.REP, team=make.team(Team.Kind.SALES))
            first.replacement(other, at=now(), answer="accepted", answered_at=now(), answered_by=other)
        assert lead not in Lead.objects.editable_by(first.rep)


def test_people_without_a_team_are_no_team() -> None:
    one, other = make.user(Role.REP), make.user(Role.REP)
    lead = make.lead(owner=other)
    assert lead not in Lead.objects.editable_by(one)
    assert lead in Lead.objects.editable_by(other)


def test_whoever_left_or_only_administers_changes_nothing() -> None:
    for person in (make.user(Role.MANAGER, is_active=False), make.user(Role.ADMINISTRATOR), make.user()):
        make.lead(owner=person)
        make.opportunity(owner=person)
        assert not Lead.objects.editable_by(person).exists()
        assert not Opportunity.objects.editable_by(person).exists()


def test_a_company_without_an_owner_is_changed_by_who_may_change_one_of_its_leads() -> None:
    rep, other = make.user(Role.REP), make.user(Role.REP)
    free, owned = make.company(), make.company(owner=other)
    for at in (free, owned):
        make.lead(company=at, owner=rep)
    assert [*Company.objects.editable_by(rep)] == [free]
    assert [*Company.objects.editable_by(other)] == [owned]


# Pages


@pytest.mark.parametrize("mine", [True, False])
def test_pages_show_no_button_that_would_be_refused(mine: bool) -> None:
    rep, other = make.user(Role.REP), make.user(Role.REP)
    owner = rep if mine else other
    record, sold, firm = lead(owner), deal(owner), company(owner)
    browser = make.signed_in(rep)
    pages = {
        reverse("lead", args=[record.pk]): ("edit/", "merge/", "step/", "opportunities/new/", "quadrant/", "persona/"),
        reverse("opportunity", args=[sold.pk]): ("won/", "lost/", "stage/", 'name="amount"'),
        reverse("company", args=[firm.pk]): ("edit/",),
        reverse("leads"): (f'name="lead"\n                               value="{record.pk}"',),
    }
    for url, marks in pages.items():
        page = browser.get(url).content.decode()
        assert [mark in page for mark in marks] == [mine] * len(marks), url
        assert "taking/" not in page


def test_pages_offer_what_is_nobodys_to_be_taken() -> None:
    record, sold = lead(None), deal(None)
    browser = make.signed_in(make.user(Role.REP))
    assert reverse("lead_taking", args=[record.pk]) in browser.get(reverse("lead", args=[record.pk])).content.decode()
    page = browser.get(reverse("opportunity", args=[sold.pk])).content.decode()
    assert reverse("opportunity_taking", args=[sold.pk]) in page
    assert 'name="amount"' not in page


def test_a_refusal_says_who_may() -> None:
    rep = make.user(Role.REP)
    record = lead(make.user(Role.REP))
    who = "their team, marketing and managers may change it"
    page = make.signed_in(rep).get(reverse("lead_edit", args=[record.pk]))
    assert (page.status_code, who in page.content.decode()) == (403, True)
    answer = Program(rep).patch(f"leads/{record.pk}/", {"phone": NEW})
    faults(answer, 403)
    assert who in answer.json()["detail"]


def test_what_is_not_there_is_404_and_not_403() -> None:
    rep = make.user(Role.REP)
    kept, gone = make.lead(), make.lead()
    Lead.objects.filter(pk=gone.pk).update(merged_into=kept, merged_at=now())
    browser = make.signed_in(rep)
    for name, pk in (("lead_edit", gone.pk), ("lead_edit", 10**9), ("opportunity_lost", 10**9)):
        assert browser.get(reverse(name, args=[pk])).status_code == 404
    faults(Program(rep).patch(f"leads/{gone.pk}/", {}), 410)
    faults(Program(rep).patch(f"leads/{10**9}/", {}), 404)


def test_a_selection_with_a_lead_that_is_only_read_changes_none() -> None:
    rep = make.user(Role.REP)
    mine, other = make.lead(owner=rep), make.lead(owner=make.user(Role.REP))
    asked = {"lead": [mine.pk, other.pk], "owner": rep.pk, "change": 1}
    assert make.signed_in(rep).post(reverse("lead_selection"), asked).status_code == 403
    other.refresh_from_db()
    assert other.owner != rep


# Programs


def test_of_a_batch_of_activities_those_of_leads_that_are_only_read_are_refused() -> None:
    rep = make.user(Role.REP)
    mine, other = make.lead(owner=rep), make.lead(owner=make.user(Role.REP))
    answer = Program(rep).post("activities/", activity(mine) + activity(other)).json()
    assert (answer["created"], [refused["index"] for refused in answer["rejected"]]) == (1, [1])


def test_a_lead_that_a_reps_program_makes_is_the_reps_and_may_be_told_again() -> None:
    program = Program(make.user(Role.SDR))
    told = {"email": "new@example.org", "company": {"name": "Mihon", "industry": "Steel"}}
    assert [program.post("leads/", told).status_code for _ in range(2)] == [201, 200]
    assert Lead.objects.get(email="new@example.org").owner == program.person
    program.post("leads/", {"email": "free@example.org", "owner": None})
    assert Lead.objects.get(email="free@example.org").owner is None


def test_a_program_changes_no_company_that_its_person_only_reads() -> None:
    rep, other = make.user(Role.REP), make.user(Role.REP)
    mine = make.lead(owner=rep)
    make.company(name="Mihon", industry="Steel", owner=other)
    program = Program(rep)
    for path, send in ((f"leads/{mine.pk}/", program.patch), ("leads/", program.post)):
        named = {"email": mine.email, "company": {"name": "Mihon"}}
        assert send(path, named).status_code == 200
        faults(send(path, {"email": mine.email, "company": {"name": "Mihon", "industry": "Iron"}}), 403)
    faults(program.patch(f"leads/{mine.pk}/", {"company": {"name": "Mihon", "industry": ""}}), 403)
    assert Company.objects.get(name="Mihon").industry == "Steel"
