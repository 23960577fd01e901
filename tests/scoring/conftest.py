from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from teams.models import Role
from tests import make


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A page is answered in its reader's language, which stays active in the thread: not beyond this test."""
    with translation.override("en"):
        yield


@pytest.fixture
def mara(client: Client) -> Client:
    client.force_login(make.user(Role.MARKETER, language="en"))
    return client
