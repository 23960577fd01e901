"""What criteria may say of where a lead stands."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from funnel.models.stages import Stage
from leads.criteria import Field, Type, register_field

KEY = "COALESCE(g.role, g.id::text)"
# A closed journey stands, for ever readable, where it ended: its last row has no target and is passed over.
STAGE_AT = f"""(SELECT {KEY} FROM funnel_transition t JOIN funnel_stage g ON g.id = t.to_stage_id
    WHERE t.lead_id = {{lead}}.id AND t.at <= {{at}} ORDER BY t.at DESC, t.id DESC LIMIT 1)"""


def stages() -> Iterable[tuple[str, str]]:
    return [(stage.role or str(stage.pk), str(stage)) for stage in Stage.objects.known()]


def register() -> None:
    register_field(
        Field(
            "stage",
            Type.CHOICE,
            _("Stage"),
            noun=_("the stage"),
            choices=stages,
            now=KEY,
            source="funnel_journey j JOIN funnel_stage g ON g.id = j.stage_id WHERE j.lead_id = {lead}.id",
            as_of=STAGE_AT,
        )
    )
