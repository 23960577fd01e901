"""Each transaction that changes what numbers are made of leaves its number, once."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Case, Exists, F, GeneratedField, Model, OuterRef, Value, When
from django.db.models.functions import Concat

from dashboards.goals.models import Goal
from dashboards.weekly.computing import compute_week, fresh_until
from funnel.models import Opportunity, Stage
from leads.models import Campaign, Company, Lead
from metrics.changes import FORGET, SNAPSHOT, NoteChange, unseen
from metrics.period import Period
from metrics.registry import metrics
from sla.models import Touch
from tests import make
from tests.metrics.reading import columns_in, reading, statements_of, tables_in

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


def watched_models() -> dict[str, type[Model]]:
    """The models that declare it, by their tables."""
    return {model._meta.db_table: model for model in apps.get_models() if triggers_of(model)}


def triggers_of(model: type[Model]) -> list[NoteChange]:
    return [each for each in getattr(model._meta, "triggers", []) if isinstance(each, NoteChange)]


def uncounted(model: type[Model]) -> set[str]:
    """The columns that say they never count."""
    (update,) = (each for each in triggers_of(model) if each.operation == pgtrigger.Update)
    return {str(model._meta.get_field(name).column) for name in update.condition.exclude}


def sell() -> None:
    """A lead was scored, handed over, touched and sold to."""
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=make.TEN)
    handoff.touch("call", by=handoff.rep, at=make.TEN + timedelta(minutes=5))
    deal = Opportunity.open(handoff.lead, amount=Decimal(100), opened_at=make.NOON, by=handoff.rep)
    deal.win(at=make.NOON + timedelta(hours=1), by=handoff.rep)
    make.score(handoff.lead)


@pytest.fixture
def statements(db: None) -> dict[str, list[str]]:
    """What each metric asks, and the week's report."""
    sell()
    Goal.objects.create(measure="contracts", starts_on=date(2026, 10, 1), ends_on=date(2027, 1, 1), target=10)
    asked = {metric.name: statements_of(metric) for metric in metrics()}
    week = Period.week_of(make.TEN)
    with reading() as of_week:
        for as_seen in (False, True):
            compute_week(week, make.TEN, as_seen=as_seen)
        fresh_until(week, make.TEN)
    return asked | {"week": of_week}


def test_every_table_that_a_number_reads_is_watched_and_no_other(statements: dict[str, list[str]]):
    assert all(tables_in(asked) for asked in statements.values())
    # Who they are, and whether the machine may work, is asked by every page.
    beside = {"teams_user", "teams_team", "django_session"}
    assert tables_in(sum(statements.values(), [])) - beside == {*watched_models()}


def test_no_number_reads_a_column_that_never_counts(statements: dict[str, list[str]]):
    read = {name: columns_in(asked) for name, asked in statements.items()}
    wrong = {
        (name, table, column)
        for name, columns in read.items()
        for table, model in watched_models().items()
        for column in columns[table] & uncounted(model)
    }
    assert wrong == set()


def test_a_statement_names_the_columns_that_it_finds_rows_by():
    lead = Lead.objects.order_by().annotate(of=Exists(Touch.objects.filter(handoff__lead=OuterRef("pk"), note="x")))
    assert columns_in([str(lead.values("of").query)]) == {
        "leads_lead": {"id"},
        "sla_touch": {"handoff_id", "note"},
        "sla_handoff": {"id", "lead_id"},
    }
    assert columns_in([str(Stage.objects.order_by().filter(role="mql").query)]) == {"funnel_stage": {"role"}}
    assert columns_in([str(Stage.objects.order_by().values("name_en").query)]) == {"funnel_stage": {"name_en"}}


def test_a_watched_table_is_watched_in_every_operation():
    names = {table: sorted(str(each.name) for each in triggers_of(model)) for table, model in watched_models().items()}
    assert names == dict.fromkeys(names, EVERY_OPERATION)


@pytest.mark.django_db
def test_the_database_has_the_triggers_that_the_models_declare():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgfoid = 'metrics_note_change'::regproc AND tgenabled = 'O' GROUP BY 1"
        )
        assert dict(cursor.fetchall()) == dict.fromkeys(watched_models(), 4)


# When a transaction is recorded


def insert() -> None:
    Campaign.objects.create(name=f"Expo {Campaign.objects.count()}")


def insert_many() -> None:
    Campaign.objects.bulk_create(Campaign(name=f"Fair {n}") for n in range(3))


def update() -> None:
    Campaign.objects.update(name=Concat("name", Value("!")))


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


@pytest.mark.parametrize("table", sorted(watched_models()))
def test_an_update_is_recorded_where_a_column_that_counts_changed(table: str, settled: None):
    model = watched_models()[table]
    free(table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} DEFAULT VALUES")
        recorded_of = {}
        for field in model._meta.concrete_fields:
            if not isinstance(field, GeneratedField):
                settle()
                cursor.execute(f"UPDATE {table} SET {field.column} = '{VALUES[type_of(field)]}'")
                recorded_of[field.column] = recorded()
    assert recorded_of == {column: int(column not in uncounted(model)) for column in recorded_of}


def type_of(field: Any) -> str:
    """The type of its column, without a length."""
    return re.sub(r"\(.*?\)", "", field.db_type(connection))


# One of each type, that a new row never has.
VALUES = {
    **dict.fromkeys(("bigint", "integer", "smallint", "numeric"), "987"),
    **dict.fromkeys(("varchar", "text"), "x"),
    "boolean": "true",
    "date": "2026-11-16",
    "timestamp with time zone": "2026-11-16 09:00+09",
    "time": "09:00",
    "interval": "1 hour",
    "jsonb": "[7]",
    "varchar[]": "{x}",
}


# Of a table. That a key is never NULL goes with its being generated.
CONSTRAINTS = """
SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 't' AND NOT (contype = 'n' AND EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1] AND attidentity <> ''
)) ORDER BY contype = 'n'
"""


def free(table: str) -> None:
    """Empty it, let its rows be anything, and no trigger fire but the one that is asked about."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(CONSTRAINTS, [table])
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
            " AND tgname NOT LIKE 'pgtrigger_note_update%%'",
            [table],
        )
        for (trigger,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        cursor.execute(f"DELETE FROM {table}")


def test_an_update_that_changes_nothing_is_not_recorded(settled: None):
    insert()
    settle()
    Campaign.objects.update(name=F("name"))
    assert recorded() == 0


def test_of_many_rows_the_one_that_counts_is_enough(settled: None):
    insert_many()
    settle()
    Campaign.objects.update(goal="Meet", name=Case(When(name="Fair 1", then=Value("Expo")), default=F("name")))
    assert recorded() == 1


def test_other_columns_of_the_same_transaction_do_not_hide_one_that_counts(settled: None):
    insert()
    settle()
    Campaign.objects.update(channel="fair")
    assert recorded() == 0
    update()
    Campaign.objects.update(channel="expo")
    assert recorded() == 1


def test_a_table_that_no_number_is_made_of_is_not_watched(settled: None):
    assert Company._meta.db_table not in watched_models()
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
