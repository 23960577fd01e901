"""The embedded servers hold for the whole run; the cast of the stories follows."""

import gc
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker, Settings
from xdist.scheduler import LoadScopeScheduling

from smarketing import embedded, translations
from teams.models import Role, User
from tests import make
from tests.api import Program
from tests.site import WORKER, connect, migrated_pattern, queue_database

servers = ExitStack()
# The database of this process, once a test asked for it.
databases: list[str] = []
tests_over = count(1)
# A browser test drives Playwright, whose loop runs in this thread; the database is asked between its steps, not in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# For runs that ask only whether a test fails: the smallest example that fails takes minutes to find.
# How quickly examples come says something of the machine, and nothing of the product.
hypothesis_settings.register_profile("patient", suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile(
    "unshrunk", hypothesis_settings.get_profile("patient"), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
hypothesis_settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    # Of thousands of tests in memory none becomes garbage; to look at them again and again takes a sixth of the time.
    gc.set_threshold(50_000, 20, 50)
    servers.enter_context(embedded.attached(say=lambda line: None))
    translations.compile_all()
    # Workers that run tests at the same time share the servers, and nothing in them.
    settings.CACHES["default"]["LOCATION"] = queue_database(WORKER)
    # A slow digest is for those who steal a database; here it would be a quarter of the time of all tests.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    # Tests that call a thousand times with one token are no fault; those of throttling say how often.
    settings.API_REQUESTS_A_MINUTE = 0


def place_in_line(item: pytest.Item) -> int:
    """The stories first, for which one process makes the demo company. Another would only wait for it, and tells
    meanwhile what is long and needs none."""
    if item.path.name == "test_stories.py":
        return 0
    if item.path.name in ("test_run.py", "test_faults.py"):
        return 1
    return 2 if item.get_closest_marker("browser") else 3


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first. A transactional test that does not put back what migrations wrote leaves the
    next one a half-filled database."""
    items.sort(key=place_in_line)
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction") and not marker.kwargs.get("serialized_rollback"):
            raise pytest.UsageError(f"{item.nodeid}: transaction=True needs serialized_rollback=True")


class StoriesTogether(LoadScopeScheduling):  # type: ignore[misc]
    """Hands each test to the next process that is free; a file whose tests share what is made once, such as a running
    product, to one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        of_one = re.compile(r"mark\.browser|scope=.module|usefixtures\(.company.\)|CREATE (DATABASE|ROLE)")
        found = (path for path in Path(__file__).parent.rglob("test_*.py") if of_one.search(path.read_text()))
        self.told = {path.relative_to(settings.BASE_DIR).as_posix() for path in found}

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return file if file in self.told else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> StoriesTogether:
    return StoriesTogether(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    servers.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A database a worker, copied from one in which all migrations ran. Tests need no crash safety: their commits do
    not wait for the disk."""
    from django.db import connection  # noqa: PLC0415

    connection.settings_dict["TEST"]["TEMPLATE"] = migrated_pattern()
    connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Playwright's loop runs in a context of its own, whose connection nobody closes: it would hold up the drop."""
    from django.db import connection  # noqa: PLC0415

    databases.append(connection.settings_dict["NAME"])
    yield
    databases.clear()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def pytest_runtest_logfinish() -> None:
    """What was rolled back still lies in the tables: after thousands of tests a statement that reads a table whole goes
    over all of it, and the planner has counted nothing but that."""
    if next(tests_over) % 300 == 0:
        for name in databases:
            with suppress(psycopg2.Error), closing(connect(name)) as connection, connection.cursor() as cursor:
                connection.autocommit = True
                cursor.execute("VACUUM")


@pytest.fixture(autouse=True)
def _in_the_default_language() -> None:
    """A request or a letter in another language leaves its thread in that."""
    translation.deactivate()


@pytest.fixture
def in_tokyo(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = "Asia/Tokyo"


@pytest.fixture
def mara(client: Client) -> User:
    """Mara, who markets: the browser of the test is hers."""
    mara = make.user(Role.MARKETER)
    make.sign_in(client, mara)
    return mara


@pytest.fixture
def program() -> Program:
    """A program that writes for a marketer."""
    return Program(make.user(Role.MARKETER))
