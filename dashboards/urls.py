from django.urls import path

from dashboards import company_views, home, lead_list, lead_views, merge_views

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
]
