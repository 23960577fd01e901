"""E-mail by a provider's own interface: what it answers becomes what a mail server would have said."""

import json
from datetime import timedelta

import pytest
from pytest_django import Settings

from integrations.delivery.delivering import send_due
from integrations.delivery.dispatching import dispatch_all
from integrations.messages.models import Delivery
from teams.models import User
from tests import make
from tests.integrations.servers import Chat
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db
AT = MONDAY_9AM + timedelta(hours=1)


@pytest.fixture
def provider(chat: Chat, settings: Settings) -> Chat:
    """Postmark, as its documentation has it answer."""
    settings.EMAIL_PROVIDER = "postmark"
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "key", "POSTMARK_API_URL": chat.url, "REQUESTS_TIMEOUT": 5}
    chat.headers = {"Content-Type": "application/json"}
    chat.answer = json.dumps(
        {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc", "To": "sam@example.org", "SubmittedAt": "2026-11-16"}
    )
    return chat


@pytest.fixture
def delivery(provider: Chat) -> Delivery:
    sam = make.user(email="sam@example.org", quiet_hours=False)
    make.notice(sam, at=AT, given_name="Joe", family_name="")
    dispatch_all(at=AT)
    return Delivery.objects.get()


def test_a_letter_goes_out_by_the_provider(provider: Chat, delivery: Delivery) -> None:
    assert send_due(at=AT) == 1
    (message,) = provider.messages
    message = message[0] if isinstance(message, list) else message
    assert message["To"] == "sam@example.org"
    assert message["Subject"] == "Joe is offered to you."
    assert "Joe is offered to you." in message["HtmlBody"]
    assert "Joe is offered to you." in message["TextBody"]


def test_an_address_that_the_provider_refuses_is_dead(provider: Chat, delivery: Delivery) -> None:
    provider.status = 422
    inactive = (
        "You tried to send to recipient(s) that have been marked as inactive.\n"
        "Found inactive addresses: sam@example.org.\n"
        "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression."
    )
    provider.answer = json.dumps({"ErrorCode": 406, "Message": inactive})
    assert send_due(at=AT) == 0
    delivery.refresh_from_db()
    assert delivery.given_up_at == AT
    assert User.objects.get(pk=delivery.notice.user_id).unreachable_since == AT


@pytest.mark.parametrize("status", [401, 500, 503])
def test_a_provider_that_fails_is_asked_again(provider: Chat, delivery: Delivery, status: int) -> None:
    provider.status, provider.answer = status, json.dumps({"ErrorCode": 10, "Message": "Bad or missing token"})
    assert send_due(at=AT) == 0
    delivery.refresh_from_db()
    assert (delivery.given_up_at, delivery.next_try_at) == (None, AT + timedelta(minutes=1))
    assert str(status) in delivery.error
    assert User.objects.get(pk=delivery.notice.user_id).unreachable_since is None
