"""Who may open what: the table asked for one person."""

import pytest
from django.contrib.auth.models import AnonymousUser

from teams.models import Role, User
from teams.permissions import NOBODY, PUBLIC, WHO_MAY, may

ADDRESSES = sorted(WHO_MAY)


def person(*roles: Role, is_active: bool = True) -> User:
    return User(roles=[role.value for role in roles], is_active=is_active)


@pytest.mark.parametrize("user", [AnonymousUser(), None, person(*Role, is_active=False), person()])
def test_who_is_nobody_or_left_or_has_no_role_opens_what_is_public_and_nothing_else(user: object):
    assert [name for name in ADDRESSES if may(user, name)] == [name for name in ADDRESSES if WHO_MAY[name] is PUBLIC]


def test_all_roles_together_open_all_but_what_is_nobody_s():
    closed = [name for name in ADDRESSES if not may(person(*Role), name)]
    assert closed == [name for name in ADDRESSES if WHO_MAY[name] is NOBODY]


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("home", set(Role)),
        ("people", {Role.ADMINISTRATOR}),
        ("score_draft", {Role.MARKETER, Role.MANAGER}),
        ("inbox", {Role.SDR, Role.REP, Role.MANAGER}),
        ("goal_new", {Role.MANAGER}),
        ("stage_new", {Role.MANAGER, Role.ADMINISTRATOR}),
        ("lead_edit", {Role.MARKETER, Role.MANAGER, Role.SDR, Role.REP}),
        ("dispute", {Role.MARKETER, Role.MANAGER, Role.SDR}),
        ("account_email", set()),
        ("api-leads", set(Role)),
        ("api-leads:write", {Role.MARKETER, Role.MANAGER, Role.SDR, Role.REP}),
    ],
)
def test_a_page_is_opened_by_its_roles(name: str, roles: set[Role]):
    assert {role for role in Role if may(person(role), name)} == roles


def test_one_of_several_roles_is_enough():
    assert may(person(Role.REP, Role.ADMINISTRATOR), "people")
    assert not may(person(Role.REP, Role.MARKETER), "people")


def test_whoever_may_change_a_thing_by_the_api_may_read_it():
    for name in ADDRESSES:
        if name.endswith(":write"):
            assert WHO_MAY[name] <= WHO_MAY[name.removesuffix(":write")], name
