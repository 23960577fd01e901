"""What is asked about a file: what it holds, how it is laid out, which column is which field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.importing.engine.custom_columns import keyed
from leads.importing.engine.kinds import kinds
from leads.importing.engine.mapping import ColumnMapping
from leads.importing.engine.rows import RowFormat
from leads.importing.files.layouts import DELIMITERS, ENCODINGS
from leads.importing.files.moments import DAY_FIRST, MONTH_FIRST, YEAR_IS_FIRST
from leads.importing.files.numbers import COMMA, POINT
from leads.importing.pages.field_choices import FieldChoices, FieldOfColumn
from leads.models.imports import Import

LARGEST_MB = 100
ORDER = ("leads", "activities", "opportunities", "companies")
CONSTANTS = 3


def kind_choices() -> list[tuple[str, Any]]:
    known = kinds()
    names = [name for name in ORDER if name in known] + sorted(set(known) - set(ORDER))
    return [(name, known[name].label) for name in names]


class UploadForm(forms.Form):
    """A new file."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What it holds"), choices=kind_choices, initial="leads",
        widget=forms.RadioSelect(attrs={"class": "chips"}),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("With headers, in UTF-8 or CP932 (Shift JIS), divided by commas, semicolons or tabs."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/tab-separated-values"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_MB * 1024 * 1024:
            raise forms.ValidationError(_("Larger than %(size)s MB. Divide it.") % {"size": LARGEST_MB})
        return file


class LayoutForm(forms.Form):
    """How the file is laid out."""

    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        choices=list(zip(ENCODINGS, ("UTF-8", "CP932 (Shift JIS)", "Windows-1252", "UTF-16"), strict=True)),
    )
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Divided by"),
        choices=list(
            zip(
                DELIMITERS,
                (gettext_lazy("Comma"), gettext_lazy("Semicolon"), gettext_lazy("Tab"), gettext_lazy("Pipe")),
                strict=True,
            )
        ),
    )
    header_line = forms.IntegerField(
        label=gettext_lazy("Headers on line"), min_value=0, max_value=1000,
        help_text=gettext_lazy("0 where the file has none."),
    )  # fmt: skip


