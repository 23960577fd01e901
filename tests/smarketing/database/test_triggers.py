"""Triggers are declared on their models, installed as declared, and nobody switches them off."""

import ast
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from leads.models import Campaign, Persona, PersonaVersion
from smarketing.database.triggers import Call
from tests import make


def declared() -> Iterator[tuple[Any, pgtrigger.Trigger]]:
    for model in apps.get_models():
        for trigger in getattr(model._meta, "triggers", []):
            yield model, trigger


@pytest.mark.django_db
def test_every_trigger_is_installed_as_it_is_declared():
    assert len(list(declared())) > 50
    states = {str(trigger.get_uri(model)): trigger.get_installation_status(model) for model, trigger in declared()}
    assert set(states.values()) == {(pgtrigger.core.INSTALLED, True)}, states


@pytest.mark.django_db
def test_no_table_has_a_trigger_that_its_model_does_not_declare():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        installed = {name for (name,) in cursor.fetchall()}
    assert installed == {trigger.get_pgid(model) for model, trigger in declared()}


def test_a_trigger_calls_its_function_with_its_arguments():
    trigger = Call("ring", "once", "twice", name="rings", when=pgtrigger.Before, operation=pgtrigger.Delete)
    sql = " ".join(trigger.compile(Campaign).install_sql.split())
    assert "BEFORE DELETE ON \"leads_campaign\" FOR EACH ROW EXECUTE FUNCTION ring('once', 'twice');" in sql
    assert "CREATE OR REPLACE FUNCTION" not in sql


def test_a_deferred_trigger_is_a_constraint():
    operation = pgtrigger.Insert | pgtrigger.UpdateOf("name")
    trigger = Call("ring", name="rings", when=pgtrigger.After, operation=operation, timing=pgtrigger.Deferred)
    compiled = trigger.compile(Campaign)
    sql = " ".join(compiled.install_sql.split())
    assert f'CREATE CONSTRAINT TRIGGER {compiled.sql.pgid} AFTER INSERT OR UPDATE OF "name"' in sql
    assert "DEFERRABLE INITIALLY DEFERRED" in sql


@pytest.mark.django_db
def test_the_migrations_add_what_the_models_declare():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


# Nobody ignores them


def test_every_trigger_is_one_that_cannot_be_ignored():
    assert {type(trigger) for _model, trigger in declared() if not isinstance(trigger, Call)} == set()


@pytest.mark.django_db
def test_ignoring_triggers_has_no_effect():
    version = PersonaVersion.objects.create(persona=Persona.objects.create(), name="Quality", frozen_at=make.MONDAY_9AM)
    with pgtrigger.ignore():  # noqa: TID251
        with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
            PersonaVersion.objects.filter(pk=version.pk).update(name="Else")


def sources() -> list[Path]:
    """Every module of the product, migrations too."""
    folders = {Path(app.path) for app in apps.get_app_configs()}
    ours = [folder for folder in folders if folder.parent == Path(settings.BASE_DIR)]
    return sorted(path for folder in ours for path in folder.rglob("*.py"))


def ignores(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="pgtrigger" | "runtime"), attr="ignore"):
                return True
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("pgtrigger"):
                if "ignore" in {name.name for name in names}:
                    return True
            case ast.Constant(value=str(text)) if "pgtrigger.ignore'" in text:
                return True
    return False


@pytest.mark.parametrize(
    "source",
    [
        "with pgtrigger.ignore(): pass",
        "from pgtrigger import ignore",
        "from pgtrigger.runtime import ignore",
        "SQL = \"SELECT set_config('pgtrigger.ignore', '{}', true)\"",
    ],
)
def test_the_check_finds_every_way_to_ignore(source: str):
    assert ignores(ast.parse(source))


def test_nothing_ignores_triggers():
    paths = sources()
    assert {path.relative_to(settings.BASE_DIR).parts[0] for path in paths} >= {"leads", "sla", "metrics", "history"}
    assert [str(path) for path in paths if ignores(ast.parse(path.read_text()))] == []
