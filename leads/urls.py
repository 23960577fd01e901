from django.urls import include, path

from leads.activities import views as activity_views
from leads.api.activities import ActivityList
from leads.api.activity_kinds import ActivityKinds
from leads.campaigns import views as campaign_views
from leads.criteria import views as criteria_views
from leads.pages import views
from leads.personas import views as persona_views
from leads.registering import custom_field_views, free_mail_views
from leads.segments import views as segment_views

urlpatterns = [
    path("leads/new/", views.lead_new, name="lead_new"),
    path("leads/<int:pk>/edit/", views.lead_edit, name="lead_edit"),
    path("leads/<int:pk>/taking/", views.lead_taking, name="lead_taking"),
    path("companies/", views.companies, name="companies"),
    path("companies/names/", views.company_names, name="company_names"),
    path("companies/new/", views.company_new, name="company_new"),
    path("companies/<int:pk>/edit/", views.company_edit, name="company_edit"),
    path("campaigns/", campaign_views.campaigns, name="campaigns"),
    path("campaigns/new/", campaign_views.campaign_new, name="campaign_new"),
    path("campaigns/<int:pk>/", campaign_views.campaign, name="campaign"),
    path("campaigns/<int:pk>/edit/", campaign_views.campaign_edit, name="campaign_edit"),
    path("criteria/preview/", criteria_views.criteria_preview, name="criteria_preview"),
    path("personas/", persona_views.personas, name="personas"),
    path("personas/new/", persona_views.persona_new, name="persona_new"),
    path("personas/<int:pk>/edit/", persona_views.persona_edit, name="persona_edit"),
    path("personas/<int:pk>/draft/deletion/", persona_views.persona_discard, name="persona_discard"),
    path("personas/<int:pk>/retirement/", persona_views.persona_retirement, name="persona_retirement"),
    path("leads/<int:pk>/persona/", persona_views.lead_persona, name="lead_persona"),
    path("segments/", segment_views.segments, name="segments"),
    path("segments/new/", segment_views.segment_new, name="segment_new"),
    path("segments/<int:pk>/edit/", segment_views.segment_edit, name="segment_edit"),
    path("segments/<int:pk>/deletion/", segment_views.segment_delete, name="segment_delete"),
    path("imports/", include("leads.importing.pages.urls")),
    # What an administrator keeps.
    path("settings/fields/", custom_field_views.custom_fields, name="custom_fields"),
    path("settings/fields/new/", custom_field_views.custom_field_new, name="custom_field_new"),
    path("settings/fields/<int:pk>/", custom_field_views.custom_field_edit, name="custom_field_edit"),
    path("settings/free-mail/", free_mail_views.free_mail, name="free_mail"),
    path("settings/activities/", activity_views.activity_kinds, name="activity_kinds"),
    path("settings/activities/new/", activity_views.activity_kind_new, name="activity_kind_new"),
    path("settings/activities/<int:pk>/", activity_views.activity_kind_edit, name="activity_kind_edit"),
    path(
        "settings/activities/<int:pk>/retirement/",
        activity_views.activity_kind_retirement,
        name="activity_kind_retirement",
    ),
]

api_urlpatterns = [
    path("activities/", ActivityList.as_view(), name="api-activities"),
    path("activity-kinds/", ActivityKinds.as_view(), name="api-activity-kinds"),
]
