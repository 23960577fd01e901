"""The embedded servers hold for the whole run; the cast of the stories follows."""

import os
from contextlib import ExitStack

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from smarketing import embedded, translations
from teams.models import Role, User
from tests import make
from tests.api import Program
from tests.site import WORKER, queue_database

servers = ExitStack()
# A browser test drives Playwright, whose loop runs in this thread; the database is asked between its steps, not in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_configure(config: pytest.Config) -> None:
    servers.enter_context(embedded.attached(say=lambda line: None))
    translations.compile_all()
    # Workers that run tests at the same time share the servers, and nothing in them.
    settings.CACHES["default"]["LOCATION"] = queue_database(WORKER)


def pytest_unconfigure(config: pytest.Config) -> None:
    servers.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A database a worker. Tests need no crash safety: their commits do not wait for the disk."""
    from django.db import connection  # noqa: PLC0415

    connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"


@pytest.fixture
def in_tokyo(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"


@pytest.fixture
def mara(client: Client) -> User:
    """Mara, who markets: the browser of the test is hers."""
    mara = make.user(Role.MARKETER)
    client.force_login(mara)
    return mara


@pytest.fixture
def program() -> Program:
    """A program that writes for a marketer."""
    return Program(make.user(Role.MARKETER))
