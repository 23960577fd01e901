"""Secrets in the database open with any of our keys, and are closed with the first."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import Settings

from smarketing import encryption, env
from teams.models import Role
from tests import make

OLD, NEW = env.new_key(), env.new_key()
SECRET = "JBSWY3DPEHPK3PXP"


def test_what_is_encrypted_opens_with_each_key(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    kept = encryption.encrypt(SECRET)
    assert SECRET not in kept
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert encryption.decrypt(kept) == SECRET
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(encryption.WrongKey):
        encryption.decrypt(kept)


def test_a_text_from_before_is_as_it_is() -> None:
    assert encryption.decrypt(SECRET) == SECRET


@pytest.mark.parametrize("keys", ["short", "x" * 44, f"{OLD},nonsense"], ids=["short", "no base64", "the second"])
def test_a_key_that_is_none_stops_the_start_with_one_line(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", keys)
    with pytest.raises(env.Refused, match="ENCRYPTION_KEYS: write keys of 32 bytes"):
        env.encryption_keys("ENCRYPTION_KEYS")


def reencrypted() -> Any:
    out = StringIO()
    call_command("reencrypt", stdout=out)
    return json.loads(out.getvalue())["reencrypted"]["second factors"]


@pytest.mark.django_db
def test_the_key_of_second_factors_is_changed(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    rep = make.user(Role.REP)
    TOTP.activate(rep, SECRET)
    codes = RecoveryCodes.activate(rep).generate_codes()
    assert SECRET not in str(list(Authenticator.objects.values_list("data", flat=True)))
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert reencrypted() == 2
    settings.ENCRYPTION_KEYS = [NEW]
    kept = {each.type: each.data for each in Authenticator.objects.all()}
    assert encryption.decrypt(kept["totp"]["secret"]) == SECRET
    assert RecoveryCodes.activate(rep).generate_codes() == codes


@pytest.mark.django_db
def test_without_the_old_key_nothing_is_changed(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    for _n in range(2):
        TOTP.activate(make.user(Role.REP), SECRET)
    before = list(Authenticator.objects.values_list("data", flat=True))
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="opens with none of ENCRYPTION_KEYS"):
        call_command("reencrypt")
    assert list(Authenticator.objects.values_list("data", flat=True)) == before


@pytest.mark.django_db
def test_second_factors_from_before_are_encrypted_by_the_migration() -> None:
    rep = make.user(Role.REP)
    Authenticator.objects.create(user=rep, type="totp", data={"secret": SECRET})
    state = MigrationExecutor(connection).loader.project_state([("teams", "0010_second_factor")])
    from importlib import import_module  # noqa: PLC0415

    import_module("teams.migrations.0010_second_factor").encrypt(state.apps, None)
    kept = Authenticator.objects.get().data["secret"]
    assert kept.startswith(encryption.MARK)
    assert encryption.decrypt(kept) == SECRET
