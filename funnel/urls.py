from django.urls import path

from funnel.api.opportunities import (
    DealStages,
    Loss,
    OpportunityDetail,
    OpportunityList,
    OpportunityTaking,
    Reasons,
    Reopening,
    Winning,
)
from funnel.journeys import views as journeys
from funnel.opportunities import views as opportunities
from funnel.stages import deal_stage_views as deal_stages
from funnel.stages import views as stages

urlpatterns = [
    path("settings/stages/", stages.stages, name="stages"),
    path("settings/stages/new/", stages.stage_new, name="stage_new"),
    path("settings/stages/<int:pk>/", stages.stage_edit, name="stage_edit"),
    path("settings/stages/<int:pk>/delete/", stages.stage_delete, name="stage_delete"),
    path("settings/reasons/", stages.reasons, name="reasons"),
    path("settings/reasons/new/<slug:kind>/", stages.reason_new, name="reason_new"),
    path("settings/reasons/<int:pk>/", stages.reason_edit, name="reason_edit"),
    path("settings/reasons/<int:pk>/retirement/", stages.reason_retirement, name="reason_retirement"),
    path("settings/reasons/<int:pk>/order/", stages.reason_order, name="reason_order"),
    path("settings/deal-stages/", deal_stages.deal_stages, name="deal_stages"),
    path("settings/deal-stages/new/", deal_stages.deal_stage_new, name="deal_stage_new"),
    path("settings/deal-stages/<int:pk>/", deal_stages.deal_stage_edit, name="deal_stage_edit"),
    path("settings/deal-stages/<int:pk>/retirement/", deal_stages.deal_stage_retirement, name="deal_stage_retirement"),
    path("settings/deal-stages/<int:pk>/order/", deal_stages.deal_stage_order, name="deal_stage_order"),
    path("leads/<int:pk>/step/", journeys.journey_step, name="journey_step"),
    path("leads/<int:pk>/recycling/", journeys.journey_recycling, name="journey_recycling"),
    path("leads/<int:pk>/end/", journeys.journey_end, name="journey_end"),
    path("leads/<int:pk>/opportunities/new/", opportunities.opportunity_new, name="opportunity_new"),
    path("opportunities/<int:pk>/", opportunities.opportunity, name="opportunity"),
    path("opportunities/<int:pk>/taking/", opportunities.opportunity_taking, name="opportunity_taking"),
    path("opportunities/<int:pk>/stage/", opportunities.opportunity_stage, name="opportunity_stage"),
    path("opportunities/<int:pk>/won/", opportunities.opportunity_won, name="opportunity_won"),
    path("opportunities/<int:pk>/lost/", opportunities.opportunity_lost, name="opportunity_lost"),
    path("opportunities/<int:pk>/reopening/", opportunities.opportunity_reopened, name="opportunity_reopened"),
]

api_urlpatterns = [
    path("reasons/", Reasons.as_view(), name="api-reasons"),
    path("deal-stages/", DealStages.as_view(), name="api-deal-stages"),
    path("opportunities/", OpportunityList.as_view(), name="api-opportunities"),
    path("opportunities/<int:pk>/", OpportunityDetail.as_view(), name="api-opportunity"),
    path("opportunities/<int:pk>/taking/", OpportunityTaking.as_view(), name="api-opportunity-taking"),
    path("opportunities/<int:pk>/winning/", Winning.as_view(), name="api-winning"),
    path("opportunities/<int:pk>/reopening/", Reopening.as_view(), name="api-reopening"),
    path("opportunities/<int:pk>/loss/", Loss.as_view(), name="api-loss"),
]
