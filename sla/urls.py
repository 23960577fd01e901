from django.urls import path

from sla import agreement_views, calendar_views, definition_views, handoff_views

urlpatterns = [
    path("inbox/", handoff_views.inbox, name="inbox"),
    path("inbox/answered/", handoff_views.inbox_answered, name="inbox_answered"),
    path("inbox/<int:pk>/", handoff_views.inbox, name="handoff"),
    path("handoffs/<int:pk>/acceptance/", handoff_views.acceptance, name="acceptance"),
    path("handoffs/<int:pk>/rejection/", handoff_views.rejection, name="rejection"),
    path("settings/calendar/", calendar_views.calendar, name="calendar"),
    path("settings/calendar/days/", calendar_views.closed_day_new, name="closed_day_new"),
    path("settings/calendar/days/<int:pk>/delete/", calendar_views.closed_day_delete, name="closed_day_delete"),
    path("agreement/", agreement_views.agreement, name="agreement"),
    path("agreement/v<int:number>/", agreement_views.agreement, name="agreement_version"),
    path("agreement/v<int:number>/signature/", agreement_views.agreement_signature, name="agreement_signature"),
    path("agreement/v<int:number>/return/", agreement_views.agreement_return, name="agreement_return"),
    path("agreement/v<int:number>/withdrawal/", agreement_views.agreement_withdrawal, name="agreement_withdrawal"),
    path("agreement/history/", agreement_views.agreement_history, name="agreement_history"),
    path("agreement/comparison/", agreement_views.agreement_comparison, name="agreement_comparison"),
    path("agreement/draft/", agreement_views.agreement_draft, name="agreement_draft"),
    path("agreement/draft/new/", agreement_views.agreement_draft_new, name="agreement_draft_new"),
    path("agreement/draft/discard/", agreement_views.agreement_discard, name="agreement_discard"),
    path("definitions/", definition_views.definitions, name="definitions"),
    path("definitions/<int:stage>/", definition_views.definition, name="stage_definition"),
    path("definitions/<int:stage>/v<int:number>/", definition_views.definition, name="definition"),
    path("definitions/<int:stage>/v<int:number>/trial/", definition_views.definition_trial, name="definition_trial"),
    path(
        "definitions/<int:stage>/v<int:number>/standing/",
        definition_views.definition_standing,
        name="definition_standing",
    ),
    path("definitions/<int:stage>/comparison/", definition_views.definition_comparison, name="definition_comparison"),
    path("definitions/<int:stage>/draft/", definition_views.definition_draft, name="definition_draft"),
    path("definitions/<int:stage>/draft/new/", definition_views.definition_draft_new, name="definition_draft_new"),
    path("definitions/<int:stage>/draft/discard/", definition_views.definition_discard, name="definition_discard"),
    path(
        "scoring/v<int:number>/publication/",
        agreement_views.score_model_publication,
        name="score_model_publication",
    ),
]
