"""What conditions speak of, in the words of a language: values, attributes, activities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from leads.criteria.fields import Field, Type
from leads.criteria.tree import All, Any_, Compare, Did, Node, Not
from leads.models.activities import ActivityKind
from smarketing.pages import wording

# Around what is emphasised, until the text is made safe. Private letters: taken out of what people wrote.
BEGIN, END = "\ue000", "\ue001"


class Speaker(ABC):
    """Says a tree in one language. Asks the database once for the kinds, and once for each list of choices it names."""

    matches: ClassVar[str]

    def __init__(self) -> None:
        self._kinds: dict[str, str] | None = None
        self._options: dict[str, Mapping[Any, str]] = {}

    @abstractmethod
    def sentence(self, node: Node, verdict: str) -> str: ...

    @abstractmethod
    def leaf(self, node: Compare | Did) -> str: ...

    @abstractmethod
    def quoted(self, text: str) -> str: ...

    @abstractmethod
    def one_of(self, values: Sequence[str]) -> str: ...

    def strong(self, text: str) -> str:
        return f"{BEGIN}{text}{END}"

    def constant(self, node: Node) -> bool | None:
        """Whether a node without any condition holds for every lead or for none; None where it has conditions."""
        match node:
            case All(children=()):
                return True
            case Any_(children=()):
                return False
            case Not():
                inner = self.constant(node.child)
                return None if inner is None else not inner
        return None

    def apart(self, node: Node) -> tuple[Sequence[Node], Sequence[Node]]:
        """What must hold, and at the end what must not: "… unless …"."""
        if not isinstance(node, All):
            return [node], []
        kept = [child for child in node.children if not isinstance(child, Not)]
        left_out: list[Node] = []
        for child in node.children:
            if isinstance(child, Not):
                # None of several: each of them leaves out.
                left_out += child.child.children if isinstance(child.child, Any_) else [child.child]
        return kept, left_out

    def number(self, value: Any) -> str:
        exact = Decimal(str(value))
        digits = max(0, -int(exact.normalize().as_tuple().exponent))
        return wording.number(exact, min(digits, 6))

    def noun(self, field: Field) -> str:
        return clean(str(field.noun or field.label))

    def kind(self, key: str) -> str:
        if self._kinds is None:
            self._kinds = {kind.key: str(kind) for kind in ActivityKind.objects.known()}
        return self.quoted(clean(self._kinds.get(key, key)))

    def filled(self, form: str, node: Compare) -> str:
        values = self.values(node)
        if node.op == "between":
            return form.replace("{low}", values[0]).replace("{high}", values[1])
        if "{any}" in form:
            return form.replace("{any}", self.one_of(values))
        return form.replace("{v}", values[0]) if values else form

    def values(self, node: Compare) -> list[str]:
        given = node.value if isinstance(node.value, tuple) else () if node.value is None else (node.value,)
        return [self.value(node.field, each) for each in given]

    def value(self, field: Field, value: Any) -> str:
        match field.type:
            case Type.NUMBER:
                return self.strong(self.number(value))
            case Type.BOOLEAN:
                return self.quoted(_("yes") if value else _("no"))
            case Type.DATE:
                return self.strong(wording.day(value) if isinstance(value, date) else str(value))
            case Type.CHOICE | Type.REFERENCE:
                return self.quoted(clean(self.option(field, value)))
        return self.quoted(clean(str(value)))

    def option(self, field: Field, value: Any) -> str:
        if field.name not in self._options:
            self._options[field.name] = {choice: str(words) for choice, words in field.options()}
        return self._options[field.name].get(value, f"#{value}" if isinstance(value, int) else str(value))


def clean(text: str) -> str:
    return text.replace(BEGIN, "").replace(END, "")
