"""Publishing a score model."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from scoring.models import ScoreModel
from sla.agreement import drafting, scoring
from sla.agreement.models.agreements import Agreement
from sla.agreement.views.redirects import redirect_to_proposal
from teams.http import UserRequest


@require_POST
def score_model_publication(request: UserRequest, number: int) -> HttpResponse:
    """Put a score model into force tomorrow where the agreement allows it, else name it in the next draft."""
    model = get_object_or_404(ScoreModel, number=number, in_force_from=None)
    if scoring.may_replace_score_model():
        scoring.replace_score_model(model)
        messages.success(request, _("Score model %(model)s holds from tomorrow on.") % {"model": model})
        return redirect("scoring")
    try:
        drafting.adopt_score_model(drafting.draft_next(by=request.user), model)
    except Agreement.Frozen:
        return redirect_to_proposal(request)
    messages.info(request, _("The agreement wants signatures for a new score model: it is in the draft now."))
    return redirect("agreement_draft")
