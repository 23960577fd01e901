"""Each transaction that changes what numbers are made of leaves its number, once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from funnel.models import Opportunity
from leads.models import Campaign, Company
from metrics.changes import FORGET, SNAPSHOT, NoteChange, unseen
from metrics.registry import metrics
from tests import make
from tests.metrics.reading import tables_read_by

EVERY_OPERATION = ["note_delete", "note_insert", "note_truncate", "note_update"]


def one(sql: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        (value,) = cursor.fetchone()
    return value


def recorded() -> int:
    return int(one("SELECT count(*) FROM metrics_change"))


def settle() -> None:
    """This transaction has changed nothing yet, as far as the triggers know."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM metrics_change")
        cursor.execute("SELECT set_config('metrics.noted', '', true)")


@pytest.fixture
def settled(db: None) -> None:
    settle()


# Which tables


def watched_tables() -> dict[str, list[str]]:
    """The tables that declare it, with their triggers' names."""
    found = {}
    for model in apps.get_models():
        names = [str(each.name) for each in getattr(model._meta, "triggers", []) if isinstance(each, NoteChange)]
        if names:
            found[model._meta.db_table] = sorted(names)
    return found


def sell() -> None:
    """A lead was scored, handed over, touched and sold to."""
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=make.TEN)
    handoff.touch("call", by=handoff.rep, at=make.TEN + timedelta(minutes=5))
    deal = Opportunity.open(handoff.lead, amount=Decimal(100), opened_at=make.NOON, by=handoff.rep)
    deal.win(at=make.NOON + timedelta(hours=1), by=handoff.rep)
    make.score(handoff.lead)


@pytest.mark.django_db
def test_every_table_that_a_metric_reads_is_watched():
    sell()
    watched = watched_tables()
    read = {metric.name: tables_read_by(metric) for metric in metrics()}
    assert all(read.values())
    missing = {name: tables - watched.keys() for name, tables in read.items() if tables - watched.keys()}
    assert missing == {}


def test_a_watched_table_is_watched_in_every_operation():
    assert all(names == EVERY_OPERATION for names in watched_tables().values())


@pytest.mark.django_db
def test_the_database_has_the_triggers_that_the_models_declare():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgfoid = 'metrics_note_change'::regproc AND tgenabled = 'O' GROUP BY 1"
        )
        assert dict(cursor.fetchall()) == dict.fromkeys(watched_tables(), 4)


# When a transaction is recorded


def insert() -> None:
    Campaign.objects.create(name=f"Expo {Campaign.objects.count()}")


def insert_many() -> None:
    Campaign.objects.bulk_create(Campaign(name=f"Fair {n}") for n in range(3))


def update() -> None:
    Campaign.objects.update(channel="fair")


def delete() -> None:
    Campaign.objects.filter(name="Old").delete()


def truncate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_import CASCADE")


@pytest.mark.parametrize("change", [insert, insert_many, update, delete, truncate])
def test_a_change_is_recorded(change: Callable[[], None], settled: None):
    Campaign.objects.create(name="Old")
    settle()
    change()
    assert recorded() == 1


def test_a_transaction_is_recorded_once(settled: None):
    insert()
    insert()
    update()
    assert one("SELECT array_agg(xid) = ARRAY[pg_current_xact_id()] FROM metrics_change") is True


def test_a_statement_that_finds_no_rows_changes_nothing(settled: None):
    update()
    delete()
    Campaign.objects.bulk_create([])
    assert recorded() == 0


def test_a_table_that_no_number_is_made_of_is_not_watched(settled: None):
    assert Company._meta.db_table not in watched_tables()
    make.company()
    assert recorded() == 0


def test_what_comes_after_a_savepoint_that_was_rolled_back_is_recorded(settled: None):
    with transaction.atomic():
        insert()
        transaction.set_rollback(True)
    assert recorded() == 0
    insert()
    assert recorded() == 1


# What stored numbers have seen


def is_unseen(snapshot: str) -> bool:
    return bool(one(f"SELECT {unseen('%s')}", snapshot, snapshot))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestSnapshots:
    def test_a_snapshot_has_seen_what_was_committed_before_and_not_what_comes_after(self):
        insert()
        snapshot = one(f"SELECT {SNAPSHOT}")
        assert not is_unseen(snapshot)
        update()
        assert is_unseen(snapshot)
        assert not is_unseen(one(f"SELECT {SNAPSHOT}"))

    def test_a_transaction_that_changed_something_has_not_seen_it(self):
        with transaction.atomic():
            insert()
            assert is_unseen(one(f"SELECT {SNAPSHOT}"))
        assert not is_unseen(one(f"SELECT {SNAPSHOT}"))

    def test_a_snapshot_of_another_cluster_has_seen_nothing(self):
        assert is_unseen("9000000000:9000000000:")

    def test_forgetting_returns_what_was_recorded_and_leaves_nothing(self):
        settle()
        before = one(f"SELECT {SNAPSHOT}")
        insert()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FORGET)
            (xid,) = (row[0] for row in cursor.fetchall())
        assert recorded() == 0
        assert one("SELECT pg_visible_in_snapshot(%s::xid8, %s::pg_snapshot)", xid, before) is False
