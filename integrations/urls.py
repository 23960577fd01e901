from django.urls import path

from integrations.delivery import copy_views, views

urlpatterns = [
    path("me/telling/", views.telling, name="telling"),
    path("me/telling/channel/", views.my_channel, name="my_channel"),
    path("me/telling/channel/test/", views.my_channel_test, name="my_channel_test"),
    path("me/telling/channel/deletion/", views.my_channel_deletion, name="my_channel_deletion"),
    path("settings/teams/<int:pk>/channel/", views.team_channel, name="team_channel"),
    path("settings/teams/<int:pk>/channel/test/", views.team_channel_test, name="team_channel_test"),
    path("settings/teams/<int:pk>/channel/deletion/", views.team_channel_deletion, name="team_channel_deletion"),
    path("settings/deliveries/", views.deliveries, name="deliveries"),
    path("settings/deliveries/retry/", views.deliveries_retry, name="deliveries_retry"),
    path("settings/deliveries/<int:pk>/retry/", views.delivery_retry, name="delivery_retry"),
    path("settings/restored-copy/", copy_views.restored_copy, name="restored_copy"),
    path(
        "settings/restored-copy/confirmation/",
        copy_views.restored_copy_confirmation,
        name="restored_copy_confirmation",
    ),
    path("settings/mails/", views.mails, name="mails"),
    path("settings/mails/<slug:name>/", views.mail, name="mail"),
    path("settings/mails/<slug:name>/html/", views.mail_html, name="mail_html"),
]
