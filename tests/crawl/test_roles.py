"""Every named address, by every role, for an object of one's own, of one's team, of another and of none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from teams.models import Role, Scope, Token, User
from teams.permissions import PUBLIC, WHO_MAY, may
from tests import make
from tests.crawl.addresses import ANOTHERS, NONE, PRIVATE, RELATIONS, ROUTES, THINGS, Route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]

NAMING = [route for route in ROUTES if route.things is not None]
# Read, sent on, asked without what it needs, nobody's business, not there, only by another method.
READ = {200, 302, 400, 403, 404, 405}
NOTHING = {400, 404, 405}
# Nothing sent: refused at its place, or somebody was first.
SENT = READ | {409, 422}
MACHINES = ("healthz", "livez")


def reader(person: User) -> Callable[[Route, str], int]:
    """How this person asks, as a page and as a program: the status of the answer."""
    browser = make.signed_in(person)
    _token, secret = Token.objects.issue(person, name="Crawl", scopes=list(Scope))
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    return lambda route, address: (program if route.name.startswith("api-") else browser).get(address).status_code


def test_every_address_that_names_something_has_its_things() -> None:
    assert {route.begins for route in NAMING} == set(THINGS)


@pytest.mark.parametrize("role", Role)
def test_what_a_role_reads_is_what_the_table_says(role: Role) -> None:
    person = User.objects.active().with_role(role).exclude(team=None).first() or make.user(role)
    get = reader(person)
    for route in NAMING:
        assert route.things is not None
        for relation in RELATIONS if may(person, route.name) else (NONE,):
            named = route.things.of(person, relation)
            if named is None:
                continue
            status = get(route, route.address(named))
            asked = (route.name, relation, status)
            if not may(person, route.name):
                # The API asks first whether it knows the method.
                assert status in ({403, 405} if route.name.startswith("api-") else {403}), asked
            elif relation == NONE or (relation == ANOTHERS and route.begins in PRIVATE):
                assert status in NOTHING, asked
            else:
                assert status in READ, asked


def first_objects(person: User) -> Iterator[tuple[Route, str]]:
    """Each address once: with an object of somebody's where there is one."""
    for route in ROUTES:
        named = None if route.things is None else next(filter(None, (route.things.of(person, r) for r in RELATIONS)))
        yield route, route.address(named or {})


@contextmanager
def nothing_is_written() -> Iterator[None]:
    def refuse(execute: Any, sql: str, *arguments: Any) -> Any:
        assert sql.lstrip().split(" ")[0].upper() not in {"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"}, sql
        return execute(sql, *arguments)

    with connection.execute_wrapper(refuse):
        yield


def test_what_is_sent_without_its_token_does_nothing(everybody: User) -> None:
    browser = make.sign_in(Client(enforce_csrf_checks=True), everybody)
    for route, address in first_objects(everybody):
        if route.name not in MACHINES:
            with nothing_is_written():
                status = browser.post(address).status_code
            refused = {401, 403, 404, 405} if route.name.startswith("api-") else {403}
            assert status in refused, (route.name, status)


def test_a_form_that_is_sent_empty_breaks_no_page(everybody: User) -> None:
    browser = make.signed_in(everybody)
    session = browser.cookies["sessionid"].value
    for route, address in first_objects(everybody):
        if route.name.startswith("api-") or WHO_MAY[route.name] is PUBLIC:
            continue
        with transaction.atomic():
            status = browser.post(address).status_code
            transaction.set_rollback(True)
        browser.cookies["sessionid"] = session  # Some end it.
        assert status in SENT, (route.name, status)


def test_a_stranger_is_sent_to_sign_in_from_whatever_has_a_name() -> None:
    anybody, browser = User.objects.active()[0], Client()
    by_beginning = {route.begins: route for route in NAMING if WHO_MAY[route.name] is not PUBLIC}
    for route in by_beginning.values():
        assert route.things is not None
        named = next(filter(None, (route.things.of(anybody, relation) for relation in RELATIONS)))
        answer = browser.get(route.address(named))
        if route.name.startswith("api-"):
            assert answer.status_code == 401, route.name
        else:
            assert answer["Location"].startswith(reverse("account_login")), route.name
