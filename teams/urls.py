from django.urls import path

from teams import views

urlpatterns = [
    path("settings/people/", views.people, name="people"),
    path("settings/people/new/", views.person_new, name="person_new"),
    path("settings/people/<int:pk>/", views.person, name="person"),
    path("settings/people/<int:pk>/reset/", views.person_reset, name="person_reset"),
    path("settings/people/<int:pk>/second-factor/", views.person_second_factor, name="person_second_factor"),
    path("settings/people/<int:pk>/deactivation/", views.person_deactivation, name="person_deactivation"),
    path("settings/people/<int:pk>/activation/", views.person_activation, name="person_activation"),
    path("settings/teams/new/", views.team, name="team_new"),
    path("settings/teams/<int:pk>/", views.team, name="team"),
    path("settings/teams/<int:pk>/delete/", views.team_delete, name="team_delete"),
    path("settings/organization/", views.organization, name="organization"),
    path("me/", views.profile, name="profile"),
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/<int:pk>/revocation/", views.token_revocation, name="token_revocation"),
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.notices_read, name="notices_read"),
    path("notices/<int:pk>/", views.notice, name="notice"),
]
