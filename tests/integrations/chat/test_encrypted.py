"""The address of a webhook is a secret: the database keeps it encrypted, and everybody who may uses it as before."""

from __future__ import annotations

import json
from importlib import import_module
from io import StringIO

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.timezone import now
from pytest_django import Settings

from history.models import Edit
from integrations.chat.sending import send_test
from integrations.delivery.forms import ChannelForm
from integrations.messages.error_text import Failed
from integrations.models import Channel
from smarketing import encryption, env
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db

URL = "https://93.184.216.34/hook/T0P-S3CR3T"
OLD, NEW = env.new_key(), env.new_key()


def kept() -> list[str]:
    """What the database keeps, row by row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM integrations_channel c ORDER BY id")
        return [row for (row,) in cursor.fetchall()]


def edits() -> list[tuple[str, list[str]]]:
    rows = Edit.objects.filter(kind="integrations.channel").order_by("pk")
    return [(row.what, sorted(row.changes)) for row in rows]


@pytest.fixture
def channel() -> Channel:
    made = Channel.objects.create(user=make.user(Role.REP), url=URL)
    return Channel.objects.get(pk=made.pk)


def test_the_database_does_not_tell_the_address(channel: Channel) -> None:
    assert "T0P-S3CR3T" not in str(kept())
    assert (channel.url, channel.host) == (URL, "93.184.216.34")


def test_nobody_looks_for_an_address_that_is_encrypted(channel: Channel) -> None:
    with pytest.raises(FieldError):
        Channel.objects.filter(url=URL)


def test_an_address_that_is_typed_again_is_no_change_and_another_one_is(channel: Channel) -> None:
    before = kept()
    form = ChannelForm({"style": "slack", "url": URL}, instance=channel)
    assert form.is_valid()
    form.save()
    assert (kept(), edits()) == (before, [("added", [])])
    form = ChannelForm({"style": "slack", "url": f"{URL}-2"}, instance=Channel.objects.get())
    assert form.is_valid()
    form.save()
    assert Channel.objects.get().url == f"{URL}-2"
    assert edits()[1:] == [("changed", ["url_digest"])]
    assert "T0P-S3CR3T" not in str(list(Edit.objects.values()))


def test_a_failure_is_noted_only_of_the_address_that_failed(channel: Channel) -> None:
    stale = Channel.objects.get()
    channel.url = f"{URL}-2"
    channel.save()
    stale.failed("404", for_good=True, at=now())
    assert Channel.objects.get().dead_at is None
    Channel.objects.get().failed("404", for_good=True, at=now())
    assert Channel.objects.get().dead_at


def test_the_key_of_addresses_is_changed_and_nobody_edited_them(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    Channel.objects.create(user=make.user(Role.REP), url=URL)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    out = StringIO()
    call_command("reencrypt", stdout=out)
    assert json.loads(out.getvalue())["reencrypted"]["webhooks of chats"] == 1
    settings.ENCRYPTION_KEYS = [NEW]
    assert Channel.objects.get().url == URL
    assert edits() == [("added", [])]


def test_what_no_key_opens_is_told_and_stays_as_it_is(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    rep = make.user(Role.REP)
    Channel.objects.create(user=rep, url=URL)
    before = kept()
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="opens with none of ENCRYPTION_KEYS"):
        call_command("reencrypt")
    with pytest.raises(Failed):
        send_test(Channel.objects.get())
    assert make.signed_in(rep).get("/me/telling/").status_code == 200
    Channel.objects.get().save()
    assert kept() == before
    settings.ENCRYPTION_KEYS = [OLD]
    assert Channel.objects.get().url == URL


def test_addresses_from_before_are_encrypted_by_the_migration_and_back(channel: Channel) -> None:
    migration = import_module("integrations.migrations.0007_encrypted_webhooks")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    executor = MigrationExecutor(connection)
    executor.migrate([("integrations", "0006_edits")])
    assert URL in str(kept())
    assert "fernet" not in str(kept())
    executor = MigrationExecutor(connection)
    executor.migrate([("integrations", migration.__name__.rpartition(".")[2])])
    assert "T0P-S3CR3T" not in str(kept())
    assert encryption.MARK in str(kept())
    assert Channel.objects.get().url == URL
    Channel.objects.get().failed("500", at=now())
    assert Channel.objects.get().failing_since
    assert edits() == [("added", [])]
