"""What administrators change about people, and that each change is kept."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.utils import translation

from history.models import Change
from teams.models import Role, Team, User
from teams.people import administering
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


@pytest.fixture
def admin() -> User:
    return make.user(Role.ADMINISTRATOR, email="admin@example.org")


def kept(person: User) -> dict[str, tuple[object, object]]:
    return {change.field: (change.old, change.new) for change in Change.objects.of("user", person.pk)}


def said(person: User) -> list[str]:
    return [decision.what for decision in administering.decisions(person)]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.MARKETER, Role.REP])
def test_only_an_administrator_changes_people(role: Role):
    somebody, sam = make.user(role), make.user(Role.REP)
    with pytest.raises(PermissionDenied):
        administering.save(sam, by=somebody)
    with pytest.raises(PermissionDenied):
        administering.set_active(sam, False, by=somebody)
    with pytest.raises(PermissionDenied):
        administering.remove_second_factor(sam, by=somebody)


def test_an_administrator_who_left_changes_nobody(admin: User):
    User.objects.get_queryset().filter(pk=admin.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        administering.save(make.user(Role.REP), by=admin)


def test_an_invited_person_has_no_password_yet(admin: User):
    sam = User(email="sam@example.org", roles=["rep"])
    administering.save(sam, by=admin, at=AT)
    assert not User.objects.get(pk=sam.pk).has_usable_password()
    change = Change.objects.of("user", sam.pk).get()
    assert (change.field, change.new, change.at, change.by, change.how) == (
        "invited",
        "sam@example.org",
        AT,
        admin,
        "page",
    )


def test_what_changed_is_kept_and_nothing_else(admin: User):
    sam = make.user(Role.REP, family_name="Sato", language="ja")
    sam.family_name, sam.roles = "佐藤", ["rep"]
    administering.save(sam, by=admin)
    assert kept(sam) == {"family_name": ("Sato", "佐藤")}


def test_the_order_of_roles_is_no_change(admin: User):
    sam = make.user(Role.REP, Role.MANAGER)
    sam.roles = ["manager", "rep"]
    administering.save(sam, by=admin)
    assert kept(sam) == {}


def test_a_new_address_is_not_unreachable(admin: User):
    sam = make.user(Role.REP)
    sam.mail_failed("550", at=AT)
    sam.refresh_from_db()
    administering.save(sam, by=admin)
    assert User.objects.get(pk=sam.pk).unreachable_since == AT
    sam.email = "new@example.org"
    administering.save(sam, by=admin)
    renewed = User.objects.get(pk=sam.pk)
    assert (renewed.unreachable_since, renewed.unreachable_because) == (None, "")


def test_stopping_a_sign_in_twice_is_one_change(admin: User):
    sam = make.user(Role.REP)
    assert administering.set_active(sam, False, by=admin)
    assert not administering.set_active(sam, False, by=admin)
    assert Change.objects.of("user", sam.pk).count() == 1
    assert administering.set_active(sam, True, by=admin)
    assert said(sam) == ["Let in again", "Sign-in stopped"]


def test_a_second_factor_is_removed_once(admin: User):
    sam, rosa = make.user(Role.REP), make.user(Role.REP)
    for person in (sam, rosa):
        Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    assert administering.has_second_factor(sam)
    assert administering.remove_second_factor(sam, by=admin)
    assert not administering.remove_second_factor(sam, by=admin)
    assert (administering.has_second_factor(sam), administering.has_second_factor(rosa)) == (False, True)
    assert said(sam) == ["Second factor switched off"]


# In words


def test_decisions_are_the_latest_first_and_not_all(admin: User):
    sam = make.user(Role.REP)
    for day in range(3):
        administering.write_history(sam, {"language": ("", "ja")}, by=admin, at=AT + timedelta(days=day))
    decisions = administering.decisions(sam, most=2)
    assert [decision.at for decision in decisions] == [AT + timedelta(days=2), AT + timedelta(days=1)]
    assert {decision.by for decision in decisions} == {admin}


def test_a_decision_names_what_it_was_and_is(admin: User):
    east = make.team(Team.Kind.SALES, name="East", name_ja="東日本")
    sam = make.user(Role.REP, team=east)
    sam.team, sam.roles, sam.family_name = None, ["sdr", "manager"], "Sato"
    administering.save(sam, by=admin)
    assert set(said(sam)) == {"Team: East → –", "Roles: Sales rep → SDR, Manager", "Family name: – → Sato"}
    with translation.override("ja"):
        assert any("東日本 → –" in what for what in said(sam))


def test_a_team_that_is_gone_is_said_to_be_gone(admin: User):
    east = make.team(Team.Kind.SALES, name="East")
    sam = make.user(Role.REP)
    sam.team = east
    administering.save(sam, by=admin)
    east.delete()
    assert said(sam) == ["Team: – → a team that is gone"]


def test_a_link_sent_anew_is_told_with_its_address(admin: User):
    sam = make.user(Role.REP, email="sam@example.org")
    administering.write_history(sam, {administering.NEW_LINK: (None, sam.email)}, by=admin)
    assert said(sam) == ["Sent a new link to sam@example.org"]


def test_the_decisions_on_a_person_cost_the_same_for_one_and_for_many(admin: User, django_assert_num_queries):
    sam = make.user(Role.REP)
    for nth in range(10):
        administering.write_history(sam, {"team": (None, nth)}, by=make.user(Role.ADMINISTRATOR))
    with django_assert_num_queries(2):
        assert len(said(sam)) == 10
