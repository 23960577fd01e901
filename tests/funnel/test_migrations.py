"""What earlier versions wrote keeps what is best known of when we were told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from history.models import Change
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DATED = make.MONDAY_9AM - 300 * DAY
TOLD = make.MONDAY_9AM - 5 * DAY
AHEAD = make.MONDAY_9AM + 100 * DAY
LAST = [("funnel", "0006_decided_after_opened"), ("leads", "0013_own_doings")]


def migrate(*targets: tuple[str, str]) -> None:
    MigrationExecutor(connection).migrate(list(targets))


@pytest.mark.parametrize("is_demo", [False, True])
def test_leads_deals_and_steps_are_told_when_they_were_written(is_demo: bool) -> None:
    migrate(*LAST)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO teams_organization (id, name, country, time_zone, currency, is_demo, demo_built_at,"
                       " second_factor_required) VALUES (1, '', 'JP', 'Asia/Tokyo', 'JPY', %s, %s, false)"
                       " ON CONFLICT (id) DO UPDATE SET"
                       " is_demo = excluded.is_demo, demo_built_at = excluded.demo_built_at",
                       [is_demo, TOLD + DAY])  # fmt: skip
        cursor.execute(
            "INSERT INTO leads_lead (email, is_free_mail, family_name, given_name, family_name_reading,"
            " given_name_reading, phone, title, department, seniority, buying_role, country, region, source, consent,"
            " custom, created_at) SELECT 'a' || n, false, '', '', '', '', '', '', '', '', '', '', '', '', '', '{}', %s"
            " FROM generate_series(1, 2) n RETURNING id",
            [DATED],
        )
        (stepped,), (bare,) = cursor.fetchall()
        step = (
            "INSERT INTO funnel_transition (lead_id, to_stage_id, at, recorded_at, how, because)"
            " SELECT %s, id, %s, %s, 'import', '' FROM funnel_stage WHERE role = 'lead' RETURNING id"
        )
        cursor.execute(step, [stepped, DATED + DAY, TOLD])
        cursor.execute(step, [stepped, AHEAD, TOLD])
        (ahead,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO funnel_opportunity (lead_id, system, external_id, name, kind, currency, opened_at,"
            " reason_text, created_at) VALUES (%s, '', '', '', 'new', 'JPY', %s, '', %s)",
            [stepped, DATED + DAY, TOLD],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    migrate(("funnel", "0007_recorded_at"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, recorded_at FROM leads_lead ORDER BY id")
        assert cursor.fetchall() == [(stepped, DATED + DAY if is_demo else TOLD), (bare, DATED)]
        cursor.execute("SELECT recorded_at FROM funnel_transition ORDER BY at")
        assert cursor.fetchall() == [(DATED + DAY if is_demo else TOLD,), (AHEAD,)]
        cursor.execute("SELECT recorded_at FROM funnel_opportunity")
        assert cursor.fetchall() == [(DATED + DAY if is_demo else TOLD,)]
    (change,) = Change.objects.filter(subject="transition", field="recorded_at")
    assert (change.subject_id, change.how) == (ahead, "upgrade")
