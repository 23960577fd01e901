from django.urls import path

from dashboards.attainment import views as attainment_views
from dashboards.goals import views as goal_views
from dashboards.home import views as home
from dashboards.lead import company_views, list_views, merge_views, selection_views
from dashboards.lead import views as lead_views
from dashboards.lead.api import LeadDetail, LeadList, LeadTaking
from dashboards.numbers import behind_views, funnel_views, quadrants_views
from dashboards.numbers import views as number_views
from dashboards.numbers.api import MetricDetail, MetricList
from dashboards.reviews import views as review_views
from dashboards.weekly import views as weekly_views

urlpatterns = [
    path("", home.home, name="home"),
    path("leads/", list_views.leads, name="leads"),
    path("leads/selection/", selection_views.lead_selection, name="lead_selection"),
    path("leads/<int:pk>/", lead_views.lead, name="lead"),
    path("leads/<int:pk>/activities/", lead_views.lead_activity, name="lead_activity"),
    path("leads/<int:pk>/quadrant/", lead_views.lead_quadrant, name="lead_quadrant"),
    path("leads/<int:pk>/reassignment/", lead_views.lead_reassignment, name="lead_reassignment"),
    path("leads/<int:pk>/changes/", lead_views.lead_changes, name="lead_changes"),
    path("leads/<int:pk>/merge/", merge_views.lead_merge, name="lead_merge"),
    path("leads/<int:pk>/merge/<int:other>/", merge_views.lead_merge_with, name="lead_merge_with"),
    path("quadrants/", quadrants_views.quadrants, name="quadrants"),
    path("companies/<int:pk>/", company_views.company, name="company"),
    path("weekly/", weekly_views.weekly, name="weekly"),
    path("weekly/<str:day>/", weekly_views.weekly_week, name="weekly_week"),
    path("weekly/<str:day>/computation/", weekly_views.weekly_computation, name="weekly_computation"),
    path("attainment/", attainment_views.attainment, name="attainment"),
    path("attainment/computation/", attainment_views.attainment_computation, name="attainment_computation"),
    path("attainment/<uuid:key>/", attainment_views.attainment_clause, name="attainment_clause"),
    path("reviews/", review_views.reviews, name="reviews"),
    path("reviews/<int:pk>/", review_views.review, name="review"),
    path("reviews/<int:pk>/definitions/<int:definition>/", review_views.review_leads, name="review_leads"),
    path("reviews/<int:pk>/decisions/", review_views.review_decision_new, name="review_decision_new"),
    path(
        "reviews/<int:pk>/decisions/<int:decision>/delete/",
        review_views.review_decision_delete,
        name="review_decision_delete",
    ),
    path("reviews/<int:pk>/notes/", review_views.review_notes, name="review_notes"),
    path("reviews/<int:pk>/holding/", review_views.review_holding, name="review_holding"),
    path("reviews/<int:pk>/draft/", review_views.review_draft, name="review_draft"),
    path("goals/", goal_views.goals, name="goals"),
    path("goals/new/", goal_views.goal_new, name="goal_new"),
    path("goals/<int:pk>/", goal_views.goal, name="goal"),
    path("goals/<int:pk>/delete/", goal_views.goal_delete, name="goal_delete"),
    path("metrics/", number_views.metrics_page, name="metrics"),
    path("metrics/<slug:name>/", number_views.metric_page, name="metric"),
    path("funnel/", funnel_views.funnel, name="funnel"),
    path("behind/<slug:name>/", behind_views.behind, name="behind"),
]

api_urlpatterns = [
    path("leads/", LeadList.as_view(), name="api-leads"),
    path("leads/<int:pk>/", LeadDetail.as_view(), name="api-lead"),
    path("leads/<int:pk>/taking/", LeadTaking.as_view(), name="api-lead-taking"),
    path("metrics/", MetricList.as_view(), name="api-metrics"),
    path("metrics/<slug:name>/", MetricDetail.as_view(), name="api-metric"),
]
