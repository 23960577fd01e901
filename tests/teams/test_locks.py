"""Who changes people or lists keeps nobody waiting who only refers to them: two would wait for each other in a ring."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from teams.models import NoticeChoice, Role, User
from teams.people import administering
from tests import make

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def refer_to(person: User) -> None:
    """Tell a person something, as background work does, without waiting."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        make.notice(person)
    finally:
        connections.close_all()


def refer_meanwhile(person: User, changes: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        changes()
        pool.submit(refer_to, person).result(30)


@pytest.fixture
def admin() -> User:
    return make.user(Role.ADMINISTRATOR, email="admin@example.org")


def test_an_administrator_is_told_something_while_people_are_changed(admin: User):
    sam = make.user(Role.REP)
    refer_meanwhile(admin, lambda: administering.save(sam, by=admin))


def test_somebody_is_told_something_while_they_are_changed(admin: User):
    sam = make.user(Role.REP)
    refer_meanwhile(sam, lambda: administering.save(sam, by=admin))


def test_somebody_is_told_something_while_they_choose_their_notices(admin: User):
    refer_meanwhile(admin, lambda: NoticeChoice.objects.choose(admin, {}))
