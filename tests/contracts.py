"""Import contracts of our own: what one module may know of another, by what it is made for."""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

# From the top down: each may import its own kind and those below it, within its app.
KINDS = ("views", "forms", "processes", "models", "rules")


class ModuleKinds(Contract):
    """Within an app, views may import forms, forms processes, processes models, models rules, and nothing upwards.

    A module's kind is in its name: `views.py`, `lead_views.py`, `api.py`, all modules of a package `views` or `api`
    are views; `forms.py` and the like are forms; `models` likewise; `rules` are the modules that the contract names;
    every other module is a process.
    """

    apps: Any = fields.ListField(subfield=fields.StringField())
    rules: Any = fields.ListField(subfield=fields.StringField())
    # Above all kinds: they put the others together.
    glue: Any = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrong = [
            (importer, imported)
            for app in self.apps
            for importer in sorted(graph.find_descendants(app))
            if (own := self.kind_of(importer)) is not None
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported.startswith(f"{app}.")
            if (other := self.kind_of(imported)) is not None and KINDS.index(other) < KINDS.index(own)
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def kind_of(self, module: str) -> str | None:
        parts = module.split(".")
        if any(module == rule or module.startswith(f"{rule}.") for rule in self.rules):
            return "rules"
        if self.glue & set(parts[1:]):
            return None
        for kind, names in (("views", ("views", "api")), ("forms", ("forms",)), ("models", ("models",))):
            if any(name in parts[1:] or parts[-1].endswith(f"_{name}") for name in names):
                return kind
        return "processes"

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["wrong"]:
            output.print_error(f"{importer} ({self.kind_of(importer)}) imports {imported} ({self.kind_of(imported)})")


class GatheredModels(Contract):
    """`<app>/models` gathers the models of an app's rooms for others; inside the app one imports them where they are.

    What only gathers knows everything, and would tie a knot around all rooms.
    """

    apps: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrong = [
            (importer, f"{app}.models")
            for app in self.apps
            for importer in sorted(graph.find_modules_that_directly_import(f"{app}.models"))
            if importer.startswith(f"{app}.") and ".migrations." not in importer
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["wrong"]:
            output.print_error(f"{importer} imports {imported}: import each model from its own room")
