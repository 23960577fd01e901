from django.urls import path

from dashboards import (
    behind_views,
    company_views,
    funnel_views,
    goal_views,
    home,
    lead_list,
    lead_views,
    merge_views,
    number_views,
    weekly_views,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("leads/", lead_list.leads, name="leads"),
    path("leads/selection/", lead_list.lead_selection, name="lead_selection"),
    path("leads/<int:pk>/", lead_views.lead, name="lead"),
    path("leads/<int:pk>/activities/", lead_views.lead_activity, name="lead_activity"),
    path("leads/<int:pk>/quadrant/", lead_views.lead_quadrant, name="lead_quadrant"),
    path("leads/<int:pk>/changes/", lead_views.lead_changes, name="lead_changes"),
    path("leads/<int:pk>/merge/", merge_views.lead_merge, name="lead_merge"),
    path("leads/<int:pk>/merge/<int:other>/", merge_views.lead_merge_with, name="lead_merge_with"),
    path("companies/<int:pk>/", company_views.company, name="company"),
    path("weekly/", weekly_views.weekly, name="weekly"),
    path("weekly/<str:day>/", weekly_views.weekly_week, name="weekly_week"),
    path("weekly/<str:day>/computation/", weekly_views.weekly_computation, name="weekly_computation"),
    path("goals/", goal_views.goals, name="goals"),
    path("goals/new/", goal_views.goal_new, name="goal_new"),
    path("goals/<int:pk>/", goal_views.goal, name="goal"),
    path("goals/<int:pk>/delete/", goal_views.goal_delete, name="goal_delete"),
    path("metrics/", number_views.metrics_page, name="metrics"),
    path("metrics/<slug:name>/", number_views.metric_page, name="metric"),
    path("funnel/", funnel_views.funnel, name="funnel"),
    path("behind/<slug:name>/", behind_views.behind, name="behind"),
]
