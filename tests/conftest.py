"""The embedded servers hold for the whole run; the cast of the stories follows."""

import os
from contextlib import ExitStack

import pytest

from smarketing import embedded, translations

servers = ExitStack()
# A browser test drives Playwright, whose loop runs in this thread; the database is asked between its steps, not in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_configure(config: pytest.Config) -> None:
    servers.enter_context(embedded.attached(say=lambda line: None))
    translations.compile_all()


def pytest_unconfigure(config: pytest.Config) -> None:
    servers.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Tests need no crash safety: their commits do not wait for the disk."""
    from django.db import connection  # noqa: PLC0415

    connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"
