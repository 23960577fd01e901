"""What may be typed about people, teams and the company."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.utils import translation
from pytest_django import Settings

from teams.models import Organization, Role, Team, User
from teams.people.forms import OrganizationForm, PersonForm, ProfileForm, TeamForm, TokenForm, countries, time_zones
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return make.user(Role.ADMINISTRATOR, email="admin@example.org")


def person_form(by: User, of: User | None = None, **more: Any) -> PersonForm:
    return PersonForm({"email": "sam@example.org", "roles": ["rep"]} | more, by=by, instance=of or User())


# People


def test_an_e_mail_that_is_taken_is_refused_in_any_case(admin: User):
    assert list(person_form(admin, email="Admin@Example.ORG").errors) == ["email"]


def test_a_person_keeps_their_own_e_mail_in_another_case(admin: User):
    sam = make.user(Role.REP, email="sam@example.org")
    assert person_form(admin, sam, email="Sam@example.org").is_valid()


@pytest.mark.parametrize("email", ["ｓａｍ@example.org", "sam@", "sam example.org", "山田@例え", "a@b@example.org"])
def test_what_is_no_e_mail_is_refused(admin: User, email: str):
    assert list(person_form(admin, email=email).errors) == ["email"]


def test_an_administrator_stays_one_by_their_own_hand_only(admin: User):
    assert list(person_form(admin, admin, email=admin.email, roles=["manager"]).errors) == ["roles"]
    assert person_form(admin, admin, email=admin.email, roles=["manager", "administrator"]).is_valid()
    other = make.user(Role.ADMINISTRATOR)
    assert person_form(admin, other, email=other.email, roles=["manager"]).is_valid()


# Teams


def test_a_head_is_somebody_who_works_here():
    gina, left = make.user(Role.MANAGER), make.user(Role.MANAGER, is_active=False)
    values = {"name": "Sales", "kind": "sales"}
    assert TeamForm(values | {"head": gina.pk}).is_valid()
    assert list(TeamForm(values | {"head": left.pk}).errors) == ["head"]
    assert TeamForm(values).is_valid()


def test_a_team_has_a_kind_and_a_name_of_its_own():
    make.team(Team.Kind.SALES, name="Sales")
    assert set(TeamForm({"name": "Sales", "kind": "pirates"}).errors) == {"name", "kind"}


# The company


def organization_form(**more: str) -> OrganizationForm:
    values = {"name": "Acme", "country": "JP", "time_zone": "Asia/Tokyo", "currency": "JPY"}
    return OrganizationForm(values | more, instance=Organization.ours())


@pytest.mark.parametrize("typed", ["eur", "EUR", " eur "])
def test_a_currency_is_written_in_capitals(typed: str):
    form = organization_form(currency=typed)
    assert form.is_valid()
    assert form.cleaned_data["currency"] == "EUR"


@pytest.mark.parametrize("typed", ["", "EU", "EURO", "E1R", "円", "ＥＵＲ", "€€€"])
def test_a_currency_has_three_letters(typed: str):
    assert list(organization_form(currency=typed).errors) == ["currency"]


def test_the_server_s_zone_wins_over_the_typed_one(settings: Settings):
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    form = organization_form(time_zone="America/New_York")
    assert form.is_valid()
    form.save()
    assert Organization.ours().time_zone == "Asia/Tokyo"
    assert "Europe/Berlin" in str(form.fields["time_zone"].help_text)


def test_a_zone_of_one_s_own_may_be_empty_the_company_s_may_not():
    settings = {"family_name": "", "given_name": "", "language": "", "theme": ""}
    assert ProfileForm(settings | {"time_zone": ""}, instance=make.user()).is_valid()
    assert list(organization_form(time_zone="").errors) == ["time_zone"]


def test_the_zones_on_offer_are_places():
    zones = time_zones()
    assert {"Asia/Tokyo", "Europe/Berlin"} <= set(zones)
    assert not {"UTC", "Etc/GMT+9", "posixrules"} & set(zones)
    assert zones == sorted(zones)


def test_countries_are_named_and_ordered_in_the_reader_s_language():
    with translation.override("en"):
        english = countries()
    with translation.override("ja"):
        japanese = countries()
    assert ("JP", "Japan") in english
    assert ("JP", "日本") in japanese
    assert [code for code, _name in english] != [code for code, _name in japanese]
    assert [name for _code, name in english] == sorted(name for _code, name in english)


# Tokens


def token_form(**more: str) -> TokenForm:
    return TokenForm({"name": "Script", "scope": "read", "expires_on": ""} | more)


# 16 November 2026 in UTC, already the 17th in Tokyo.
@pytest.mark.parametrize(("day", "accepted"), [(16, False), (17, False), (18, True)])
@time_machine.travel(datetime(2026, 11, 16, 20, tzinfo=UTC), tick=False)
def test_a_token_ends_at_the_earliest_with_today_s_company_day(day: int, accepted: bool):
    assert token_form(expires_on=date(2026, 11, day).isoformat()).is_valid() == accepted


# 17 November 2026 in UTC, still the 16th in Los Angeles.
@time_machine.travel(datetime(2026, 11, 17, 2, tzinfo=UTC), tick=False)
def test_tomorrow_is_tomorrow_in_the_company_s_zone(settings: Settings):
    settings.COMPANY_TIME_ZONE = "America/Los_Angeles"
    assert token_form(expires_on="2026-11-17").is_valid()
    assert not token_form(expires_on="2026-11-16").is_valid()


def test_a_token_that_writes_reads_too():
    form = token_form(scope="write")
    assert form.is_valid()
    assert form.issue(make.user())[0].scopes == ["read", "write"]


def test_a_token_without_a_day_has_no_end():
    form = token_form(name="連携スクリプト")
    assert form.is_valid()
    token, _secret = form.issue(make.user())
    assert (token.name, token.expires_at) == ("連携スクリプト", None)


@pytest.mark.django_db
def test_a_head_who_left_stays_until_another_is_chosen():
    head = make.user(Role.MANAGER, is_active=False)
    team = make.team(Team.Kind.SALES, head=head)
    form = TeamForm({"name": "Sales", "kind": team.kind, "head": head.pk}, instance=team)
    assert form.is_valid(), form.errors
    assert form.save().head == head
    assert head not in TeamForm().fields["head"].queryset
