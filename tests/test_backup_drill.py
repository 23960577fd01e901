"""The drill: a running demo is backed up and restored elsewhere; the copy keeps still until somebody confirms it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest

from smarketing.backup.contents import is_kept, is_left
from tests.site import Site, connect, demo_pattern, demo_site

# Every number of last month that is asked without naming anything, as of one moment.
FIGURES = """
import json
from datetime import datetime, timedelta
from metrics.period import Period
from metrics.question import BadQuestion, Question
from metrics.registry import metrics
at = datetime.fromisoformat("{at}")
question = Question(Period.month_of(at.date().replace(day=1) - timedelta(days=1)), at=at)
found = {{}}
for metric in metrics():
    try:
        found[metric.name] = str(metric.value(metric.accept(question)))
    except BadQuestion:
        pass  # It needs to be told from where to where.
print(json.dumps(found))
"""
CONFIRM = """
from django.utils.timezone import now
from history.restoration import unconfirmed
from teams.models import Role, User
unconfirmed().confirm(by=User.objects.active().with_role(Role.ADMINISTRATOR).first(), at=now())
"""
# Every clock that runs fell due an hour ago, and nobody has quiet hours.
OVERDUE = """
UPDATE teams_user SET quiet_hours = false;
UPDATE sla_timer SET due_at = greatest(started_at, now() - interval '1 hour')
WHERE stopped_at IS NULL AND breached_at IS NULL
"""

WAITING = "SELECT count(*) FROM integrations_delivery WHERE sent_at IS NULL AND given_up_at IS NULL"


@pytest.fixture(scope="module")
def original() -> Iterator[Site]:
    with demo_site("drilled") as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty database, and a data directory that nobody used."""
    site = Site("site_restored")
    site.var = tmp_path_factory.mktemp("restored") / "it's 復元"
    site.environment["VAR_DIR"] = str(site.var)
    site.log = site.var.parent / "log"
    drop = "DROP DATABASE IF EXISTS site_restored WITH (FORCE)"
    with closing(connect("postgres")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(drop)
        cursor.execute("CREATE DATABASE site_restored")
        try:
            yield site
        finally:
            site.stop()
            cursor.execute(drop)


def fill(site: Site) -> None:
    """Put a demo company into its empty database."""
    pattern = demo_pattern()
    with closing(connect("postgres")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(f"DROP DATABASE {site.database}")
        cursor.execute(f"CREATE DATABASE {site.database} TEMPLATE {pattern}")


def refusal(site: Site, *arguments: str) -> str:
    """The one line by which a command ends."""
    with pytest.raises(AssertionError) as refused:
        site.manage(*arguments)
    lines = str(refused.value).strip().splitlines()[1:]
    said = [line for line in lines if line.strip()]
    assert len(said) == 1, said
    return said[0]


def until(condition: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.5)


def recipients(site: Site) -> Counter[str]:
    return Counter(str(message_from_bytes(path.read_bytes())["To"]) for path in (site.var / "mail").glob("*.eml"))


def figures(site: Site, at: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(
        site.manage("shell", "--no-imports", "-c", FIGURES.format(at=at)).splitlines()[-1]
    )
    return found


def test_a_demo_comes_back_keeps_still_and_goes_on(original: Site, elsewhere: Site, tmp_path: Path) -> None:
    file = tmp_path / "backup of 今日"
    for site in (original, elsewhere):
        site.environment["BACKUP_PASSWORD"] = "ひみつ"
    at = datetime.now(UTC).isoformat()
    before = figures(original, at)
    assert len(before) > 20
    assert "encrypted" in original.manage("backup", str(file))
    assert file.stat().st_mode & 0o077 == 0
    assert "is there already" in refusal(original, "backup", str(file))
    assert "Smarketing runs on these data" in refusal(original, "restore", str(file))
    assert "Smarketing runs on these data" in refusal(original, "backup", "--stopped", str(tmp_path / "another"))
    # Of the stories that were told before only what they said is left.
    names = {path.name for path in original.var.iterdir() if path.suffix != ".log"}
    assert {name for name in names if not is_kept(name) and not is_left(name)} == set()
    original.stop()  # as a machine that is lost

    assert "They are a copy" in elsewhere.manage("restore", str(file))
    assert figures(elsewhere, at) == before
    assert (elsewhere.var / "secret_key").read_text() == (original.var / "secret_key").read_text()
    assert "There are data here already" in refusal(elsewhere, "restore", str(file))

    elsewhere.ask(OVERDUE)
    notices = elsewhere.ask("SELECT count(*) FROM teams_notice")
    kept = recipients(elsewhere)
    elsewhere.start()
    time.sleep(35)  # Every task was asked for, most of them twice.
    assert elsewhere.ask("SELECT count(*) FROM teams_notice") == notices
    assert elsewhere.ask("SELECT count(*) FROM sla_timer WHERE breached_at > now() - interval '2 hours'") == [(0,)]
    assert recipients(elsewhere) == kept

    elsewhere.manage("shell", "--no-imports", "-c", CONFIRM)
    until(lambda: elsewhere.ask("SELECT count(*) FROM history_restoration WHERE told_at IS NULL") == [(0,)])
    until(lambda: elsewhere.ask(WAITING) == [(0,)])
    told = recipients(elsewhere) - kept
    assert told
    assert set(told.values()) == {1}
    assert elsewhere.ask("SELECT count(*) FROM teams_notice") > notices

    elsewhere.stop()
    elsewhere.manage("restore", "--replace", str(file))
    assert elsewhere.ask("SELECT count(*) FROM history_restoration WHERE confirmed_at IS NULL") == [(1,)]
    assert elsewhere.ask("SELECT count(*) FROM teams_notice") == notices


def test_a_backup_of_older_data_is_brought_up_to_date(elsewhere: Site, tmp_path: Path) -> None:
    fill(elsewhere)
    for app, name in (("integrations", "0004"), ("history", "0006")):
        elsewhere.manage("migrate", app, name, "-v", "0")
    elsewhere.ask("UPDATE teams_organization SET name = '古い会社'")
    file = tmp_path / "old"
    elsewhere.manage("backup", str(file))
    elsewhere.manage("restore", str(file), "--replace")
    assert elsewhere.ask("SELECT name FROM teams_organization") == [("古い会社",)]
    assert elsewhere.ask("SELECT count(*) FROM history_restoration") == [(1,)]
    assert "[ ]" not in elsewhere.manage("showmigrations")


def test_what_cannot_be_restored_is_refused_in_one_line(elsewhere: Site, tmp_path: Path) -> None:
    fill(elsewhere)
    elsewhere.environment["BACKUP_PASSWORD"] = "ひみつ"
    file = tmp_path / "whole"
    elsewhere.manage("backup", str(file))
    content = file.read_bytes()
    (tmp_path / "cut").write_bytes(content[: len(content) * 2 // 3])
    (tmp_path / "foreign").write_bytes(b"PGDMP" + bytes(9999))
    assert "not whole" in refusal(elsewhere, "restore", str(tmp_path / "cut"), "--replace")
    assert "no backup of Smarketing" in refusal(elsewhere, "restore", str(tmp_path / "foreign"))
    assert "No such file" in refusal(elsewhere, "restore", str(tmp_path / "nowhere"))
    elsewhere.environment["BACKUP_PASSWORD"] = "another"
    assert "password is wrong" in refusal(elsewhere, "restore", str(file))

    elsewhere.environment["BACKUP_PASSWORD"] = ""
    elsewhere.ask("INSERT INTO django_migrations (app, name, applied) VALUES ('leads', '9999_tomorrow', now())")
    elsewhere.manage("backup", str(tmp_path / "newer"))
    assert "of a newer version" in refusal(elsewhere, "restore", str(tmp_path / "newer"))

    elsewhere.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE of_another_program (id int)")
    elsewhere.environment["BACKUP_PASSWORD"] = "ひみつ"
    assert "tables of another program" in refusal(elsewhere, "restore", str(file), "--replace")
