"""The staging table is stated whole: each column once, with one type, for every kind of rows."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from leads.importing.engine.kinds import ImportKind, kinds
from leads.importing.engine.staging import COMMON, TABLE, Column, create_table, quoted

KINDS = pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.key)


@KINDS
def test_each_column_is_stated_once(kind: ImportKind) -> None:
    names = [column.name for column in kind.staging_columns()]
    assert sorted(names) == sorted(set(names))


def test_a_column_has_one_type_in_all_kinds() -> None:
    types: dict[str, set[str]] = {}
    for kind in kinds().values():
        for column in kind.staging_columns():
            types.setdefault(column.name, set()).add(column.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@KINDS
def test_every_field_waits_in_a_column_of_its_own_or_fills_others(kind: ImportKind) -> None:
    columns = {column.name: column.type for column in kind.staging_columns()}
    for field in kind.fields.values():
        if field.into:
            assert set(field.into) <= columns.keys()
        elif field.sql:
            assert columns[field.name] == field.sql
        else:
            # An id or a word of ours stands for it: owner_id, kind_id.
            assert f"{field.name}_id" in columns


@KINDS
def test_what_every_kind_needs_comes_first(kind: ImportKind) -> None:
    assert kind.staging_columns()[: len(COMMON)] == COMMON


@KINDS
@pytest.mark.django_db
def test_the_database_makes_the_table_as_it_is_stated(kind: ImportKind) -> None:
    with connection.cursor() as cursor:
        cursor.execute(create_table(TABLE, kind.staging_columns()), {})
        cursor.execute(
            "SELECT attname, format_type(atttypid, NULL), attnotnull FROM pg_attribute"
            f" WHERE attrelid = 'pg_temp.{TABLE}'::regclass AND attnum > 0 ORDER BY attnum"
        )
        made = cursor.fetchall()
    types = {"timestamptz": "timestamp with time zone"}
    assert made == [
        (column.name, types.get(column.type, column.type), bool(column.default)) for column in kind.staging_columns()
    ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_table_goes_with_the_transaction_and_a_later_batch_begins_anew() -> None:
    def there() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('pg_temp.passing') IS NOT NULL")
            return bool(cursor.fetchone()[0])

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(create_table("passing", [Column("one", "integer")]), {})
        cursor.execute("INSERT INTO passing VALUES (1)")
        cursor.execute(create_table("passing", [Column("two", "text", "'x'")]), {})
        cursor.execute("INSERT INTO passing DEFAULT VALUES RETURNING two")
        assert cursor.fetchall() == [("x",)]
        assert there()
    assert not there()


@pytest.mark.parametrize(
    ("column", "definition"),
    [
        (Column("line", "integer"), '"line" integer'),
        (Column("company.name", "text"), '"company.name" text'),
        (Column("is_new", "boolean", "false"), '"is_new" boolean NOT NULL DEFAULT false'),
    ],
)
def test_a_column_is_defined(column: Column, definition: str) -> None:
    assert column.definition == definition


@pytest.mark.parametrize(
    ("name", "identifier"), [("name", '"name"'), ('a"b', '"a""b"'), ("100%", '"100%%"'), ("a b", '"a b"')]
)
def test_any_name_is_an_identifier(name: str, identifier: str) -> None:
    assert quoted(name) == identifier
