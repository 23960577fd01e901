"""Changing an attribute of several chosen leads."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from leads.models import Campaign, Lead
from leads.registering.registration import change
from smarketing.database.keyset import PAGE_SIZE
from smarketing.requests.whole_numbers import parse_whole_number
from teams.http import UserRequest
from teams.models import User
from teams.records import changing


class SelectionForm(forms.Form):
    """The values to set on the chosen leads; an empty field changes nothing."""

    owner = forms.ModelChoiceField(
        User.objects.active(), required=False, label=gettext_lazy("Owner"), empty_label=gettext_lazy("as it is")
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.all(), required=False, label=gettext_lazy("Campaign"), empty_label=gettext_lazy("as it is")
    )


@require_POST
def lead_selection(request: UserRequest) -> HttpResponse:
    """Change owner or campaign of the chosen leads: the form first, then the change."""
    back = QueryDict(request.POST.get("back", "").removeprefix("?")).urlencode()
    back_url = reverse("leads") + (f"?{back}" if back else "")
    pks = [pk for pk in map(parse_whole_number, request.POST.getlist("lead")) if pk is not None]
    leads = Lead.objects.unmerged().filter(pk__in=pks[:PAGE_SIZE]).with_rights_of(request.user)
    chosen = list(leads.select_related("company", "owner").order_by("pk"))
    if not chosen:
        messages.warning(request, _("No lead was chosen."))
        return redirect(back_url)
    if not all(lead.is_editable for lead in chosen):
        raise PermissionDenied(_("Some of these leads you may only read. Nothing was changed."))
    form = SelectionForm(request.POST if "change" in request.POST else None)
    if form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if value}
        with changing(request.user, *chosen):
            changed = sum(bool(change(lead, values, by=request.user, how="page")) for lead in chosen)
        text = ngettext("%(n)d lead was changed.", "%(n)d leads were changed.", changed)
        messages.success(request, text % {"n": changed})
        return redirect(back_url)
    context = {"form": form, "chosen": chosen, "back": back, "back_url": back_url}
    return render(request, "dashboards/lead/lead_selection.html", context, status=422 if form.errors else 200)
