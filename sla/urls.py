from django.urls import path

from sla import calendar_views, handoff_views

urlpatterns = [
    path("inbox/", handoff_views.inbox, name="inbox"),
    path("inbox/answered/", handoff_views.inbox_answered, name="inbox_answered"),
    path("inbox/<int:pk>/", handoff_views.inbox, name="handoff"),
    path("handoffs/<int:pk>/acceptance/", handoff_views.acceptance, name="acceptance"),
    path("handoffs/<int:pk>/rejection/", handoff_views.rejection, name="rejection"),
    path("settings/calendar/", calendar_views.calendar, name="calendar"),
    path("settings/calendar/days/", calendar_views.closed_day_new, name="closed_day_new"),
    path("settings/calendar/days/<int:pk>/delete/", calendar_views.closed_day_delete, name="closed_day_delete"),
]
