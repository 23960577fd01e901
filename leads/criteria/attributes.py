"""What criteria may say of a lead and its company: the fields that `leads` registers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import Count
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.criteria.compiling import typed
from leads.criteria.fields import Choice, Field, Type, Words, register_family, register_field
from leads.criteria.tree import Tree
from leads.models.campaigns import Campaign
from leads.models.companies import Company
from leads.models.custom_fields import CustomField
from leads.models.leads import Lead
from leads.models.personas import Persona, PersonaVersion
from smarketing.pages.wording import person_name
from teams.models import User

# Texts are suggested from the newest rows, so that asking stays quick among millions.
SAMPLE = 5_000
MOST_SUGGESTIONS = 60

COLUMN_TYPES = {Type.NUMBER: "numeric", Type.BOOLEAN: "boolean", Type.REFERENCE: "bigint"}


def before(subject: str, row: str, field: str, today: str, type_: Type) -> str:
    """SQL of a value at `{at}`: the `old` of the first change after it, else today's.

    `today` is SQL of today's value, as text.
    """
    value = (
        "(SELECT p.v FROM ((SELECT h.old #>> '{}' AS v, 0 AS n FROM history_change h"
        f" WHERE h.subject = '{subject}' AND h.subject_id = {row}.id AND h.field = '{field}' AND h.at > {{at}}"
        f" ORDER BY h.at, h.id LIMIT 1) UNION ALL SELECT {today}, 1) p ORDER BY p.n LIMIT 1)"
    )
    cast = COLUMN_TYPES.get(type_)
    return f"NULLIF({value}, '')::{cast}" if cast else value


def at_the_company_then(value: str) -> str:
    """SQL of a value of the company that the lead belonged to at `{at}`; `value` names that company's row `c`."""
    then = before("lead", "{lead}", "company", "{lead}.company_id::text", Type.REFERENCE)
    return f"(SELECT {value} FROM leads_company c WHERE c.id = {then})"


# What a record is, we know since we were told of it; before that it is what came with its row.
LEAD_TOLD_LATER = "({lead}.recorded_at > {at})"
COMPANY_TOLD_LATER = f"({LEAD_TOLD_LATER} OR {at_the_company_then('c.recorded_at > {at}')} IS TRUE)"
PERSONA = "(SELECT m.persona_id::text FROM leads_personamatch m WHERE m.lead_id = {lead}.id)"
# Before it was first matched, where that is not in the history.
PERSONA_TOLD_LATER = (
    f"({LEAD_TOLD_LATER} OR EXISTS (SELECT 1 FROM leads_personamatch m WHERE m.lead_id = {{lead}}.id"
    " AND m.matched_at > {at} AND NOT EXISTS (SELECT 1 FROM history_change h WHERE h.subject = 'lead'"
    " AND h.subject_id = m.lead_id AND h.field = 'persona' AND h.at > {at})))"
)
# It follows the address.
ADDRESS_CHANGED_LATER = (
    "EXISTS (SELECT 1 FROM history_change h WHERE h.subject = 'lead' AND h.subject_id = {lead}.id"
    " AND h.field = 'email' AND h.at > {at})"
)


def often(model: type[Lead] | type[Company], column: str) -> Callable[[], Iterable[str]]:
    """What a text column often holds, the most frequent first."""

    def suggest() -> list[str]:
        newest = model._default_manager.order_by("-created_at", "-pk").values_list("pk", flat=True)[:SAMPLE]
        held = model._default_manager.filter(pk__in=newest).exclude(**{column: ""})
        counted = held.order_by().values_list(column).annotate(n=Count("pk")).order_by("-n", column)
        return [value for value, _n in counted[:MOST_SUGGESTIONS]]

    return suggest


def lead_field(name: str, type_: Type, label: Words, noun: Words, column: str = "", **more: object) -> None:
    column = column or name
    register_field(
        Field(
            name,
            type_,
            label,
            now=f"{{lead}}.{column}",
            as_of=before("lead", "{lead}", name, f"{{lead}}.{column}::text", type_),
            stands_in=LEAD_TOLD_LATER,
            noun=noun,
            in_fit=True,
            suggestions=often(Lead, column) if type_ is Type.TEXT else None,
            **more,  # type: ignore[arg-type]
        )
    )


def company_field(name: str, type_: Type, label: Words, noun: Words, column: str = "", **more: object) -> None:
    column = column or name
    register_field(
        Field(
            f"company.{name}",
            type_,
            label,
            now=f"{{company}}.{column}",
            as_of=at_the_company_then(before("company", "c", name, f"c.{column}::text", type_)),
            stands_in=COMPANY_TOLD_LATER,
            noun=noun,
            in_fit=True,
            suggestions=often(Company, name) if type_ is Type.TEXT else None,
            **more,  # type: ignore[arg-type]
        )
    )


def personas() -> list[Choice]:
    there = Persona.objects.prefetch_related("versions")
    return [(persona.pk, str(persona)) for persona in there]


def criteria_of_personas() -> list[Tree]:
    versions = PersonaVersion.objects.filter(persona__retired_at=None, frozen_at__isnull=False)
    return [criteria for criteria in versions.values_list("criteria", flat=True) if criteria]


def campaigns() -> list[Choice]:
    return [(campaign.pk, campaign.name) for campaign in Campaign.objects.all()]


def people() -> list[Choice]:
    return [(user.pk, person_name(user)) for user in User.objects.order_by("family_name", "given_name", "pk")]


