"""By what of a lead numbers can be cut."""

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


def persona_name(key: str) -> str:
    pk = parse_whole_number(key)
    persona = None if pk is None else Persona.objects.filter(pk=pk).prefetch_related("versions").first()
    return str(persona) if persona else key


register_dimension(Dimension("source", _("Source"), "leads", key=lambda lead: text_at("source", lead)))
register_dimension(Dimension("campaign", _("Campaign"), "leads", key=lambda lead: text_at("campaign__name", lead)))
register_dimension(Dimension("country", _("Country"), "leads", key=lambda lead: text_at("country", lead)))
register_dimension(
    Dimension(
        "persona",
        _("Persona"),
        "leads",
        key=lambda lead: text_at("persona_match__persona", lead),
        words=persona_name,
        # Numbers of steps are cut by what the step kept.
        empty=_("none, or not known then"),
    )
)
OF_LEAD = ("month", "week", "quarter", "source", "campaign", "country", "persona")
