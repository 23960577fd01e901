"""Administrators are told once that the disk is nearly full."""

from __future__ import annotations

import pytest

from integrations import tasks
from integrations.notices import DISK_LOW
from smarketing.supervisor import disk
from teams.models import Notice, Role
from tests import make

pytestmark = pytest.mark.django_db


def watch(monkeypatch: pytest.MonkeyPatch, gigabytes: float) -> int:
    """How many were told by then."""
    monkeypatch.setattr(disk, "free", lambda folders: int(gigabytes * 1_000_000_000))
    tasks.watch_disk()
    return Notice.objects.of(DISK_LOW).count()


def test_each_administrator_is_told_once_until_there_is_room_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gina = make.user(Role.ADMINISTRATOR, language="en")
    make.user(Role.REP)
    assert [watch(monkeypatch, gigabytes) for gigabytes in (2, 0.4, 0.3, 1.1, 0.4)] == [0, 1, 1, 1, 1]
    told = Notice.objects.get()
    assert (told.user, told.text) == (
        gina,
        "The disk of the data is nearly full: 0.4 GB are left. Without room nothing can be saved.",
    )
    assert told.address == "/notices/"
    assert [watch(monkeypatch, gigabytes) for gigabytes in (1.5, 0.5, 0.5)] == [1, 2, 2]


def test_a_disk_that_cannot_be_asked_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folders: object) -> int:
        raise OSError("gone")

    make.user(Role.ADMINISTRATOR)
    monkeypatch.setattr(disk, "free", broken)
    tasks.watch_disk()
    assert not Notice.objects.exists()
