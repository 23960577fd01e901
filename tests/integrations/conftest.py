from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.integrations.servers import Chat, MailServer, running


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    with running(MailServer()) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield server


@pytest.fixture
def chat(settings: Settings) -> Iterator[Chat]:
    settings.ALLOW_PRIVATE_WEBHOOKS = True
    with running(Chat()) as server:
        yield server
