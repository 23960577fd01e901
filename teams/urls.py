from django.urls import path

from teams import notice_views
from teams.logs import audit_views, edit_views
from teams.people import account_views, people_views, team_views

urlpatterns = [
    path("settings/people/", people_views.people, name="people"),
    path("settings/people/new/", people_views.person_new, name="person_new"),
    path("settings/people/<int:pk>/", people_views.person, name="person"),
    path("settings/people/<int:pk>/reset/", people_views.person_reset, name="person_reset"),
    path("settings/people/<int:pk>/second-factor/", people_views.person_second_factor, name="person_second_factor"),
    path("settings/people/<int:pk>/deactivation/", people_views.person_deactivation, name="person_deactivation"),
    path("settings/people/<int:pk>/activation/", people_views.person_activation, name="person_activation"),
    path("settings/teams/new/", team_views.team, name="team_new"),
    path("settings/teams/<int:pk>/", team_views.team, name="team"),
    path("settings/teams/<int:pk>/delete/", team_views.team_delete, name="team_delete"),
    path("settings/organization/", team_views.organization, name="organization"),
    path("settings/access/", audit_views.audit, name="audit"),
    path("settings/access/export/", audit_views.audit_export, name="audit_export"),
    path("settings/changes/", edit_views.changes, name="changes"),
    path("settings/changes/export/", edit_views.changes_export, name="changes_export"),
    path("me/", account_views.profile, name="profile"),
    path("me/sessions/", account_views.sessions, name="sessions"),
    path("me/sessions/ending/", account_views.sessions_ending, name="sessions_ending"),
    path("me/sessions/<int:pk>/ending/", account_views.session_ending, name="session_ending"),
    path("me/tokens/", account_views.tokens, name="tokens"),
    path("me/tokens/<int:pk>/revocation/", account_views.token_revocation, name="token_revocation"),
    path("notices/", notice_views.notices, name="notices"),
    path("notices/read/", notice_views.notices_read, name="notices_read"),
    path("notices/<int:pk>/", notice_views.notice, name="notice"),
]
