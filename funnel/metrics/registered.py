"""The numbers of the funnel, as the registry knows them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from funnel.metrics.contracts import count_contracts, count_revenue, leads_contracts, leads_revenue
from funnel.metrics.conversions import (
    count_conversion,
    count_entered,
    count_reentered,
    leads_conversion,
    leads_entered,
    leads_reentered,
)
from funnel.metrics.counting import DIMENSIONS, ROLES
from metrics.registry import Metric, Unit, View, register

for metric in (
    Metric(
        "entered",
        _("Leads that entered a stage"),
        _("Leads whose first entry into the stage lies in the period. Without a stage: into the first."),
        Unit.COUNT,
        count_entered,
        leads_entered,
        dimensions=DIMENSIONS,
        stages="one",
        roles=ROLES,
    ),
    Metric(
        "reentered",
        _("Re-entries into a stage"),
        _("Entries into the stage in the period by leads that had been there before. Without a stage: MQL."),
        Unit.COUNT,
        count_reentered,
        leads_reentered,
        dimensions=DIMENSIONS,
        stages="one",
        roles=ROLES,
    ),
    Metric(
        "conversion",
        _("Conversion from stage to stage"),
        _(
            "Cohort: of the leads that first entered A in the period, those that reached B or a later stage afterwards,"
            " within the window if one is given. Period: first entries into B in the period ÷ first entries into A."
            " Stock: leads standing at B or later at its end ÷ leads standing at A or later."
        ),
        Unit.RATE,
        count_conversion,
        leads_conversion,
        views=(View.COHORT, View.PERIOD, View.STOCK),
        dimensions=DIMENSIONS,
        stages="pair",
        roles=ROLES,
        takes_window=True,
    ),
    Metric(
        "contracts",
        _("Contracts"),
        _("Opportunities won in the period and not reopened."),
        Unit.COUNT,
        count_contracts,
        leads_contracts,
        dimensions=DIMENSIONS,
    ),
    Metric(
        "revenue",
        _("Revenue"),
        _("The amounts of the opportunities won in the period and not reopened, in the company's currency."),
        Unit.MONEY,
        count_revenue,
        leads_revenue,
        dimensions=DIMENSIONS,
        flagged_as=_("without an amount in the company's currency"),
    ),
):
    register(metric)
