from django.urls import path

from scoring import views
from scoring.drafts import views as draft_views

urlpatterns = [
    path("scoring/", views.scoring, name="scoring"),
    path("scoring/v<int:number>/", views.score_model, name="score_model"),
    path("scoring/comparison/", views.score_comparison, name="score_comparison"),
    path("scoring/draft/", draft_views.score_draft, name="score_draft"),
    path("scoring/draft/new/", draft_views.score_draft_new, name="score_draft_new"),
    path("scoring/draft/discard/", draft_views.score_draft_discard, name="score_draft_discard"),
    path("scoring/draft/fit/new/", draft_views.fit_rule_new, name="fit_rule_new"),
    path("scoring/draft/fit/<int:pk>/", draft_views.fit_rule, name="fit_rule"),
    path("scoring/draft/fit/<int:pk>/deletion/", draft_views.fit_rule_delete, name="fit_rule_delete"),
    path("scoring/draft/preview/", draft_views.score_preview, name="score_preview"),
]
