"""The fields that a column may become, as a list to choose from: made once a page, however many columns there are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from leads.importing.engine.custom_columns import keyed
from leads.importing.engine.recognising import choices
from leads.importing.engine.rows import RowFormat
from leads.models.custom_fields import CustomField

Choice = tuple[str, Any]
Group = tuple[str, list[Choice]]


class FieldChoices:
    """The fields in their groups; then attributes of one's own: those that are there, and a new one for a header."""

    def __init__(self, kind: RowFormat) -> None:
        self.kind = kind
        self.groups: list[Group] = [
            (group, [(field.name, field.label) for field in fields]) for group, fields in choices(kind)
        ]
        self.groups += [(str(prefix.label), self._own(prefix.name)) for prefix in kind.prefixes]
        self.names = {name for _group, fields in self.groups for name, _label in fields}
        self.html = _groups_html([(group, fields) for group, fields in self.groups if fields])

    def _own(self, prefix: str) -> list[Choice]:
        if not prefix.endswith("custom."):
            return []
        of_company = self.kind.key == "companies" or prefix.startswith("company.")
        subject = CustomField.Subject.COMPANY if of_company else CustomField.Subject.LEAD
        return [(f"{prefix}{each.key}", str(each)) for each in CustomField.objects.filter(subject=subject)]

    def new(self, header: str, chosen: str) -> list[Group]:
        """What only the column of this header may become: attributes named after it, and what was chosen before."""
        found: list[Group] = []
        for prefix in self.kind.prefixes:
            own: list[Choice] = []
            name = keyed(f"{prefix.name}{header}")
            if header and name not in self.names:
                own.append((name, _("New: %(header)s") % {"header": header}))
            if self.kind.prefix_of(chosen) == prefix and chosen not in self.names and chosen not in dict(own):
                own.append((chosen, chosen.removeprefix(prefix.name)))
            if own:
                found.append((str(prefix.label), own))
        return found


def _groups_html(groups: list[Group]) -> SafeString:
    option = '<option value="{}">{}</option>'
    options = ((group, format_html_join("", option, fields)) for group, fields in groups)
    return format_html_join("", '<optgroup label="{}">{}</optgroup>', options)


class ColumnSelect(forms.Widget):
    """The list, with the chosen field selected."""

    def __init__(self, offered: FieldChoices, header: str, new: list[Group]) -> None:
        super().__init__()
        self.offered, self.header, self.new = offered, header, new

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        nothing = format_html('<option value="">{}</option>', _("Leave out") if self.header else "—")
        options = nothing + self.offered.html + _groups_html(self.new)
        if value:
            plain = format_html('<option value="{}"', value)
            options = mark_safe(options.replace(plain, f"{plain} selected", 1))  # nosec B703 # escaped above
        built = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return format_html("<select{}>{}</select>", forms.utils.flatatt(built), options)


class FieldOfColumn(forms.CharField):
    """Which field the column of a header becomes."""

    def __init__(self, offered: FieldChoices, header: str, chosen: str, *, label: str = "") -> None:
        new = offered.new(header, chosen)
        self.offered, self.own_names = offered, {name for _group, own in new for name, _label in own}
        widget = ColumnSelect(offered, header, new)
        super().__init__(label=label or header, required=False, initial=chosen, widget=widget)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value not in self.offered.names and value not in self.own_names:
            raise forms.ValidationError(_("Choose a field from the list."))