def custom_fields(subject: CustomField.Subject) -> list[Field]:
    """The attributes that the administrator added to leads, or to companies."""
    return [custom_field(each) for each in CustomField.objects.known() if each.subject == subject]


TYPES = {
    CustomField.Type.TEXT: Type.TEXT,
    CustomField.Type.NUMBER: Type.NUMBER,
    CustomField.Type.DATE: Type.DATE,
    CustomField.Type.BOOLEAN: Type.BOOLEAN,
    CustomField.Type.CHOICE: Type.CHOICE,
}


def custom_field(each: CustomField) -> Field:
    # A key is a slug (letters, digits, - and _), so it may stand in the SQL as it is.
    type_ = TYPES[CustomField.Type(each.type)]
    of_lead = each.subject == CustomField.Subject.LEAD
    row, name = ("{lead}", "custom.") if of_lead else ("{company}", "company.custom.")
    held = f"{row}.custom ->> '{each.key}'"
    if of_lead:
        then = before("lead", row, f"custom.{each.key}", held, Type.TEXT)
    else:
        today = f"c.custom ->> '{each.key}'"
        then = at_the_company_then(before("company", "c", f"custom.{each.key}", today, Type.TEXT))
    return Field(
        name + each.key,
        type_,
        custom_label(each),
        now=typed(f"({held})", type_),
        # In a subquery of its own, because the text is named more than once.
        as_of=f"(SELECT {typed('was.v', type_)} FROM (SELECT {then} AS v) was)",
        stands_in=LEAD_TOLD_LATER if of_lead else COMPANY_TOLD_LATER,
        noun=f"“{each}”" if of_lead else _("the company's “%(name)s”") % {"name": each},
        choices=lambda: [(choice, choice) for choice in each.choices],
        in_fit=True,
    )


def _custom_label(each: CustomField) -> str:
    return str(each) if each.subject == CustomField.Subject.LEAD else gettext("Company: %(name)s") % {"name": each}


# In the language in which it is read, which may be another than that in which the field was looked up.
custom_label = lazy(_custom_label, str)


def register() -> None:
    text, number = Type.TEXT, Type.NUMBER
    register_field(
        Field(
            "persona",
            Type.REFERENCE,
            _("Persona"),
            now="m.persona_id",
            source="leads_personamatch m WHERE m.lead_id = {lead}.id",
            as_of=before("lead", "{lead}", "persona", PERSONA, Type.REFERENCE),
            stands_in=PERSONA_TOLD_LATER,
            noun=_("the persona"),
            choices=personas,
            made_of=criteria_of_personas,
            in_fit=True,
        )
    )
    lead_field("title", text, _("Title"), _("the title"))
    lead_field("department", text, _("Department"), _("the department"))
    lead_field("seniority", text, _("Seniority"), _("the seniority"))
    lead_field("buying_role", text, _("Buying role"), _("the buying role"))
    company_field("name", text, _("Company: name"), _("the company"))
    company_field("industry", text, _("Company: industry"), _("the company's industry"))
    company_field("employees", number, _("Company: employees"), _("the company's number of employees"))
    company_field("revenue", number, _("Company: yearly revenue"), _("the company's yearly revenue"))
    company_field("country", text, _("Company: country"), _("the company's country"))
    company_field("region", text, _("Company: region"), _("the company's region"))
    company_field("domain", text, _("Company: domain"), _("the company's domain"))
    company_field("owner", Type.REFERENCE, _("Company: owner"), _("the company's owner"), "owner_id", choices=people)
    lead_field("country", text, _("Country"), _("the country"))
    lead_field("region", text, _("Region"), _("the region"))
    lead_field("source", text, _("Source"), _("the source"))
    lead_field("campaign", Type.REFERENCE, _("Campaign"), _("the campaign"), "campaign_id", choices=campaigns)
    lead_field("owner", Type.REFERENCE, _("Owner"), _("the owner"), "owner_id", choices=people)
    lead_field("email", text, _("E-mail"), _("the e-mail address"))
    register_field(
        Field(
            "is_free_mail",
            Type.BOOLEAN,
            _("Free-mail address"),
            now="{lead}.is_free_mail",
            as_of="{lead}.is_free_mail",
            stands_in=f"({LEAD_TOLD_LATER} OR {ADDRESS_CHANGED_LATER})",
            noun=_("“Free-mail address”"),
            in_fit=True,
        )
    )
    lead_field(
        "consent",
        Type.CHOICE,
        _("Consent to e-mail"),
        _("the consent to e-mail"),
        choices=lambda: [(value, label) for value, label in Lead.Consent.choices if value],
    )
    lead_field("phone", text, _("Phone"), _("the phone number"))
    lead_field("family_name", text, _("Family name"), _("the family name"))
    lead_field("given_name", text, _("Given name"), _("the given name"))
    lead_field("family_name_reading", text, _("Reading of the family name"), _("the reading of the family name"))
    lead_field("given_name_reading", text, _("Reading of the given name"), _("the reading of the given name"))
    known_since = "({lead}.created_at AT TIME ZONE {zone})::date"
    register_field(
        Field(
            "created_at",
            Type.DATE,
            _("Known since"),
            now=known_since,
            as_of=known_since,
            noun=_("the day it became known"),
            in_fit=True,
        )
    )
    register_family("company.custom.", lambda: custom_fields(CustomField.Subject.COMPANY))
    register_family("custom.", lambda: custom_fields(CustomField.Subject.LEAD))
