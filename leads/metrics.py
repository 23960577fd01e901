"""By what of a lead numbers can be cut."""

from collections.abc import Sequence

from django.db.models import CharField, F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from leads.models.personas import Persona
from metrics.registry import Dimension, register_dimension
from smarketing.requests.whole_numbers import parse_whole_number


def text_at(name: str, lead: str) -> Combinable:
    """What stands at the end of a path, as text, "" where nothing stands."""
    return Coalesce(Cast(F(f"{lead}{name}"), CharField()), Value(""), output_field=CharField())


def persona_names(keys: Sequence[str]) -> dict[str, str]:
    pks = {key: pk for key in keys if (pk := parse_whole_number(key)) is not None}
    personas = Persona.objects.prefetch_related("versions").in_bulk(set(pks.values()))
    return {key: str(personas[pk]) for key, pk in pks.items() if pk in personas}


register_dimension(Dimension("source", _("Source"), "leads", key=lambda lead: text_at("source", lead)))
register_dimension(Dimension("campaign", _("Campaign"), "leads", key=lambda lead: text_at("campaign__name", lead)))
register_dimension(Dimension("country", _("Country"), "leads", key=lambda lead: text_at("country", lead)))
register_dimension(
    Dimension(
        "persona",
        _("Persona"),
        "leads",
        key=lambda lead: text_at("persona_match__persona", lead),
        names=persona_names,
        # Numbers of steps are cut by what the step kept.
        empty=_("none, or not known then"),
    )
)
OF_LEAD = ("month", "week", "quarter", "source", "campaign", "country", "persona")
