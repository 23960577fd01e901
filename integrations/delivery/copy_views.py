"""The page on which an administrator confirms that restored data are the real ones."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from history.models import Restoration
from history.restoration import unconfirmed
from integrations.delivery.views import DELIVER
from integrations.messages.models import Delivery
from sla.flow.notices import CATCHING_UP_FAILED
from smarketing.queue.waking import wake
from teams.http import UserRequest
from teams.models import Notice


@require_GET
def restored_copy(request: UserRequest) -> HttpResponse:
    """What a copy does not do, and how it becomes the real one."""
    waits = unconfirmed()
    last = Restoration.objects.select_related("confirmed_by").order_by("-restored_at").first()
    failed = Notice.objects.of(CATCHING_UP_FAILED).filter(created_at__gte=last.restored_at) if last else None
    context = {
        "restoration": waits,
        "waiting": Delivery.objects.waiting().count() if waits else 0,
        "last": last,
        "failed": failed.order_by("-created_at").first() if failed is not None else None,
        "nav_here": "deliveries",
    }
    return render(request, "integrations/delivery/restored_copy.html", context)


@require_POST
def restored_copy_confirmation(request: UserRequest) -> HttpResponse:
    """These are the real data."""
    waits = unconfirmed()
    try:
        if waits is None:
            raise Restoration.Confirmed
        waits.confirm(by=request.user, at=now())
    except Restoration.Confirmed:
        messages.info(request, _("These are the real data already."))
    else:
        wake(DELIVER)
        messages.success(request, _("These are the real data. Everything goes on; each person gets one summary."))
    return redirect("restored_copy")
