"""The person of a session, in one query."""

import pytest

from teams.backends import PersonBackend
from teams.models import Organization, Role, Team
from tests import make

pytestmark = pytest.mark.django_db


def test_a_person_comes_with_team_and_zone_in_one_query(django_assert_num_queries):
    Organization.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Berlin"})
    sam = make.user(Role.REP, team=make.team(Team.Kind.SALES, name="East"))
    with django_assert_num_queries(1):
        loaded = PersonBackend().get_user(sam.pk)
        assert loaded.team.name == "East"
        assert loaded.company_time_zone == "Europe/Berlin"


def test_a_company_that_stored_no_zone_keeps_nobody_out():
    Organization.objects.all().delete()
    sam = make.user(Role.REP)
    assert PersonBackend().get_user(sam.pk).company_time_zone is None


def test_who_left_or_never_was_is_not_loaded():
    assert PersonBackend().get_user(make.user(is_active=False).pk) is None
    assert PersonBackend().get_user(0) is None
