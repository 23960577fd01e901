"""Programs take what is nobody's, as people do on pages."""

from __future__ import annotations

import pytest

from funnel.models import Opportunity, OpportunityStep
from history.models import Change
from teams.models import Role
from tests import make
from tests.test_records import TAKING_BY_API, People, Verb, lead

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SDR, Role.REP, Role.MANAGER])
@pytest.mark.parametrize("name", TAKING_BY_API)
def test_a_program_takes_what_is_nobodys_once(name: str, role: Role) -> None:
    people = People.around(role)
    left = make.user(Role.REP, is_active=False)
    for owner, answers in ((None, [200, 200]), (left, [200, 200]), (people.stranger, [409, 409])):
        Opportunity.objects.update(external_id="")
        record = TAKING_BY_API[name](owner)
        assert [Verb(name, lead).call(record, people.person) for _ in range(2)] == answers
        record.refresh_from_db()
        assert record.owner == (people.stranger if owner == people.stranger else people.person)
        subject = Change.objects.filter(subject="lead", subject_id=record.pk, field="owner")
        steps = OpportunityStep.objects.filter(opportunity=record.pk, what=OpportunityStep.What.CHANGED)
        assert (steps if isinstance(record, Opportunity) else subject).count() == (answers[0] == 200)


@pytest.mark.parametrize("name", TAKING_BY_API)
def test_who_reads_takes_nothing_and_taking_says_nothing(name: str) -> None:
    record = TAKING_BY_API[name](None)
    assert Verb(name, lead).call(record, make.user(Role.ADMINISTRATOR)) == 403
    assert Verb(name, lead, lambda record: {"owner": "me"}).call(record, make.user(Role.REP)) == 400
    record.refresh_from_db()
    assert record.owner is None