class MappingForm(forms.Form):
    """Which column becomes which field, and how the rest is to be taken."""

    system = forms.CharField(
        label=gettext_lazy("System it comes from"), max_length=60,
        help_text=gettext_lazy("External ids belong to a system: the same name next time finds the same leads."),
    )  # fmt: skip
    date_format = forms.ChoiceField(
        label=gettext_lazy("3/4/2025 is"), required=False,
        choices=[
            ("", "—"),
            (DAY_FIRST, gettext_lazy("3 April (day first)")),
            (MONTH_FIRST, gettext_lazy("4 March (month first)")),
            (YEAR_IS_FIRST, gettext_lazy("25/4/3 is 3 April 2025 (year first)")),
        ],
        help_text=gettext_lazy("All other ways to write a date are read as they are, also 令和7年4月3日 and 45757."),
    )  # fmt: skip
    decimal = forms.ChoiceField(
        label=gettext_lazy("1.234 is"), required=False,
        choices=[
            ("", "—"),
            (POINT, gettext_lazy("one and a bit (decimal point)")),
            (COMMA, gettext_lazy("one thousand two hundred and thirty-four (decimal comma)")),
        ],
    )  # fmt: skip
    has_no_headers = forms.BooleanField(
        label=gettext_lazy("The file has no headers: its first line is a row like the others"),
        error_messages={"required": gettext_lazy("Say so, or say above on which line the headers stand.")},
    )
    words = forms.CharField(
        label=gettext_lazy("Their words and ours"), required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("One a line: field: their word = our word. For example source: 展示会 = exhibition"),
    )  # fmt: skip
    qualify_at_once = forms.BooleanField(
        label=gettext_lazy("Let these leads qualify and be handed over at once"), required=False,
        help_text=gettext_lazy("Otherwise the file is history: only what they do from now on counts as news."),
    )  # fmt: skip
    correct = forms.BooleanField(
        label=gettext_lazy("Let changed dates correct the history of the funnel"), required=False,
        help_text=gettext_lazy("Otherwise a date that differs from what is here is said, and left."),
    )  # fmt: skip

    def __init__(
        self, data: Any, *, job: Import, kind: RowFormat, headers: Sequence[str], unknown: Sequence[tuple[str, str]]
    ) -> None:
        self.kind, self.headers = kind, list(headers)
        read = ColumnMapping.read(job.mapping)
        initial: dict[str, Any] = {
            "system": job.system,
            "date_format": job.date_format,
            "decimal": job.decimal,
            "qualify_at_once": job.qualify_at_once,
            "correct": job.correct,
            "words": "\n".join([*written_words(read), *(f"{field}: {word} = " for field, word in unknown)]),
        }
        super().__init__(data, initial=initial)
        if job.header_line:
            del self.fields["has_no_headers"]
        offered = FieldChoices(kind)
        for number, header in enumerate(self.headers):
            self.fields[f"column_{number}"] = FieldOfColumn(offered, header, keyed(read.columns.get(header, "")))
        constants = list(read.constants.items())
        for number in range(CONSTANTS):
            name, value = constants[number] if number < len(constants) else ("", "")
            self.fields[f"constant_{number}"] = FieldOfColumn(offered, "", name, label=_("Field"))
            self.fields[f"value_{number}"] = forms.CharField(label=_("Value"), required=False, initial=value)

    def constant_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"constant_{number}"], self[f"value_{number}"]) for number in range(CONSTANTS)]

    def clean_words(self) -> dict[str, dict[str, str]]:
        words: dict[str, dict[str, str]] = {}
        for line in self.cleaned_data["words"].splitlines():
            if not line.strip():
                continue
            found = re.fullmatch(r"\s*([^:：]+?)\s*[:：]\s*(\S.*?)\s*[=＝]\s*(.*?)\s*", line)
            if not found:
                raise forms.ValidationError(_("“%(line)s”: write field: their word = our word.") % {"line": line})
            name, theirs, ours = found.groups()
            if self.kind.find_field(name) is None:
                raise forms.ValidationError(_("There is no field “%(name)s”.") % {"name": name})
            if ours:
                words.setdefault(name, {})[theirs] = ours
        return words

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        mapping = self.mapping()
        self.refuse_shared(mapping)
        names = [*mapping.columns.values(), *mapping.constants]
        dummy: dict[str, Any] = {}
        for name in names:
            field = self.kind.find_field(name)
            dummy |= dict.fromkeys(field.into or (field.name,), "x") if field else {}
        if not mapping.columns:
            raise forms.ValidationError(_("Choose at least one column."))
        # Both outcomes of a deal may have their column.
        dummy.pop("lost_at", None)
        if missing := self.kind.missing_required(dummy):
            raise forms.ValidationError(_("Choose a column for it: %(lacking)s") % {"lacking": missing})
        return cleaned

    def refuse_shared(self, mapping: ColumnMapping) -> None:
        """Two columns that would be one attribute of the file's own are told at the later of them."""
        first: dict[str, str] = {}
        for number, header in enumerate(self.headers):
            name = mapping.columns.get(header, "")
            if not name or self.kind.prefix_of(name) is None:
                continue
            if name in first:
                text = _("“%(other)s” is this attribute already: leave one of the two out.") % {"other": first[name]}
                self.add_error(f"column_{number}", text)
            first.setdefault(name, header)

    def mapping(self) -> ColumnMapping:
        cleaned = self.cleaned_data
        columns = {header: cleaned.get(f"column_{number}") or "" for number, header in enumerate(self.headers)}
        constants = {
            cleaned[f"constant_{number}"]: cleaned.get(f"value_{number}") or ""
            for number in range(CONSTANTS)
            if cleaned.get(f"constant_{number}")
        }
        return ColumnMapping(
            {header: name for header, name in columns.items() if name},
            {name: value for name, value in constants.items() if value},
            cleaned.get("words") or {},
        )


def written_words(mapping: ColumnMapping) -> list[str]:
    return [f"{name}: {theirs} = {ours}" for name, words in mapping.values.items() for theirs, ours in words.items()]
