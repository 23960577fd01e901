"""No table keeps a secret as it is, whatever was done with it."""

from __future__ import annotations

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection

from integrations.chat.models import Channel
from sla.feed.feed import renew_feed
from teams.models import Role, Scope, Token
from teams.sign_in.links import password_link
from tests import make


@pytest.mark.django_db
def test_no_table_tells_a_secret() -> None:
    admin = make.user(Role.ADMINISTRATOR, password="eleven blue herons")
    channel = Channel.objects.create(user=admin, url="https://hooks.example.org/T0/first-address")
    channel.url = "https://hooks.example.org/T0/second-address"
    channel.save()
    feeds = [renew_feed(admin).secret, renew_feed(admin).secret]
    _token, secret = Token.objects.issue(admin, name="Script", scopes=[Scope.READ])
    seed = generate_totp_secret()
    TOTP.activate(admin, seed)
    codes = RecoveryCodes.activate(admin).get_unused_codes()
    link = password_link(admin).rstrip("/").rpartition("/")[2]
    channel.delete()
    Token.objects.all().delete()
    hidden = [secret, seed, codes[0], link, "eleven blue herons", "first-address", "second-address", *feeds]
    assert {text: tables_with(text) for text in hidden} == {text: [] for text in hidden}
    assert tables_with(admin.email)


def tables_with(text: str) -> list[str]:
    """The tables of which some row says that, in any column."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS kept WHERE strpos(kept::text, %s) > 0', [text])
            if cursor.fetchone() != (0,):
                found.append(table)
    return found
