"""The demo company, and somebody who may open every page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django import DjangoDbBlocker

from teams.models import Role, User
from tests.site import DOMAIN, demo_copy


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tests of this module ask a copy of the demo company; what each writes is taken back."""
    with demo_copy("crawled") as name, django_db_blocker.unblock():
        connection.close()
        before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
        cache.clear()
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before
            cache.clear()


@pytest.fixture
def everybody(company: None, db: None) -> User:
    """The manager, who today is everything else as well."""
    person: User = User.objects.get(email=f"manager@{DOMAIN}")
    person.roles = list(Role.values)
    person.save()
    return person
