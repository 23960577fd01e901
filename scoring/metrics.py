"""By which quadrant numbers can be cut: the one that counts today, a person's word before the machine's."""

from django.db.models import CharField, F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from metrics.registry import Dimension, register_dimension
from scoring.models import Quadrant


def quadrant_of(lead: str) -> Combinable:
    """SQL of the quadrant of the lead at that path, "" without a score."""
    said = NullIf(F(f"{lead}score__override"), Value(""))
    return Coalesce(said, F(f"{lead}score__machine_quadrant"), Value(""), output_field=CharField())


QUADRANT = register_dimension(
    Dimension(
        "quadrant",
        _("Quadrant"),
        "scoring",
        key=quadrant_of,
        words=lambda key: Quadrant(key).label if key in Quadrant.values else key,
        empty=_("not known then"),
    )
)
