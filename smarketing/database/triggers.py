"""Triggers that are declared on the model whose table they stand on, and call a function of the database.

`Meta.triggers` lists them, and `makemigrations` writes the migration. The function is in a migration of the app that
owns it. A trigger of django-pgtrigger first asks a setting of the session whether to do nothing (`pgtrigger.ignore`);
ours do not ask, so that nobody can switch them off by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db.models import Model
from pgtrigger import compiler


class CallSql(compiler.UpsertTriggerSql):
    """The SQL of a trigger without a function of its own. Migrations name this class, so the template never changes."""

    def get_template(self) -> str:
        return """
            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE FUNCTION {execute};
            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class Call(pgtrigger.Trigger):
    """Call a function of the database, with constant arguments."""

    def __init__(self, function: str, *arguments: str, **trigger: Any) -> None:
        self.function, self.arguments = function, arguments
        super().__init__(**trigger)

    def arguments_for(self, model: type[Model]) -> Sequence[str]:
        return self.arguments

    def render_execute(self, model: Any) -> str:
        arguments = ", ".join(f"'{argument}'" for argument in self.arguments_for(model))
        return f"{self.function}({arguments})"

    def render_func(self, model: Any) -> str:
        return ""

    def compile(self, model: Any) -> compiler.Trigger:
        compiled = super().compile(model)
        return compiler.Trigger(name=compiled.name, sql=CallSql(**compiled.sql.kwargs))
