"""By which quadrant numbers can be cut: the one that counts today, a person's word before the machine's."""

from django.db.models import CharField, F, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from metrics.registry import Dimension, register_dimension
from scoring.models import Quadrant

QUADRANT = register_dimension(
    Dimension(
        "quadrant",
        _("Quadrant"),
        "scoring",
        key=lambda lead: Coalesce(
            NullIf(F(f"{lead}score__override"), Value("")),
            F(f"{lead}score__machine_quadrant"),
            Value(""),
            output_field=CharField(),
        ),
        words=lambda key: Quadrant(key).label if key in Quadrant.values else key,
    )
)
