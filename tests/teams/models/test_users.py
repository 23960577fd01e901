"""Who somebody is: one e-mail, some roles, a language, a zone, an address that mail reaches or does not."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from teams.models import Role, Team, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


def reloaded(person: User) -> User:
    return User.objects.get_queryset().get(pk=person.pk)


def test_an_e_mail_is_one_person_s_in_any_case():
    make.user(email="sam@example.org")
    with pytest.raises(IntegrityError, match="one_person_per_email"), transaction.atomic():
        make.user(email="SAM@example.org")


def test_a_person_is_found_by_the_e_mail_in_any_case():
    sam = make.user(email="sam@example.org")
    assert User.objects.get_by_natural_key("Sam@EXAMPLE.org") == sam


def test_the_database_knows_no_other_role():
    with pytest.raises(IntegrityError, match="roles_are_known"), transaction.atomic():
        User.objects.create_user("king@example.org", roles=["king"])


def test_people_are_asked_for_by_any_of_their_roles():
    both, rep, _nobody = make.user(Role.REP, Role.MANAGER), make.user(Role.REP), make.user()
    assert set(User.objects.with_role(Role.REP)) == {both, rep}
    assert set(User.objects.with_role(Role.MANAGER, Role.ADMINISTRATOR)) == {both}
    assert not User.objects.with_role(Role.SDR).exists()


def test_who_left_is_not_among_the_active():
    sam, _left = make.user(Role.REP), make.user(Role.REP, is_active=False)
    assert User.objects.active().with_role(Role.REP).get() == sam


@pytest.mark.parametrize(("asked", "has"), [([Role.REP], True), ([Role.SDR, Role.REP], True), ([Role.SDR], False)])
def test_a_person_has_a_role_or_one_of_several(asked: list[Role], has: bool):
    assert User(roles=["rep", "manager"]).has_role(*asked) == has
    assert not User().has_role(*asked)


def test_roles_are_named_in_their_own_order_and_the_reader_s_language():
    person = User(roles=["manager", "sdr"])
    assert person.role_names == ["SDR", "Manager"]
    with translation.override("ja"):
        assert person.role_names[-1] == str(Role.MANAGER.label) != "Manager"


@pytest.mark.parametrize(
    ("given", "family", "english", "japanese"),
    [
        ("Sam", "Sato", "Sam Sato", "Sato Sam"),
        ("大輔", "森", "森 大輔", "森 大輔"),
        ("", "Sato", "Sato", "Sato"),
        ("", "", "sam@example.org", "sam@example.org"),
    ],
)
def test_a_name_is_written_as_its_readers_expect(given: str, family: str, english: str, japanese: str):
    person = User(email="sam@example.org", given_name=given, family_name=family)
    assert str(person) == english
    with translation.override("ja"):
        assert str(person) == japanese


def test_a_short_name_is_the_given_one_or_the_e_mail():
    assert User(given_name="Sam", family_name="Sato").get_short_name() == "Sam"
    assert User(email="sam@example.org", family_name="Sato").get_short_name() == "sam@example.org"


def test_a_person_without_a_zone_has_the_company_s():
    assert User().zone is None
    assert User(time_zone="Europe/Berlin").zone == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("chosen", "of_browser", "spoken"),
    [("ja", "en", "ja"), ("", "ja", "ja"), ("", "", settings.LANGUAGE_CODE)],
)
def test_mails_speak_the_chosen_language_else_the_browser_s(chosen: str, of_browser: str, spoken: str):
    assert User(language=chosen, browser_language=of_browser).spoken == spoken


def test_who_was_made_by_the_command_administers():
    first = User.objects.create_superuser("first@example.org", "a password")
    assert (first.roles, first.is_staff, first.is_superuser) == (["administrator"], True, True)
    assert first.check_password("a password")


def test_without_a_password_nobody_signs_in():
    assert not User.objects.create_user("sam@example.org").has_usable_password()


def test_people_stay_when_their_team_goes():
    sam = make.user(Role.REP, team=make.team(Team.Kind.SALES))
    sam.team.delete()
    assert reloaded(sam).team is None


# Mail that does not arrive


def test_an_address_fails_once_until_it_works_again():
    sam = make.user()
    assert sam.mail_failed("550 no such user", at=AT)
    assert not sam.mail_failed("550 again", at=AT + timedelta(days=1))
    failed = reloaded(sam)
    assert (failed.unreachable_since, failed.unreachable_because) == (AT, "550 no such user")
    failed.mail_arrived()
    assert (reloaded(sam).unreachable_since, reloaded(sam).unreachable_because) == (None, "")
    assert reloaded(sam).mail_failed("550 a third time", at=AT)


def test_a_long_answer_of_a_server_is_cut():
    sam = make.user()
    sam.mail_failed("宛先不明" * 100, at=AT)
    assert len(reloaded(sam).unreachable_because) == 300


def test_a_failure_of_the_old_address_says_nothing_of_the_new_one():
    sam = make.user(email="old@example.org")
    User.objects.get_queryset().filter(pk=sam.pk).update(email="new@example.org")
    assert not sam.mail_failed("550", at=AT)
    assert reloaded(sam).unreachable_since is None
