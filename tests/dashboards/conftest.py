import pytest
from django.test import Client

from teams.models import Role
from tests import make


@pytest.fixture
def gina(client: Client) -> Client:
    """The browser of Gina, who manages."""
    client.force_login(make.user(Role.MANAGER, language="en"))
    return client
