from django.urls import path

from sla.agreement.views import (
    agreements,
    definition_drafts,
    definition_trials,
    definitions,
    drafts,
    score_models,
    signatures,
)
from sla.agreement.views import personas as persona_views
from sla.disputes import views as dispute_views
from sla.feed import views as feed_views
from sla.handoffs.api import Acceptance, HandoffDetail, HandoffList, Rejection, Taking, Touches
from sla.inbox import untouched_views
from sla.inbox import views as handoff_views
from sla.routing import absence_views, calendar_views
from sla.routing import views as capacity_views

urlpatterns = [
    path("personas/<int:pk>/", persona_views.persona, name="persona"),
    path("personas/<int:pk>/versions/<int:number>/", persona_views.persona_version, name="persona_version"),
    path("personas/<int:pk>/comments/", persona_views.persona_comment, name="persona_comment"),
    path("inbox/", handoff_views.inbox, name="inbox"),
    path("inbox/working/", handoff_views.inbox_working, name="inbox_working"),
    path("inbox/answered/", handoff_views.inbox_answered, name="inbox_answered"),
    path("inbox/<int:pk>/", handoff_views.inbox, name="handoff"),
    path("handoffs/<int:pk>/acceptance/", handoff_views.acceptance, name="acceptance"),
    path("handoffs/<int:pk>/rejection/", handoff_views.rejection, name="rejection"),
    path("handoffs/<int:pk>/thread/", handoff_views.thread_answers, name="thread_answers"),
    path("handoffs/<int:pk>/touches/", handoff_views.touches, name="touches"),
    path("touches/<int:pk>/undoing/", handoff_views.touch_undoing, name="touch_undoing"),
    path("handoffs/<int:pk>/pause/", handoff_views.touch_pause, name="touch_pause"),
    path("handoffs/<int:pk>/giving-up/", handoff_views.giving_up, name="giving_up"),
    path("handoffs/<int:pk>/taking/", handoff_views.taking, name="taking"),
    path("handoffs/<int:pk>/dispute/", dispute_views.dispute, name="dispute"),
    path("disputes/<int:pk>/settlement/", dispute_views.settlement, name="settlement"),
    path("rejections/", dispute_views.rejections, name="rejections"),
    path("untouched/", untouched_views.untouched, name="untouched"),
    path("settings/calendar/", calendar_views.calendar, name="calendar"),
    path("settings/calendar/new/", calendar_views.calendar_new, name="calendar_new"),
    path("settings/calendar/<int:pk>/", calendar_views.calendar_other, name="calendar_other"),
    path("settings/calendar/<int:pk>/delete/", calendar_views.calendar_delete, name="calendar_delete"),
    path("settings/feed/", feed_views.feed, name="feed"),
    path("settings/feed/renewal/", feed_views.feed_renewal, name="feed_renewal"),
    path("calendar/<str:secret>.ics", feed_views.feed_calendar, name="feed_calendar"),
    path("absences/", absence_views.absences, name="absences"),
    path("absences/<int:pk>/delete/", absence_views.absence_delete, name="absence_delete"),
    path("absences/people/<int:pk>/offers/", absence_views.absence_offers, name="absence_offers"),
    path("capacity/", capacity_views.capacity, name="capacity"),
    path("capacity/teams/<int:pk>/limits/", capacity_views.capacity_limits, name="capacity_limits"),
    path("capacity/teams/<int:team>/territories/new/", capacity_views.territory_new, name="territory_new"),
    path("capacity/territories/<int:pk>/", capacity_views.territory, name="territory"),
    path("capacity/territories/<int:pk>/move/", capacity_views.territory_move, name="territory_move"),
    path("capacity/territories/<int:pk>/delete/", capacity_views.territory_delete, name="territory_delete"),
    path("settings/calendar/days/", calendar_views.closed_day_new, name="closed_day_new"),
    path("settings/calendar/days/<int:pk>/delete/", calendar_views.closed_day_delete, name="closed_day_delete"),
    path("agreement/", agreements.agreement, name="agreement"),
    path("agreement/v<int:number>/", agreements.agreement, name="agreement_version"),
    path("agreement/v<int:number>/signature/", signatures.agreement_signature, name="agreement_signature"),
    path("agreement/v<int:number>/return/", signatures.agreement_return, name="agreement_return"),
    path("agreement/v<int:number>/withdrawal/", signatures.agreement_withdrawal, name="agreement_withdrawal"),
    path("agreement/history/", agreements.agreement_history, name="agreement_history"),
    path("agreement/comparison/", agreements.agreement_comparison, name="agreement_comparison"),
    path("agreement/draft/", drafts.agreement_draft, name="agreement_draft"),
    path("agreement/draft/new/", drafts.agreement_draft_new, name="agreement_draft_new"),
    path("agreement/draft/discard/", drafts.agreement_discard, name="agreement_discard"),
    path("definitions/", definitions.definitions, name="definitions"),
    path("definitions/<int:stage>/", definitions.definition, name="stage_definition"),
    path("definitions/<int:stage>/v<int:number>/", definitions.definition, name="definition"),
    path("definitions/<int:stage>/v<int:number>/trial/", definition_trials.definition_trial, name="definition_trial"),
    path(
        "definitions/<int:stage>/v<int:number>/standing/",
        definitions.definition_standing,
        name="definition_standing",
    ),
    path("definitions/<int:stage>/comparison/", definitions.definition_comparison, name="definition_comparison"),
    path("definitions/<int:stage>/draft/", definition_drafts.definition_draft, name="definition_draft"),
    path("definitions/<int:stage>/draft/new/", definition_drafts.definition_draft_new, name="definition_draft_new"),
    path("definitions/<int:stage>/draft/discard/", definition_drafts.definition_discard, name="definition_discard"),
    path(
        "scoring/v<int:number>/publication/",
        score_models.score_model_publication,
        name="score_model_publication",
    ),
]

api_urlpatterns = [
    path("handoffs/", HandoffList.as_view(), name="api-handoffs"),
    path("handoffs/<int:pk>/", HandoffDetail.as_view(), name="api-handoff"),
    path("handoffs/<int:pk>/acceptance/", Acceptance.as_view(), name="api-acceptance"),
    path("handoffs/<int:pk>/rejection/", Rejection.as_view(), name="api-rejection"),
    path("handoffs/<int:pk>/taking/", Taking.as_view(), name="api-handoff-taking"),
    path("handoffs/<int:pk>/touches/", Touches.as_view(), name="api-touches"),
]
