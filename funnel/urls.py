from django.urls import path

from funnel import views
from funnel.api import Loss, OpportunityDetail, OpportunityList, Reasons, Winning

urlpatterns = [
    path("settings/stages/", views.stages, name="stages"),
    path("settings/stages/new/", views.stage_new, name="stage_new"),
    path("settings/stages/<int:pk>/", views.stage_edit, name="stage_edit"),
    path("settings/stages/<int:pk>/delete/", views.stage_delete, name="stage_delete"),
    path("settings/reasons/", views.reasons, name="reasons"),
    path("settings/reasons/new/<slug:kind>/", views.reason_new, name="reason_new"),
    path("settings/reasons/<int:pk>/", views.reason_edit, name="reason_edit"),
    path("settings/reasons/<int:pk>/retirement/", views.reason_retirement, name="reason_retirement"),
    path("settings/reasons/<int:pk>/order/", views.reason_order, name="reason_order"),
    path("leads/<int:pk>/step/", views.journey_step, name="journey_step"),
    path("leads/<int:pk>/recycling/", views.journey_recycling, name="journey_recycling"),
    path("leads/<int:pk>/end/", views.journey_end, name="journey_end"),
    path("leads/<int:pk>/opportunities/new/", views.opportunity_new, name="opportunity_new"),
    path("opportunities/<int:pk>/", views.opportunity, name="opportunity"),
    path("opportunities/<int:pk>/won/", views.opportunity_won, name="opportunity_won"),
    path("opportunities/<int:pk>/lost/", views.opportunity_lost, name="opportunity_lost"),
    path("opportunities/<int:pk>/reopening/", views.opportunity_reopened, name="opportunity_reopened"),
]

api_urlpatterns = [
    path("reasons/", Reasons.as_view(), name="api-reasons"),
    path("opportunities/", OpportunityList.as_view(), name="api-opportunities"),
    path("opportunities/<int:pk>/", OpportunityDetail.as_view(), name="api-opportunity"),
    path("opportunities/<int:pk>/winning/", Winning.as_view(), name="api-winning"),
    path("opportunities/<int:pk>/loss/", Loss.as_view(), name="api-loss"),
]
