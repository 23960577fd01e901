"""Whatever is kept about a person is declared."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import CASCADE, Field, ForeignKey, GeneratedField, IntegerField, Model
from django.test.utils import isolate_apps

from history.subjects import Column, Erasing, Merging, Person, Record, not_personal, personal, records, register
from leads.models import Activity, Lead
from teams.models import User

# What is no model's, and holds numbers of transactions and of migrations.
TABLES_WITHOUT_A_MODEL = {"django_migrations", "metrics_change"}
PEOPLE = {Person.LEAD: Lead, Person.MEMBER: User}


def models() -> list[type[Model]]:
    return apps.get_models(include_auto_created=True)


def columns_of(model: type[Model]) -> list[Field[Any, Any]]:
    return list(model._meta.local_concrete_fields)


def keys_to(model: type[Model], target: type[Model]) -> set[str]:
    return {
        field.name
        for field in columns_of(model)
        if isinstance(field, ForeignKey) and issubclass(target, field.related_model)
    }


def declared() -> Iterator[tuple[Record, Column]]:
    for record in records():
        for column in record.by_name.values():
            yield record, column


def undeclared(model: type[Model], record: Record | None) -> tuple[set[str], set[str]]:
    """The columns without a line, and the lines without a column."""
    lines = set(record.by_name) if record else set()
    names = {field.name for field in columns_of(model)}
    return names - lines, lines - names


def test_every_column_of_every_table_has_a_line_and_every_line_a_column():
    by_model = {record.model: record for record in records()}
    assert set(by_model) == set(models())
    wrong = {model._meta.label: undeclared(model, by_model[model]) for model in models()}
    assert {name: columns for name, columns in wrong.items() if any(columns)} == {}


@pytest.mark.django_db
def test_every_table_of_the_database_is_a_models():
    tables = set(connection.introspection.table_names())
    assert tables - TABLES_WITHOUT_A_MODEL == {model._meta.db_table for model in models()}


@isolate_apps()
def test_a_new_column_is_found():
    class Shoe(Model):
        owner = ForeignKey(Lead, CASCADE)
        size = IntegerField()

        class Meta:
            app_label = "leads"

    record = Record(Shoe, person=Person.LEAD, paths=["owner"], columns=[personal("id owner laces")])
    assert undeclared(Shoe, record) == ({"size"}, {"laces"})
    assert undeclared(Shoe, None)[0] == {"id", "owner", "size"}
    assert keys_to(Shoe, Lead) == {"owner"}


def test_every_key_to_a_lead_says_what_merging_does_with_its_row():
    for record in records():
        keys = keys_to(record.model, Lead)
        own = {"id"} if record.model is Lead else set()
        assert set(record.merging) == keys | own, record.name
        assert not keys or record.person is Person.LEAD, record.name


def test_every_key_to_a_person_is_about_that_person():
    for record in records():
        for person, model in PEOPLE.items():
            for key in keys_to(record.model, model):
                assert record.by_name[key].person is person, f"{record.name}.{key}"


def test_each_path_leads_to_the_person():
    for record in records():
        for path in record.paths:
            model: Any = record.model
            for name in path.split("__"):
                field = model._meta.get_field(name)
                model = field.related_model or model
            assert record.person is not None
            assert model is PEOPLE[record.person], f"{record.name}: {path}"


def test_what_is_about_a_person_is_reached_by_a_path():
    """Of what is about a member, the key itself is enough, or a note of theirs that stays."""
    for record, column in declared():
        if column.person is Person.LEAD:
            assert record.person is Person.LEAD, f"{record.name}.{column.name}"
        if column.person is Person.MEMBER and record.person is not Person.MEMBER:
            assert column.erasing in (Erasing.KEPT, Erasing.EMPTIED), f"{record.name}.{column.name}"


def test_whatever_belongs_to_somebodys_row_is_reached_by_it():
    """A timer of a lead's hand-off is the lead's: no table hides behind another."""
    by_model = {record.model: record for record in records()}
    for record in records():
        for field in columns_of(record.model):
            parent = by_model.get(field.related_model) if isinstance(field, ForeignKey) else None
            column = record.by_name[field.name]
            if parent is not None and parent.person is Person.LEAD and column.person is not None:
                assert record.person is Person.LEAD, f"{record.name}.{field.name}"


def test_what_is_exported_has_a_list_of_its_own():
    lists = [record.export for record in records() if record.export]
    assert len(lists) == len(set(lists))
    for record in records():
        assert bool(record.export) == any(column.exported for column in record.by_name.values()), record.name


def test_what_is_not_exported_or_not_erased_says_why():
    for record, column in declared():
        is_plain = column.exported and record.erasing(column) in (Erasing.EMPTIED, Erasing.DELETED)
        assert is_plain or column.because.endswith("."), f"{record.name}.{column.name}"


def can_be_empty(field: Field[Any, Any]) -> bool:
    return not isinstance(field, GeneratedField) and (field.null or field.empty_strings_allowed or field.has_default())


def test_what_is_emptied_can_be_empty():
    for record, column in declared():
        if record.erasing(column) is Erasing.EMPTIED:
            field = record.model._meta.get_field(column.name)
            assert isinstance(field, Field)
            assert can_be_empty(field), f"{record.name}.{column.name}"
            assert not field.unique, f"{record.name}.{column.name}"


def test_a_table_is_declared_once():
    with pytest.raises(ValueError, match="twice"):
        register(Record(Activity, columns=[not_personal("id", because="Again.")]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": [personal("id"), personal("lead id")]},
        {"columns": [personal("id")], "person": Person.LEAD},
        {"columns": [personal("id")], "paths": ["lead"]},
        {"columns": [personal("id")], "deleted": True},
    ],
)
def test_a_line_that_contradicts_itself_is_refused(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"leads\.Activity"):
        Record(Activity, **wrong)


def test_what_a_merge_can_do_is_used():
    assert {merging for record in records() for merging in record.merging.values()} == set(Merging)


def test_the_page_of_subjects_is_what_is_declared():
    out = StringIO()
    call_command("subjects", stdout=out)
    assert Path(settings.BASE_DIR, "docs/subjects.md").read_text() == out.getvalue()
