"""The numbers of the funnel, as the registry knows them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from funnel.metrics.contracts import at_the_end, count, leads_of, leads_of_worth, lost, won, worth
from funnel.metrics.conversions import (
    count_conversion,
    count_entered,
    count_reentered,
    leads_conversion,
    leads_entered,
    leads_reentered,
)
from funnel.metrics.counting import ROLES, WITH_REP
from funnel.metrics.deals import DIMENSIONS as OF_DEAL
from funnel.metrics.deals import open_deals
from metrics.registry import Metric, Unit, View, register

for metric in (
    Metric(
        "entered",
        _("Leads that entered a stage"),
        _("Leads whose first entry into the stage lies in the period. Without a stage: into the first."),
        Unit.COUNT,
        count_entered,
        leads_entered,
        dimensions=WITH_REP,
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
        dimensions=WITH_REP,
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
        dimensions=WITH_REP,
        stages="pair",
        roles=ROLES,
        takes_window=True,
    ),
    Metric(
        "contracts",
        _("Contracts"),
        _("Opportunities won in the period and not reopened."),
        Unit.COUNT,
        count(won),
        leads_of(won),
        dimensions=(*OF_DEAL, "won_reason"),
    ),
    Metric(
        "revenue",
        _("Revenue"),
        _("The amounts of the opportunities won in the period and not reopened, in the company's currency."),
        Unit.MONEY,
        worth(won),
        leads_of_worth(won),
        dimensions=(*OF_DEAL, "won_reason"),
        each=("deal_amount", "deal_currency"),
        flagged_as=_("without an amount in the company's currency"),
    ),
    Metric(
        "lost",
        _("Opportunities lost"),
        _("Opportunities lost in the period and not reopened."),
        Unit.COUNT,
        count(lost),
        leads_of(lost),
        dimensions=(*OF_DEAL, "deal_stage", "lost_reason"),
    ),
    Metric(
        "open_opportunities",
        _("Open opportunities"),
        _("Opportunities that are open at the end of the period."),
        Unit.COUNT,
        at_the_end(count(open_deals)),
        leads_of(open_deals),
        views=(View.STOCK,),
        dimensions=(*OF_DEAL, "deal_stage"),
    ),
    Metric(
        "pipeline",
        _("Pipeline"),
        _("The amounts of the opportunities that are open at the end of the period, in the company's currency."),
        Unit.MONEY,
        at_the_end(worth(open_deals)),
        leads_of_worth(open_deals),
        views=(View.STOCK,),
        dimensions=(*OF_DEAL, "deal_stage"),
        each=("deal_amount", "deal_currency"),
        flagged_as=_("without an amount in the company's currency"),
    ),
):
    register(metric)
