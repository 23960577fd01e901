from django.urls import path

from dashboards import company_views, lead_list, lead_views

urlpatterns = [
    path("leads/", lead_list.leads, name="leads"),
    path("leads/selection/", lead_list.lead_selection, name="lead_selection"),
    path("leads/<int:pk>/", lead_views.lead, name="lead"),
    path("companies/<int:pk>/", company_views.company, name="company"),
]
